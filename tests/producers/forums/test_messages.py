"""Bodies of Stocktwits: the recorded one reads whole, others are refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oddlot.errors import BadMessage
from producers.forums.messages import read_part
from producers.forums.written import posts_of

MESSAGE = {"id": 7, "body": "up &amp; away", "created_at": "2022-04-03T17:05:36Z"}


def body(*messages: Any, **more: Any) -> bytes:
    return json.dumps({"response": {"status": 200}, "messages": messages, **more}).encode()


@pytest.fixture(name="recorded")
def _recorded(real_data: Path) -> list[dict[str, Any]]:
    text = (real_data / "social" / "stocktwits_symbol_stream.json").read_text()
    messages: list[dict[str, Any]] = json.loads(text)
    return messages


@pytest.mark.real_data
def test_the_recorded_stream_is_read_whole(recorded: list[dict[str, Any]]) -> None:
    part = read_part(body(*recorded, cursor={"more": True, "since": 1, "max": 2}), "TSLA")
    assert [post.post_id for post in part.written] == [str(each["id"]) for each in recorded]
    assert (part.newest, part.oldest) == (449_484_169, 449_483_718)
    assert part.has_more
    assert part.refused == ()
    assert part.written[0].event_ms == 1_649_005_536_000
    moods = [post.mood for post in part.written]
    assert moods == [None, "bullish", None, "bearish", "bearish", "bullish"]


@pytest.mark.real_data
def test_no_user_of_the_recorded_stream_is_in_what_is_said(recorded: list[dict[str, Any]]) -> None:
    users = {each["user"]["username"] for each in recorded}
    for written in read_part(body(*recorded), "TSLA").written:
        (post,) = posts_of(written, ["TSLA"], forum="stocktwits", place="TSLA", seen_ms=0)
        assert not [user for user in users if user in str(post)]


@pytest.mark.real_data
def test_moods_are_the_authors_own_where_they_give_one(recorded: list[dict[str, Any]]) -> None:
    posts = [
        post
        for written in read_part(body(*recorded), "TSLA").written
        for post in posts_of(written, ["TSLA"], forum="stocktwits", place="TSLA", seen_ms=0)
    ]
    assert [post.mood_by for post in posts if post.mood_score is None] == ["tag"] * 4
    assert {post.mood_by for post in posts if post.mood_score is not None} <= {"vader", None}


def test_words_are_plain_text() -> None:
    (post,) = read_part(body(MESSAGE), "TSLA").written
    assert post.words == "\nup & away"
    assert post.url == "https://stocktwits.com/symbol/TSLA"


def test_a_message_that_cannot_be_read_does_not_take_the_others_with_it() -> None:
    bad: list[dict[str, Any]] = [
        {**MESSAGE, "created_at": "yesterday"},
        {**MESSAGE, "created_at": "2022-04-03T17:05:36"},
    ]
    bad = [each | {"user": {"username": "someone"}} for each in [{"id": "x"}, *bad]]
    part = read_part(body(*bad, MESSAGE), "TSLA")
    assert [post.post_id for post in part.written] == ["7"]
    assert len(part.refused) == 3
    assert part.refused[0][0] == b'{"id":"x"}'
    assert b"someone" not in b"".join(kept for kept, _ in part.refused)


def test_an_empty_stream_is_one() -> None:
    part = read_part(body(), "TSLA")
    assert (part.newest, part.oldest, part.has_more) == (None, None, False)


@pytest.mark.parametrize("text", [b"", b"<html>Just a moment...</html>", b"{}", b"[]"])
def test_what_is_no_stream_is_refused(text: bytes) -> None:
    with pytest.raises(BadMessage, match="expected a stream of Stocktwits"):
        read_part(text, "TSLA")
