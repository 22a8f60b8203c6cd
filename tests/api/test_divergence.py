"""Divergence: the last scan of every group, from memory, with its age; past ones from the store."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

from oddlot.contracts import topics
from oddlot.contracts.messages import DailyClose
from tests.api.places import app_on, asking, backend_of, hear, say, serving
from tests.api.scans import DIVERGER, EXAMPLE, GROUP, now_ms, scan
from tests.fakes import MemoryCloses, MemoryReader, MemoryTopics
from tests.waiting import beside, until

CLOSE = DailyClose(
    symbol=DIVERGER,
    date=dt.date(2024, 6, 6),
    open=None,
    high=None,
    low=None,
    close=10.0,
    volume=None,
    adjusted_close=5.0,
    provider="fmp",
    fetched_ms=1_700_000_000_000,
)


@pytest.fixture
def closes() -> MemoryCloses:
    return MemoryCloses()


@pytest.fixture
def app(reader: MemoryReader, closes: MemoryCloses) -> FastAPI:
    return app_on(reader, closes=closes)


@contextlib.asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    async with beside(backend_of(app).diverging.run()):
        yield


async def test_every_group_is_listed_before_anything_was_scanned(http: httpx.AsyncClient) -> None:
    answer = (await http.get("/divergence")).json()
    airlines = next(group for group in answer["groups"] if group["group"] == GROUP)
    assert (answer["interval"], airlines["text"]) == ("1d", "not scanned yet")
    assert (airlines["open_ms"], airlines["age_ms"], airlines["divergers"]) == (None, None, [])
    assert len(answer["groups"]) >= 35


async def test_the_last_scan_of_a_group_is_shown_with_its_age(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    backend_of(app).diverging.hear(scan(computed_ms=now_ms() - 5_000))
    answer = (await http.get("/divergence")).json()
    airlines = next(group for group in answer["groups"] if group["group"] == GROUP)
    assert airlines["divergers"] == [DIVERGER]
    assert (airlines["text"], airlines["scored"]) == (EXAMPLE.text, EXAMPLE.scored)
    assert 5_000 <= airlines["age_ms"] < 65_000


async def test_an_older_scan_does_not_replace_a_newer_one(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    backend_of(app).diverging.hear(scan(text="new"))
    backend_of(app).diverging.hear(scan(text="old", computed_ms=now_ms() - 60_000))
    assert (await http.get(f"/divergence/{GROUP}")).json()["text"] == "new"


async def test_live_scans_are_of_groups_that_stream(http: httpx.AsyncClient) -> None:
    groups = (await http.get("/divergence?interval=1m")).json()["groups"]
    assert {group["venue"] for group in groups} == {"binance"}
    answer = await http.get(f"/divergence/{GROUP}?interval=1m")
    assert answer.status_code == 422
    assert "does not stream" in answer.json()["detail"]


async def test_a_group_is_shown_whole_with_names_and_closes(
    app: FastAPI, http: httpx.AsyncClient, closes: MemoryCloses
) -> None:
    closes.rows = [replace(CLOSE, date=dt.date(2024, 6, day)) for day in (6, 7)]
    backend_of(app).diverging.hear(scan())
    answer = (await http.get(f"/divergence/{GROUP}")).json()
    assert answer["title"] == "Airlines"
    assert [member["symbol"] for member in answer["members"]] == list(answer["names"])
    assert answer["names"][DIVERGER] == "Alaska Air"
    assert answer["sparklines"][DIVERGER] == [5.0, 5.0]
    assert answer["age_ms"] >= 0


async def test_closes_are_read_once_a_scan(
    app: FastAPI, http: httpx.AsyncClient, closes: MemoryCloses
) -> None:
    backend_of(app).diverging.hear(scan())
    for _ in range(3):
        await http.get(f"/divergence/{GROUP}")
    assert len([view for view in closes.asked if view.startswith("closes")]) == 1
    backend_of(app).diverging.hear(scan(computed_ms=now_ms() + 1))
    await http.get(f"/divergence/{GROUP}")
    await until(
        lambda: len([view for view in closes.asked if view.startswith("closes")]) == 2,
        what="the closes of the newer scan",
    )


async def test_a_scan_is_shown_while_the_store_is_away(
    app: FastAPI, http: httpx.AsyncClient, closes: MemoryCloses
) -> None:
    closes.away = True
    backend_of(app).diverging.hear(scan())
    answer = await http.get(f"/divergence/{GROUP}")
    assert answer.status_code == 200
    assert answer.json()["sparklines"][DIVERGER] == []


async def test_z_judges_members_anew(app: FastAPI, http: httpx.AsyncClient) -> None:
    backend_of(app).diverging.hear(scan())
    strict = (await http.get(f"/divergence/{GROUP}?z=100")).json()
    assert (strict["divergers"], strict["enter_z"]) == ([], 100.0)
    loose = (await http.get(f"/divergence/{GROUP}?z=0.5")).json()
    assert len(loose["divergers"]) > 1
    listed = (await http.get("/divergence?z=100")).json()["groups"]
    assert all(group["divergers"] == [] for group in listed)
    assert (await http.get(f"/divergence/{GROUP}?z=0.1")).status_code == 422


async def test_a_group_nobody_knows_is_404_and_one_never_scanned_409(
    http: httpx.AsyncClient,
) -> None:
    unknown = await http.get("/divergence/nobody")
    assert unknown.status_code == 404
    assert "GET /peer-groups" in unknown.json()["detail"]
    unready = await http.get(f"/divergence/{GROUP}")
    assert unready.status_code == 409
    assert "POST /divergence/scans" in unready.json()["detail"]


async def test_a_restart_fills_from_the_store_once_it_answers(
    app: FastAPI,
    http: httpx.AsyncClient,
    closes: MemoryCloses,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.diverging.FILL_S", 0.01)
    monkeypatch.setattr("api.store.RETRY_S", 0.0)
    closes.scans, closes.away = [scan(text="stored")], True
    async with running(app):
        await until(lambda: len(closes.asked) >= 2, what="a second attempt")
        closes.away = False
        memory = backend_of(app).diverging.memory
        await until(lambda: memory.find(GROUP, "1d"), what="the stored scan")
    assert (await http.get(f"/divergence/{GROUP}")).json()["text"] == "stored"


async def test_what_came_meanwhile_is_not_replaced_by_what_is_stored(
    app: FastAPI, closes: MemoryCloses
) -> None:
    closes.scans = [scan(text="stored", computed_ms=1), scan(group="steel", text="stored")]
    diverging = backend_of(app).diverging
    diverging.hear(scan(text="heard"))
    async with running(app):
        await until(lambda: diverging.memory.find("steel", "1d"), what="the stored scan")
    kept = diverging.memory.find(GROUP, "1d")
    assert kept is not None
    assert kept.text == "heard"


async def test_past_divergers_come_from_the_store(
    http: httpx.AsyncClient, closes: MemoryCloses
) -> None:
    closes.scans = [scan(), scan(open_ms=EXAMPLE.open_ms - topics.DAY_MS)]
    answer = (await http.get(f"/divergence/{GROUP}/history")).json()
    first, second = answer["divergers"]
    assert (first["symbol"], first["open_ms"]) == (DIVERGER, EXAMPLE.open_ms)
    assert second["open_ms"] < first["open_ms"]
    assert len((await http.get(f"/divergence/{GROUP}/history?limit=1")).json()["divergers"]) == 1
    assert (await http.get("/divergence/nobody/history")).status_code == 404


async def test_a_new_scan_is_pushed_whole(reader: MemoryReader) -> None:
    live = MemoryTopics()
    app = app_on(reader, live)
    channel = f"divergence:{GROUP}:1d"
    async with serving(app) as place, connect(f"ws://{place}/stream") as line:
        await say(line, "subscribe", channel)
        assert (await hear(line, "snapshot"))["data"] == []
        live.put(topics.DIVERGENCE, scan())
        update = await hear(line, "update")
        assert update["data"][0]["divergers"] == [DIVERGER]
        async with asking(app) as http:
            assert (await http.get(f"/divergence/{GROUP}")).status_code == 200
