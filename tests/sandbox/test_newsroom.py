"""The sandbox's newsroom: the same news for everybody, with the flaws that real feeds have."""

from __future__ import annotations

import datetime as dt
import io

import feedparser
import pytest

from sandbox import newsroom
from sandbox.stories import COINS, STOCKS

NOW_MS = 1_732_752_000_000
MINUTE_MS = 60_000


def body_of(name: str, now_ms: int = NOW_MS, seed: int = 1, **moves: float) -> bytes:
    answered = newsroom.answer(f"/news/{name}.xml", {}, now_ms=now_ms, seed=seed, moves=moves)
    status, headers, body = answered
    assert status == 200
    assert headers["content-type"].startswith("application/")
    return body


def titles(name: str, now_ms: int = NOW_MS, **moves: float) -> list[str]:
    parsed = feedparser.parse(io.BytesIO(body_of(name, now_ms, **moves)))
    assert not parsed.bozo
    return [entry.title for entry in parsed.entries]


@pytest.mark.parametrize("name", newsroom.NAMES)
def test_news_is_the_same_whoever_asks_and_other_with_another_seed(name: str) -> None:
    assert body_of(name) == body_of(name)
    assert body_of(name) != body_of(name, seed=2)


@pytest.mark.parametrize("name", newsroom.NAMES)
def test_what_has_been_said_stays_said(name: str) -> None:
    now, later = titles(name), titles(name, NOW_MS + 5 * MINUTE_MS)
    new = [title for title in later if title not in now]
    assert 1 <= len(new) <= 8
    assert [title for title in later if title in now] == [t for t in now if t in later]


@pytest.mark.parametrize("name", newsroom.NAMES)
def test_who_has_it_already_gets_nothing(name: str) -> None:
    path = f"/news/{name}.xml"
    _, told, _ = newsroom.answer(path, {}, now_ms=NOW_MS, seed=1)
    for sent in ({"If-None-Match": told["etag"]}, {"if-modified-since": told["last-modified"]}):
        status, _, body = newsroom.answer(path, sent, now_ms=NOW_MS, seed=1)
        assert (status, body) == (304, b"")
        later = NOW_MS + 5 * MINUTE_MS
        assert newsroom.answer(path, sent, now_ms=later, seed=1)[0] == 200
    assert newsroom.answer(path, {"If-Modified-Since": "soon"}, now_ms=NOW_MS, seed=1)[0] == 200


def test_nothing_is_said_before_its_time() -> None:
    for name in newsroom.NAMES:
        for now_ms in range(NOW_MS, NOW_MS + 2 * MINUTE_MS, 7_000):
            parsed = feedparser.parse(io.BytesIO(body_of(name, now_ms)))
            for entry in parsed.entries:
                assert (
                    dt.datetime(*entry.published_parsed[:6], tzinfo=dt.UTC).timestamp()
                    <= now_ms / 1_000
                )


def test_the_flaws_of_real_feeds_are_there() -> None:
    bodies = {
        name: b"".join(body_of(name, NOW_MS + hour * 60 * MINUTE_MS) for hour in range(6)).decode()
        for name in newsroom.NAMES
    }
    assert "guid" not in bodies["coin-desk"]
    assert "guid" in bodies["market-wire"]
    assert "&lt;script&gt;" in bodies["market-wire"]
    assert "javascript:" in bodies["market-wire"]
    assert "<img src=" in bodies["market-wire"]
    assert bodies["street-notes"].startswith('<?xml version="1.0" encoding="UTF-8"?><feed')


def test_two_desks_tell_some_stories_in_the_same_words() -> None:
    wire = {t for hour in range(3) for t in titles("market-wire", NOW_MS - hour * 20 * MINUTE_MS)}
    assert len(wire & set(titles("street-notes"))) >= 3


def test_stories_are_about_symbols_and_about_what_moves() -> None:
    words = set(STOCKS) | {name for name, _ in STOCKS.values()}
    about = [any(word in title for word in words) for title in titles("market-wire")]
    assert sum(about) > 0.7 * len(about)
    assert any("NVIDIA" in t and "14.0 %" in t for t in titles("market-wire", NVDA=0.14))
    assert any(name in title for name, _ in COINS.values() for title in titles("coin-desk"))


@pytest.mark.parametrize("path", ["/news/nothing.xml", "/news/", "/other/market-wire.xml"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert newsroom.answer(path, {}, now_ms=NOW_MS, seed=1)[0] == 404


def test_a_story_has_a_page_of_its_own() -> None:
    status, headers, body = newsroom.answer("/news/story/wire/1", {}, now_ms=NOW_MS, seed=1)
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    assert b"made up" in body
