"""Reddit's feeds: what a post says, and nothing of who wrote it."""

from __future__ import annotations

import pytest

from oddlot.errors import BadMessage
from producers.forums.atom import read_feed
from tests.producers.forums.fake_reddit import atom

POST = {"name": "t3_k4", "created_utc": 1_606_780_814, "title": "Is TSLA <b>up</b> & away?"}


def test_an_entry_becomes_a_post() -> None:
    (post,) = read_feed(atom({**POST, "selftext": "x < y & <script>"}).encode()).written
    assert post.post_id == "t3_k4"
    assert post.event_ms == 1_606_780_814_000
    assert post.title == "Is TSLA <b>up</b> & away?"
    assert post.text == "x < y & <script>"
    assert post.url == "https://www.reddit.com/r/stocks/comments/k4/x/"


def test_a_post_without_words_of_its_own_has_none_of_reddits() -> None:
    (post,) = read_feed(atom(POST).encode()).written
    assert post.text == ""
    assert "someone" not in str(post)


def test_the_next_page_follows_the_last_entry() -> None:
    page = read_feed(atom(POST, {**POST, "name": "t3_k3"}).encode())
    assert page.older == "t3_k3"
    assert read_feed(atom().encode()).older is None


def test_an_entry_that_cannot_be_read_does_not_take_the_others_with_it() -> None:
    text = atom(POST, {**POST, "name": "t3_k3"}).replace("2020-12-01", "someday", 2)
    page = read_feed(text.encode())
    assert [post.post_id for post in page.written] == ["t3_k3"]
    ((kept, reason),) = page.refused
    assert "expected an entry of Reddit" in reason
    assert kept.startswith(b"t3_k4 someday")
    assert b"someone" not in kept


def test_only_posts_are_read() -> None:
    assert read_feed(atom({**POST, "name": "t1_k4"}).encode()).written == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>blocked</body></html>",
        b"<rss/>",
        b'{"kind": "Listing"}',
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 50) for i in range(8))
        + b"]><x>&i;</x>",
    ],
    ids=["nothing", "page", "other", "json", "bomb"],
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage, match="expected an Atom feed of Reddit"):
        read_feed(body)
