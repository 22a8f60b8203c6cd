"""Daily closes, how far they have come, and what their providers still give."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

from oddlot.contracts import topics
from tests.api.places import app_on, asking, backend_of, hear, say, serving
from tests.api.scans import budget, now_ms, state
from tests.api.test_divergence import CLOSE
from tests.fakes import MemoryCloses, MemoryReader, MemoryTopics


@pytest.fixture
def closes() -> MemoryCloses:
    return MemoryCloses()


@pytest.fixture
def app(reader: MemoryReader, closes: MemoryCloses) -> FastAPI:
    return app_on(reader, closes=closes)


async def test_closes_come_oldest_first_with_their_state(
    app: FastAPI, http: httpx.AsyncClient, closes: MemoryCloses
) -> None:
    closes.rows = [replace(CLOSE, date=dt.date(2024, 6, day)) for day in (7, 6, 5)]
    backend_of(app).diverging.hear(state(CLOSE.symbol))
    answer = (await http.get(f"/closes/{CLOSE.symbol}?limit=2")).json()
    assert [close["date"] for close in answer["closes"]] == ["2024-06-06", "2024-06-07"]
    assert (answer["name"], answer["state"]["state"]) == ("Alaska Air", "fetched")


async def test_a_symbol_without_closes_says_why(app: FastAPI, http: httpx.AsyncClient) -> None:
    backend_of(app).diverging.hear(state("ZZZZ", "refused", reason="nobody has it"))
    answer = (await http.get("/closes/ZZZZ")).json()
    assert (answer["closes"], answer["state"]["reason"]) == ([], "nobody has it")
    assert (await http.get(f"/closes/{CLOSE.symbol}")).json()["state"] is None


@pytest.mark.parametrize("symbol", ["YYYY", "X" * 1_000])
async def test_a_symbol_nobody_has_asked_for_is_unknown(
    http: httpx.AsyncClient, symbol: str
) -> None:
    answer = await http.get(f"/closes/{symbol}")
    assert answer.status_code == 404
    assert "POST /divergence/scans" in answer.json()["detail"]


async def test_closes_have_a_limit(http: httpx.AsyncClient) -> None:
    for limit in (0, 1_001):
        assert (await http.get(f"/closes/{CLOSE.symbol}?limit={limit}")).status_code == 422


async def test_an_absent_store_is_said(http: httpx.AsyncClient, closes: MemoryCloses) -> None:
    closes.away = True
    assert (await http.get(f"/closes/{CLOSE.symbol}")).status_code == 503


async def test_budgets_are_the_newest_of_each_provider(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    assert (await http.get("/budgets")).json()["providers"] == []
    for said in (
        budget("twelve-data"),
        budget(fetched_total=8),
        budget(fetched_total=1, sent_ms=now_ms() - 60_000),
    ):
        backend_of(app).diverging.hear(said)
    providers = (await http.get("/budgets")).json()["providers"]
    assert [each["provider"] for each in providers] == ["fmp", "twelve-data"]
    assert providers[0]["fetched_total"] == 8
    assert providers[0]["windows"][0]["left"] == 200


async def test_budgets_are_pushed(reader: MemoryReader) -> None:
    states = MemoryTopics()
    app = app_on(reader, states=states)
    async with serving(app) as place, connect(f"ws://{place}/stream") as line:
        await say(line, "subscribe", "budgets")
        await hear(line, "snapshot")
        states.put_raw(topics.BUDGETS, b"no budget")
        states.put(topics.BUDGETS, budget())
        assert (await hear(line, "update"))["data"][0]["provider"] == "fmp"
        async with asking(app) as http:
            assert len((await http.get("/budgets")).json()["providers"]) == 1
