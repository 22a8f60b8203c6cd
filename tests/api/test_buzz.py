"""Buzz: who is talked about, from memory, with its age; older hours from the store."""

from __future__ import annotations

import contextlib
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

from api.formats import Format
from oddlot.contracts import topics
from oddlot.contracts.messages import Buzz, ForumScan
from oddlot.contracts.topics import HOUR_MS
from tests import posts
from tests.api.places import app_on, asking, backend_of, hear, say, serving
from tests.api.test_exports import FILES, read
from tests.fakes import MemoryReader, MemoryTopics
from tests.fakes_buzz import MemoryBuzz
from tests.waiting import beside, until

NOW_HOUR = posts.HOUR
NOW = NOW_HOUR + HOUR_MS // 2


def buzz(symbol: str = "NVDA", hours: int = 0, **changed: Any) -> Buzz:
    """Make an hour of buzz, so many hours from the present one."""
    return posts.buzz(symbol, **{"hour_ms": NOW_HOUR + hours * HOUR_MS, **changed})


def scan(**changed: Any) -> ForumScan:
    """Make a scan that has read the last three days of a place, just now."""
    at_ms = NOW
    fields = {"from_ms": at_ms - 72 * HOUR_MS, "to_ms": at_ms, "scanned_ms": at_ms}
    return replace(posts.SCAN, **{**fields, "next_ms": at_ms + 60_000, **changed})


@pytest.fixture
def kept() -> MemoryBuzz:
    return MemoryBuzz()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.buzz.now_ms", lambda: NOW)


@pytest.fixture
def app(reader: MemoryReader, kept: MemoryBuzz) -> FastAPI:
    return at_noon(app_on(reader, buzz=kept))


def at_noon(app: FastAPI) -> FastAPI:
    """Stop the app's clock in the middle of the present hour."""
    backend_of(app).buzzing.clock = lambda: NOW
    return app


def heard(app: FastAPI, *messages: Buzz | ForumScan) -> None:
    for message in messages:
        backend_of(app).buzzing.hear(message)


