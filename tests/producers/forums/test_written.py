"""Posts become mentions: plain words, a mood and who gave it, one mention a symbol."""

from __future__ import annotations

import pytest

from oddlot.contracts import topics
from oddlot.contracts.social import MAX_EXCERPT
from producers.forums.written import Written, excerpt_of, plain, plain_of_markup, posts_of


def written(title: str = "TSLA", text: str = "", **more: object) -> Written:
    fields = {"post_id": "t3_1", "event_ms": 1_000, "url": "https://example.com"}
    return Written(title=title, text=text, **(fields | more))  # type: ignore[arg-type]


def test_a_post_is_one_mention_of_each_symbol() -> None:
    posts = posts_of(
        written("Great news"), ["TSLA", "GME"], forum="reddit", place="x", seen_ms=5_000
    )
    assert [post.symbol for post in posts] == ["TSLA", "GME"]
    assert {(post.mood, post.mood_by, post.mood_score) for post in posts} == {
        ("bullish", "vader", 0.6249)
    }
    for post in posts:
        assert topics.POSTS.codec.decode(topics.POSTS.codec.encode(post)) == post


def test_a_post_that_mentions_nothing_is_not_read_for_its_mood() -> None:
    assert posts_of(written(), [], forum="reddit", place="x", seen_ms=5_000) == []


def test_the_authors_own_mood_counts_more_than_his_words() -> None:
    tagged = written("Great news", mood="bearish")
    (post,) = posts_of(tagged, ["TSLA"], forum="stocktwits", place="x", seen_ms=5_000)
    assert (post.mood, post.mood_by, post.mood_score) == ("bearish", "tag", None)


def test_words_without_a_mood_have_nobody_who_told() -> None:
    (post,) = posts_of(written("Report"), ["TSLA"], forum="reddit", place="x", seen_ms=5_000)
    assert (post.mood, post.mood_by, post.mood_score) == (None, None, 0.0)


def test_an_excerpt_is_the_beginning_in_one_line() -> None:
    assert excerpt_of(written("TSLA", "up\n\n  and away")) == "TSLA: up and away"
    long = excerpt_of(written("TSLA", "word " * 200))
    assert len(long) <= MAX_EXCERPT
    assert long.startswith("TSLA: word word")
    assert long.endswith("…")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("thanks u/someone and /u/some-one", "thanks u/… and u/…"),
        ("see reddit.com/user/someone/comments", "see reddit.com/u/…/comments"),
        ("@someone said 400c @ 3.50, me@example.com", "@… said 400c @ 3.50, me@example.com"),
        ("a\u202eb\u200bc\x00d\ne", "abcd e"),
        ("[deleted]", ""),
        ("menu/items and r/stocks", "menu/items and r/stocks"),
    ],
)
def test_people_and_what_cannot_be_seen_are_left_out(text: str, clean: str) -> None:
    assert plain(text) == clean


def test_markup_becomes_text_and_text_that_looks_like_markup_stays() -> None:
    assert plain_of_markup("<p>a &lt;script&gt;</p><p>b</p>") == "a <script> b"
