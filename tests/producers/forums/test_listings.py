"""Bodies of Reddit: recorded ones read whole, others are refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oddlot.errors import BadMessage
from producers.forums import listings
from producers.forums.listings import read_listing, read_token
from producers.forums.written import posts_of
from tests.producers.forums.fake_reddit import listing_body
from tests.quant.social_recordings import listing

POST = {"name": "t3_1", "created_utc": 1_606_780_814.0, "title": "TSLA", "selftext": "up"}


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "count", "older", "newest"),
    [
        ("reddit_listing_new.json.gz", 100, "t3_48f6io", "t3_48fbm9"),
        ("r_all_new_stream_0.json.gz", 100, "t3_5jo10c", "t3_5jo13y"),
        ("r_all_new_stream_1.json.gz", 4, None, "t3_5jo144"),
    ],
)
def test_a_recorded_listing_is_read_whole(
    name: str, count: int, older: str | None, newest: str, real_data: Path
) -> None:
    recorded = listing(real_data, name)
    page = read_listing(recorded["body"])
    children = json.loads(recorded["body"])["data"]["children"]
    assert [post.post_id for post in page.written] == [child["data"]["name"] for child in children]
    assert (len(page.written), page.older, page.written[0].post_id) == (count, older, newest)
    assert page.refused == ()
    assert [post.event_ms for post in page.written] == [
        1_000 * child["data"]["created_utc"] for child in children
    ]


@pytest.mark.real_data
def test_no_author_of_a_recorded_listing_is_in_what_is_said(real_data: Path) -> None:
    for name in ("reddit_listing_new.json.gz", "r_all_new_stream_0.json.gz"):
        body = listing(real_data, name)["body"]
        authors = {child["data"]["author"] for child in json.loads(body)["data"]["children"]}
        assert len(authors) > 50
        for written in read_listing(body).written:
            for post in posts_of(written, ["X"], forum="reddit", place="all", seen_ms=0):
                assert not [author for author in authors if author in str(post)]


def test_a_post_that_cannot_be_read_does_not_take_the_others_with_it() -> None:
    bad: list[dict[str, Any]] = [
        {**POST, "created_utc": "yesterday"},
        {"title": "no name"},
        {**POST, "name": "t3" * 99},
    ]
    page = read_listing(listing_body(*({**each, "author": "someone"} for each in bad), POST))
    assert [post.post_id for post in page.written] == ["t3_1"]
    assert len(page.refused) == 3
    assert all("expected a post of Reddit" in reason for _, reason in page.refused)
    assert b'"yesterday"' in page.refused[0][0]
    assert b"someone" not in b"".join(kept for kept, _ in page.refused)


def test_what_was_removed_has_no_words() -> None:
    page = read_listing(
        listing_body({**POST, "title": "[deleted by user]", "selftext": "[removed]"})
    )
    assert page.written[0].words == ""


def test_only_posts_are_read() -> None:
    body = json.dumps(
        {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {"body": "TSLA"}}]}}
    )
    assert read_listing(body.encode()).written == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>blocked</html>",
        b"{}",
        b"[]",
        b'{"message": "Forbidden", "error": 403}',
        b"\xff",
    ],
)
def test_what_is_no_listing_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage, match="expected a listing of Reddit"):
        read_listing(body)
    with pytest.raises(BadMessage, match="expected a token of Reddit"):
        read_token(body)


@pytest.mark.parametrize(
    "permalink", ["/user/someone/comments/1/x/", "/r/u_someone/comments/1/x/", '/r/x/"><script>']
)
def test_an_address_that_names_its_author_or_is_none_is_left_out(permalink: str) -> None:
    assert listings.link_of(permalink) == ""
