"""GET /headlines and its channel: newest first, as asked, with the sources beside it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.hub import Hub
from api.live import TOPICS
from api.news_sources import MAX_SOURCES, NewsSources
from oddlot.contracts import topics
from oddlot.contracts.messages import Headline, NewsSource
from tests.api.places import backend_of, hub_of
from tests.fakes import MemoryReader, MemoryTopics
from tests.waiting import beside, until

NOW_MS = 1_732_752_000_000
FIRST = Headline(
    source="wire",
    headline_id="0",
    title="NVIDIA opens a plant",
    excerpt="Near Graz, it said",
    url="https://news.example/0",
    symbols=("NVDA",),
    published_ms=NOW_MS,
    seen_ms=NOW_MS + 5_000,
)
READ = NewsSource(
    source="wire",
    state="read",
    detail="",
    headlines=3,
    read_ms=NOW_MS,
    next_ms=NOW_MS + 300_000,
    sent_ms=NOW_MS,
)


def headline(minute: int, **changed: Any) -> Headline:
    at_ms = NOW_MS + minute * 60_000
    return replace(FIRST, headline_id=str(minute), published_ms=at_ms, **changed)


async def found(http: httpx.AsyncClient, query: str) -> list[int]:
    answer = await http.get(f"/headlines?{query}")
    assert answer.status_code == 200, answer.text
    return [int(row["headline_id"]) for row in answer.json()["headlines"]]


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("", [3, 2, 1, 0]),
        ("symbol=NVDA", [3, 0]),
        ("symbol=nvda", [3, 0]),
        ("source=blog", [2, 1]),
        ("source=blog&symbol=AMD", [1]),
        ("q=graz+PLANT", [3, 0]),
        ("q=nothing", []),
        (f"from={NOW_MS + 60_000}&to={NOW_MS + 180_000}", [2, 1]),
        ("limit=2", [3, 2]),
    ],
)
async def test_headlines_come_newest_first_as_asked(
    http: httpx.AsyncClient, reader: MemoryReader, query: str, minutes: list[int]
) -> None:
    reader.rows = [
        FIRST,
        headline(1, source="blog", symbols=("AMD",), title="Other news", excerpt=""),
        headline(2, source="blog", symbols=(), title="More news", excerpt=""),
        headline(3),
    ]
    assert await found(http, query) == minutes


async def test_pages_back_lead_to_the_oldest(http: httpx.AsyncClient, reader: MemoryReader) -> None:
    reader.rows = [headline(minute) for minute in range(5)]
    first = (await http.get("/headlines?limit=3")).json()
    assert first["next_to"] == NOW_MS + 2 * 60_000
    assert await found(http, f"to={first['next_to']}") == [1, 0]


async def test_the_sources_are_told_beside_them(app: FastAPI, http: httpx.AsyncClient) -> None:
    sources = backend_of(app).news_sources
    refused = replace(READ, source="a-times", state="unavailable", detail="refuses us (HTTP 403)")
    for state in (READ, refused, replace(READ, source="old", state="gone")):
        assert sources.take(state)
    assert not sources.take(replace(READ, sent_ms=NOW_MS - 1, state="limited"))
    told = (await http.get("/headlines")).json()["sources"]
    assert [(row["source"], row["state"]) for row in told] == [
        ("a-times", "unavailable"),
        ("wire", "read"),
    ]
    assert told[0]["detail"] == "refuses us (HTTP 403)"
    assert told[1]["next_ms"] == NOW_MS + 300_000


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=99999", "from=soon", "q=a+b+c+d+e+f+g+h+i", "symbol=" + "X" * 99],
)
async def test_a_filter_that_is_none_is_bad_input(http: httpx.AsyncClient, query: str) -> None:
    answer = await http.get(f"/headlines?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_store_that_is_away_is_a_problem(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.away = True
    assert (await http.get("/headlines")).status_code == 503


@pytest.mark.parametrize("format_", ["csv", "parquet", "arrow"])
async def test_they_are_files_too_oldest_first(
    http: httpx.AsyncClient, reader: MemoryReader, format_: str
) -> None:
    reader.rows = [headline(2, title='Quoted "news", with a comma'), FIRST, headline(1, symbols=())]
    answer = await http.get(f"/headlines?source=wire&format={format_}")
    assert answer.status_code == 200
    assert "oddlot-headlines-wire." in answer.headers["content-disposition"]
    if format_ == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["headline_id"] for row in rows] == ["0", "1", "2"]
        assert [row["symbols"] for row in rows] == ['["NVDA"]', "[]", '["NVDA"]']
        assert rows[2]["title"] == 'Quoted "news", with a comma'


def test_headlines_are_followed_live() -> None:
    assert topics.HEADLINES in TOPICS


def test_headlines_of_one_reading_all_reach_their_channel() -> None:
    hub = Hub()
    for each in (FIRST, replace(FIRST, headline_id="1"), replace(FIRST, headline_id="2")):
        hub.publish(each, arrival_ms=5, published_ms=9)
    assert hub.channels["headlines"].seq == 3


async def test_states_are_read_from_their_topic_and_streamed() -> None:
    written, hub = MemoryTopics(), Hub()
    sources = NewsSources(hub, lambda: written.follow(0), backoff_s=0.0)
    async with beside(sources.run()):
        written.put(topics.NEWS_SOURCES, READ)
        written.put_raw(topics.NEWS_SOURCES, b"{}")
        written.fail(ConnectionError("gone"))
        later = replace(READ, state="limited", sent_ms=NOW_MS + 1)
        written.put(topics.NEWS_SOURCES, later)
        await until(lambda: sources.known == [later], what="the later state")
    assert hub.latest("news-sources") == later


def test_a_topic_full_of_names_does_not_fill_the_memory() -> None:
    sources = NewsSources(Hub(), lambda: MemoryTopics().follow(0))
    for i in range(MAX_SOURCES + 10):
        sources.take(replace(READ, source=f"s{i}"))
    assert len(sources.known) == MAX_SOURCES


def test_the_channels_exist_before_anything_is_said(app: FastAPI) -> None:
    assert {"headlines", "news-sources"} <= set(hub_of(app).channels)
