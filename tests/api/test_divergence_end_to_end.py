"""Scans on a real broker and a real store: asked here, heard there, kept over restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from api.app import make_app
from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import CloseRequest, ScanRequest
from oddlot.settings import Settings
from oddlot.store.writer import Writer
from tests.api.places import serving
from tests.api.scans import DIVERGER, EXAMPLE, GROUP, budget, now_ms, result, scan, state
from tests.api.test_end_to_end import DEADLINE_S, both, http_of, until_answers

pytestmark = [pytest.mark.broker, pytest.mark.clickhouse]


async def requested(settings: Settings, since_ms: int, count: int) -> Sequence[Any]:
    """Read what was requested since, in the order of its topic."""
    wanted: list[topics.Topic[Any]] = [topics.SCAN_REQUESTS, topics.CLOSE_REQUESTS]
    found: list[Any] = []
    async with (
        asyncio.timeout(DEADLINE_S),
        kafka.subscribe(settings, wanted, start=since_ms) as subscription,
    ):
        while len(found) < count:
            records = await subscription.read(limit=500, wait_ms=100)
            found += [record.message() for record in records]
    return found


async def until_state(http: httpx.AsyncClient, name: str, wanted: str) -> Any:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            view = await until_answers(http, f"/divergence/scans/{name}", 200)
            if view["state"] == wanted:
                return view
            await asyncio.sleep(0.05)


async def until_states(http: httpx.AsyncClient) -> None:
    """Wait until what was said before the start has been read again; budgets come with it."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            symbol = f"/closes/{EXAMPLE.benchmark}"
            if (await until_answers(http, "/budgets", 200))["providers"] and (
                await until_answers(http, symbol, 200)
            )["state"]:
                return
            await asyncio.sleep(0.05)


async def test_a_scan_is_asked_for_here_followed_there_and_shown_after_a_restart(
    broker: Settings, database: Settings
) -> None:
    settings = both(broker, database)
    since_ms = now_ms()
    symbols = {*(member.symbol for member in EXAMPLE.members), EXAMPLE.benchmark}
    async with (
        serving(make_app(settings)) as here,
        serving(make_app(settings)) as there,
        http_of(here) as http,
        http_of(there) as other,
        kafka.connect(settings) as publisher,
    ):
        accepted = (await http.post("/divergence/scans", json={"groups": [GROUP]})).json()
        found = await requested(settings, since_ms, 1 + len(symbols))
        (request,) = [each for each in found if isinstance(each, ScanRequest)]
        assert {e.symbol for e in found if isinstance(e, CloseRequest)} == symbols
        await until_state(other, accepted["scan"], "fetching")
        said = [state(symbol) for symbol in sorted(symbols)]
        await publisher.publish(topics.CLOSE_STATES, said, arrival_ms=now_ms())
        await publisher.publish(topics.BUDGETS, [budget()], arrival_ms=now_ms())
        await publisher.publish(topics.DIVERGENCE, [result(request)], arrival_ms=now_ms())
        for each in (http, other):
            view = await until_state(each, accepted["scan"], "done")
            assert view["result"]["divergers"] == [DIVERGER]
    with Writer(database) as writer:
        writer.insert_divergence([scan(group="steel", text="stored")])
    async with serving(make_app(settings)) as later, http_of(later) as http:
        assert (await until_answers(http, "/divergence/steel", 200))["text"] == "stored"
        assert (await until_answers(http, f"/divergence/{GROUP}", 200))["text"] == EXAMPLE.text
        await until_states(http)
        again = (await http.post("/divergence/scans", json={"groups": [GROUP]})).json()
        assert again["missing"] == [], "what was said of closes is known after a restart"