@contextlib.asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Let the app keep up with the store, until it has done so once."""
    buzzing = backend_of(app).buzzing
    async with beside(buzzing.run()):
        await until(lambda: buzzing.trouble is None, what="the store")
        yield


async def test_before_anything_is_known_the_page_is_empty_and_says_so(
    http: httpx.AsyncClient,
) -> None:
    answer = (await http.get("/buzz")).json()
    assert (answer["hour_ms"], answer["as_of_ms"], answer["rows"]) == (None, None, [])
    assert answer["baseline"] == {"days": 0, "of": 30, "text": "baseline 0 of 30 days"}
    assert "not answered" in answer["detail"]


async def test_the_most_abnormal_comes_first_with_name_and_balance(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    loud = buzz("AAPL", mentions=900, rank=2, multiple=1.1)
    quiet = buzz("AMD", mentions=2, rank=None, bullish=0, bearish=0)
    louder = buzz("TSLA", mentions=7, rank=None)
    heard(app, loud, quiet, buzz(rank=1, bullish=9, bearish=3), louder)
    answer = (await http.get("/buzz")).json()
    assert [row["symbol"] for row in answer["rows"]] == ["NVDA", "AAPL", "TSLA", "AMD"]
    assert (answer["symbols"], answer["mentions"]) == (4, 933)
    first, last = answer["rows"][0], answer["rows"][-1]
    assert (first["name"], first["balance"], last["balance"]) == ("NVIDIA", 0.5, None)
    assert len((await http.get("/buzz?limit=2")).json()["rows"]) == 2


async def test_a_cold_start_says_how_many_days_it_compares_with(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    heard(app, buzz(baseline_days=3), buzz("AMD", baseline_days=2))
    answer = (await http.get("/buzz")).json()
    assert answer["baseline"]["text"] == "baseline 3 of 30 days"


async def test_an_older_revision_does_not_replace_a_newer_one(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    heard(app, buzz(mentions=5, revision=4), buzz(mentions=3, revision=2))
    assert (await http.get("/buzz")).json()["rows"][0]["mentions"] == 5


async def test_the_newest_hour_is_that_of_the_crowd_asked_for(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    heard(app, buzz(), buzz("AMD", -2, forum="stocktwits"))
    assert (await http.get("/buzz")).json()["hour_ms"] == NOW_HOUR
    stocktwits = (await http.get("/buzz?forum=stocktwits")).json()
    assert stocktwits["hour_ms"] == NOW_HOUR - 2 * HOUR_MS
    assert [row["symbol"] for row in stocktwits["rows"]] == ["AMD"]
    assert (await http.get("/buzz?forum=usenet")).status_code == 422


async def test_a_post_from_the_future_does_not_hide_the_present(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    heard(app, buzz(), buzz("AMD", 5))
    assert (await http.get("/buzz")).json()["hour_ms"] == NOW_HOUR


async def test_a_sparkline_tells_silence_from_a_gap(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz
) -> None:
    # Read from ten hours ago on, but for the hour three hours ago.
    first, hole = NOW_HOUR - 10 * HOUR_MS, NOW_HOUR - 3 * HOUR_MS
    kept.read = [
        scan(from_ms=first, to_ms=hole, scanned_ms=NOW - 1),
        scan(from_ms=hole + HOUR_MS),
    ]
    kept.rows = [buzz(mentions=24), buzz(hours=-5, mentions=2)]
    async with running(app):
        (row,) = (await http.get("/buzz")).json()["rows"]
    spark = row["spark"]
    assert [point["hour_ms"] for point in spark] == [NOW_HOUR - i * HOUR_MS for i in range(24)][
        ::-1
    ]
    mentions = [point["mentions"] for point in spark]
    assert mentions[-11:] == [0, 0, 0, 0, 0, 2, 0, None, 0, 0, 24]
    assert mentions[:-11] == [None] * 13


async def test_moods_say_who_told_them(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz
) -> None:
    kept.rows = [buzz(), buzz(forum="stocktwits")]
    tagged = {"mood_by": "tag", "forum": "stocktwits"}
    kept.written = [
        posts.mention(event_ms=NOW_HOUR + 1),
        posts.mention(event_ms=NOW_HOUR + 2, post_id="2", **tagged),
        posts.mention(event_ms=NOW_HOUR + 3, post_id="3", **tagged),
    ]
    async with running(app):
        (both,) = (await http.get("/buzz")).json()["rows"]
        (own,) = (await http.get("/buzz?forum=stocktwits")).json()["rows"]
    assert (both["tagged"], both["read"]) == (2, 1)
    assert (own["tagged"], own["read"]) == (2, 0)


async def test_every_place_says_why_it_is_not_read_and_when_it_is_next(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    read = scan(scanned_ms=NOW - 5_000)
    refused = scan(state="unavailable", detail="Reddit answered 403: set a key", place="stocks")
    other = scan(forum="stocktwits", place="BTC.X", symbol="BTCUSDT", state="limited")
    heard(app, buzz(), refused, read, other)
    answer = (await http.get("/buzz")).json()
    first, second = answer["scans"]
    assert (first["state"], first["detail"]) == ("unavailable", "Reddit answered 403: set a key")
    assert (first["read_ms"], first["next_ms"]) == (read.scanned_ms, refused.next_ms)
    assert (second["place"], second["read_ms"]) == ("BTC.X", None)
    assert answer["as_of_ms"] == read.scanned_ms
    assert answer["age_ms"] == 5_000
    reddit = (await http.get("/buzz?forum=reddit")).json()
    assert [place["place"] for place in reddit["scans"]] == ["stocks"]


async def test_a_restart_fills_from_the_store_once_it_answers(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.buzzing.RETRY_S", 0.01)
    monkeypatch.setattr("api.store.RETRY_S", 0.0)
    kept.rows, kept.read, kept.away = [buzz(mentions=5)], [scan()], True
    buzzing = backend_of(app).buzzing
    async with beside(buzzing.run()):
        await until(lambda: len(kept.asked) >= 2, what="a second attempt")
        answer = (await http.get("/buzz")).json()
        assert (answer["rows"], answer["detail"]) == ([], "expected the store to answer, was: away")
        kept.away = False
        await until(lambda: buzzing.trouble is None, what="the store")
    answer = (await http.get("/buzz")).json()
    assert (answer["rows"][0]["mentions"], answer["detail"]) == (5, "")
    assert answer["as_of_ms"] == kept.read[0].scanned_ms


async def test_the_last_result_stays_while_the_store_is_away(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz
) -> None:
    kept.rows = [buzz(mentions=5)]
    async with running(app):
        kept.away = True
    before = len(kept.asked)
    assert (await http.get("/buzz")).json()["rows"][0]["mentions"] == 5
    assert len(kept.asked) == before, "an answer must not wait for the store"


async def test_older_hours_come_from_the_store_and_are_kept(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz
) -> None:
    old_ms = NOW_HOUR - 100 * HOUR_MS
    kept.rows = [buzz(mentions=5, hour_ms=old_ms), buzz(mentions=4, hour_ms=old_ms - HOUR_MS)]
    heard(app, buzz())
    path = f"/buzz?hour_ms={old_ms + 60_000}"
    answer = (await http.get(path)).json()
    assert (answer["hour_ms"], answer["newest_hour_ms"]) == (old_ms, NOW_HOUR)
    assert [p["mentions"] for p in answer["rows"][0]["spark"]][-3:] == [None, 4, 5]
    kept.away = True
    assert (await http.get(path)).json()["rows"] == answer["rows"]
    other = await http.get(f"/buzz?hour_ms={old_ms - 3 * HOUR_MS}")
    assert other.status_code == 503


async def test_an_older_hour_is_read_again_behind_the_answer(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.buzzing.FRESH_MS", -1)
    old_ms = NOW_HOUR - 100 * HOUR_MS
    kept.rows = [buzz(mentions=5, hour_ms=old_ms)]
    assert (await http.get(f"/buzz?hour_ms={old_ms}")).json()["rows"][0]["mentions"] == 5
    kept.rows = [buzz(mentions=6, hour_ms=old_ms)]
    await http.get(f"/buzz?hour_ms={old_ms}")
    buzzing = backend_of(app).buzzing
    await until(
        lambda: buzzing._past[old_ms].window.hours.find("all", "NVDA", old_ms).mentions == 6,  # type: ignore[union-attr]
        what="the correction",
    )


async def test_a_symbol_has_every_hour_with_zeros_and_gaps(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz
) -> None:
    kept.rows = [buzz(mentions=24), buzz("AMD", mentions=1)]
    kept.read = [scan(from_ms=NOW_HOUR - HOUR_MS)]
    answer = (await http.get("/buzz/NVDA?limit=3")).json()
    assert (answer["name"], answer["first_seen_ms"]) == ("NVIDIA", posts.BUZZ.first_seen_ms)
    hours = answer["hours"]
    assert [hour["hour_ms"] for hour in hours] == [NOW_HOUR - i * HOUR_MS for i in (2, 1, 0)]
    assert [hour["mentions"] for hour in hours] == [None, 0, 24]
    assert (hours[0]["covered"], hours[1]["covered"]) == (0, 1)
    assert (hours[1]["z"], hours[2]["z"]) == (None, posts.BUZZ.z)
    assert len((await http.get("/buzz/NVDA")).json()["hours"]) == 168


async def test_a_symbol_answers_from_memory_while_the_store_is_away(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz
) -> None:
    kept.away = True
    heard(app, buzz(mentions=5))
    answer = (await http.get("/buzz/NVDA")).json()
    assert answer["hours"][-1]["mentions"] == 5
    assert answer["detail"] == "expected the store to answer, was: away"
    assert (await http.get("/buzz/AMD")).status_code == 503


@pytest.mark.parametrize("symbol", ["NOBODY", "X" * 1_000])
async def test_a_symbol_nobody_has_mentioned_is_unknown(
    http: httpx.AsyncClient, symbol: str
) -> None:
    answer = await http.get(f"/buzz/{symbol}")
    assert answer.status_code == 404
    assert "see GET /buzz" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["hour_ms=yesterday", "hour_ms=-1", "limit=0", "limit=1001", "forum=x"]
)
async def test_what_cannot_be_is_refused(http: httpx.AsyncClient, query: str) -> None:
    assert (await http.get(f"/buzz?{query}")).status_code == 422


@pytest.mark.parametrize("format_", FILES)
async def test_rankings_and_hours_come_as_files(
    app: FastAPI, http: httpx.AsyncClient, kept: MemoryBuzz, format_: Format
) -> None:
    heard(app, buzz(rank=1), buzz("AMD", rank=2, multiple=None, mentions=1))
    table = read((await http.get(f"/buzz?limit=1&format={format_}")).content, format_)
    assert table["symbol"].to_pylist() == ["NVDA", "AMD"]
    assert table["multiple"].to_pylist()[0] == 12.0
    assert table.num_rows == 2
    kept.rows = [buzz(mentions=24), buzz(hours=-2, mentions=3)]
    hours = read((await http.get(f"/buzz/NVDA?format={format_}")).content, format_)
    assert hours["mentions"].to_pylist()[::2] == [3, 24]
    assert math.isclose(hours["z"].to_pylist()[2], 11.0)


async def test_buzz_is_pushed_and_held(reader: MemoryReader) -> None:
    live = MemoryTopics()
    app = at_noon(app_on(reader, live))
    async with serving(app) as place, connect(f"ws://{place}/stream") as line:
        await say(line, "subscribe", "buzz")
        assert (await hear(line, "snapshot"))["data"] == []
        live.put(topics.BUZZ, buzz(mentions=3, revision=0), buzz(mentions=4, revision=1))
        live.put(topics.FORUM_SCANS, scan())
        seen = []
        while len(seen) < 2:
            seen += (await hear(line, "update"))["data"]
        assert [row["mentions"] for row in seen] == [3, 4]
        live.put(topics.BUZZ, buzz(mentions=4, revision=1), buzz("AMD"))
        assert (await hear(line, "update"))["data"][0]["symbol"] == "AMD"
        async with asking(app) as http:
            answer = (await http.get("/buzz")).json()
    assert {row["symbol"]: row["mentions"] for row in answer["rows"]} == {"NVDA": 4, "AMD": 24}
    assert [place["place"] for place in answer["scans"]] == ["stocks"]
