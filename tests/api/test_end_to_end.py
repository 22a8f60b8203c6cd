"""The real app on a real broker and a real store, which come and go."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from api.app import make_app
from api.live import now_ms
from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Pair
from oddlot.settings import Settings
from oddlot.store.writer import Writer
from tests.api.messages import OPEN_MS, bar
from tests.api.places import hear, say, serving
from tests.fakes import MemoryReader
from tests.fixtures_clickhouse import (
    running_store,
    start_store,
    store_settings,
    wait_until_store_ready,
)
from tests.fixtures_kafka import (
    broker_settings,
    running_broker,
    start_broker,
    wait_until_ready,
)

DEADLINE_S = 120.0
ASK_AGAIN_S = 0.05


def both(broker: Settings, store: Settings) -> Settings:
    """Give settings of one's broker and the other's store."""
    changed = {"clickhouse": store.clickhouse, "clickhouse_port": store.clickhouse_port}
    return broker.model_copy(update=changed)


def line_of(authority: str) -> connect:
    return connect(f"ws://{authority}/stream", proxy=None)


@contextlib.asynccontextmanager
async def http_of(authority: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{authority}", trust_env=False) as http:
        yield http


async def until_answers(http: httpx.AsyncClient, path: str, status: int) -> Any:
    """Ask until the status is as wanted; give the body."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            answer = await http.get(path)
            if answer.status_code == status:
                return answer.json()
            await asyncio.sleep(ASK_AGAIN_S)


async def until_kafka(http: httpx.AsyncClient, *, ok: bool) -> str:
    """Ask until the broker is there, or away; give what is said of it."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            check = (await http.get("/readyz")).json()["checks"]["kafka"]
            if check["ok"] is ok:
                return str(check["detail"])
            await asyncio.sleep(ASK_AGAIN_S)


async def until_there(http: httpx.AsyncClient, *parts: str) -> None:
    """Ask until these are there; feeds that other tests told of may be away."""
    checks: dict[str, Any] = {}
    while not all(checks.get(part, {}).get("ok") for part in parts):
        await asyncio.sleep(ASK_AGAIN_S)
        checks = (await http.get("/readyz")).json()["checks"]


@pytest.mark.broker
@pytest.mark.clickhouse
async def test_history_and_live_bars_overlap(broker: Settings, database: Settings) -> None:
    settings = both(broker, database)
    symbol = f"T{uuid.uuid4().hex[:8].upper()}"
    bars = [bar(second, symbol=symbol) for second in range(6)]
    async with kafka.connect(settings) as publisher, serving(make_app(settings)) as authority:
        await publisher.publish(topics.BARS, bars[:4], arrival_ms=now_ms())
        async with (
            http_of(authority) as http,
            line_of(authority) as line,
        ):
            async with asyncio.timeout(DEADLINE_S):
                await until_there(http, "kafka", "clickhouse")  # which has made the tables
            with Writer(settings) as writer:
                writer.insert_bars(bars[:3])  # the sink is a little behind
            history = (await http.get(f"/bars/{symbol}?interval=1s")).json()["bars"]
            snapshot = await snapshot_of(line, f"bars:{symbol}:1s")
            await publisher.publish(topics.BARS, bars[3:], arrival_ms=now_ms())
            live = snapshot["data"]
            while len(live) < 6:
                live += (await hear(line, "update"))["data"]
    assert [row["open_ms"] for row in history] == [OPEN_MS, OPEN_MS + 1_000, OPEN_MS + 2_000]
    assert [row["open_ms"] for row in live] == [OPEN_MS + 1_000 * second for second in range(6)]
    shared = {"symbol", "interval", "arrival_ms", "published_ms"}
    assert [{k: row[k] for k in row.keys() - shared} for row in live[:3]] == history


@pytest.mark.broker
@pytest.mark.clickhouse
async def test_a_broker_killed_and_started_again_costs_no_message(
    tmp_path: Path, database: Settings
) -> None:
    settings = both(broker_settings(tmp_path / "broker"), database)
    with running_broker(settings) as first:
        async with (
            serving(make_app(settings)) as authority,
            http_of(authority) as http,
            line_of(authority) as line,
        ):
            await until_kafka(http, ok=True)
            await say(line, "subscribe", "bars:BTCUSDT:1s")
            await hear(line, "snapshot")
            async with kafka.connect(settings) as publisher:
                await publisher.publish(topics.BARS, [bar(0), bar(1)], arrival_ms=now_ms())
            heard = await hear_seq(line, 2)
            first.kill()
            assert "does not answer" in await until_kafka(http, ok=False)
            assert (await http.get("/healthz")).status_code == 200
            second = start_broker(settings)
            try:
                wait_until_ready(settings, second)
                async with kafka.connect(settings) as publisher:
                    more = [bar(1), bar(2), bar(3)]
                    await publisher.publish(topics.BARS, more, arrival_ms=now_ms())
                heard += await hear_seq(line, 4)
                await until_kafka(http, ok=True)
            finally:
                second.kill()
                second.wait()
    assert [row["open_ms"] for row in heard] == [OPEN_MS + 1_000 * second for second in range(4)]


async def empty_store(_settings: Settings) -> MemoryReader:
    return MemoryReader()


@pytest.mark.broker
async def test_a_pair_added_here_is_known_there_and_after_a_restart(broker: Settings) -> None:
    pair = Pair(y="ADAUSDT", x="DOTUSDT", window=77)
    path = f"/pairs/{pair.id}"
    async with (
        serving(make_app(broker, connect=empty_store)) as here,
        serving(make_app(broker, connect=empty_store)) as there,
        http_of(here) as http,
        http_of(there) as other,
    ):
        assert (await http.put(path, json={"window": 77})).status_code == 201
        assert (await until_answers(other, path, 200))["window"] == 77
    async with serving(make_app(broker, connect=empty_store)) as later, http_of(later) as http:
        await until_answers(http, path, 200)
        assert (await http.delete(path)).status_code == 204


@pytest.mark.clickhouse
async def test_the_api_outlives_its_store(tmp_path: Path) -> None:
    settings = store_settings(tmp_path / "store")
    async with serving(make_app(settings)) as authority, http_of(authority) as http:
        problem = await until_answers(http, "/bars/BTCUSDT", 503)
        assert "oddlot up --only clickhouse" in problem["detail"]
        with running_store(settings) as first:
            await until_answers(http, "/bars/BTCUSDT", 200)
            first.kill()
            first.wait()
            assert (await http.get("/bars/BTCUSDT")).status_code == 503
        second = start_store(settings)
        try:
            wait_until_store_ready(settings, second)
            assert (await http.get("/bars/BTCUSDT")).status_code == 200
        finally:
            second.kill()
            second.wait()


async def snapshot_of(line: ClientConnection, channel: str) -> dict[str, Any]:
    """Subscribe until the channel exists: one outside the groups does from its first message."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await say(line, "subscribe", channel)
            if (frame := await hear(line, "snapshot", "error"))["type"] == "snapshot":
                return frame
            await asyncio.sleep(ASK_AGAIN_S)


async def hear_seq(line: ClientConnection, seq: int) -> list[dict[str, Any]]:
    """Give the messages of updates until a number has come."""
    heard: list[dict[str, Any]] = []
    at = 0
    while at < seq:
        frame = await hear(line, "update")
        heard += frame["data"]
        at = frame["seq"]
    return heard
