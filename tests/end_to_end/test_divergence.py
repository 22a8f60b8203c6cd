"""A running worker scans groups by daily closes, on request, and live; also after it was killed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from oddlot import kafka, peer_groups
from oddlot.contracts import topics
from oddlot.contracts.messages import Bar, Basket, CloseState, DailyClose, Divergence, ScanRequest
from oddlot.quant.live import MINUTE_MS
from tests.conftest import ROOT
from tests.end_to_end.systems import DEADLINE_S, System, running_system
from tests.end_to_end.test_kills import now_ms
from tests.quant.groups import made_up
from tests.store.messages import BAR

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

AIRLINES = peer_groups.find(ROOT / "peer_groups", "airlines").group
COINS = peer_groups.find(ROOT / "peer_groups", "crypto-memes").group
MARKET = made_up(members=len(AIRLINES.members), days=100)
FIRST = dt.date(2024, 1, 1)
LAST, BEFORE_LAST = AIRLINES.symbols[-1], AIRLINES.symbols[-2]
PASTED = Basket(id="scan-7f3a", symbols=AIRLINES.symbols, benchmark=AIRLINES.symbols[0])


def history(symbol: str) -> list[DailyClose]:
    fetched_ms = now_ms()
    return [
        DailyClose(
            symbol=symbol,
            date=FIRST + dt.timedelta(days=day),
            open=None,
            high=None,
            low=None,
            close=float(price),
            volume=None,
            adjusted_close=float(price),
            provider="made up",
            fetched_ms=fetched_ms,
        )
        for day, price in enumerate(MARKET.closes[AIRLINES.symbols.index(symbol)])
    ]


def minutes(count: int) -> list[Bar]:
    return [
        structs.replace(
            BAR, symbol=symbol, interval="1m", open_ms=BAR.open_ms // MINUTE_MS * MINUTE_MS + m
        )
        for m in range(0, count * MINUTE_MS, MINUTE_MS)
        for symbol in COINS.symbols
    ]


async def until(system: System, is_it: Callable[[Divergence], bool]) -> Divergence:
    """Wait for a scan."""
    async with (
        asyncio.timeout(DEADLINE_S),
        kafka.subscribe(system.settings, [topics.DIVERGENCE], start="earliest") as reading,
    ):
        while True:
            for record in await reading.read(limit=100, wait_ms=100):
                scan = topics.DIVERGENCE.codec.decode(record.payload)
                if is_it(scan):
                    return scan


async def asked_for(system: System) -> set[str]:
    """Wait for the first requests for closes."""
    async with (
        asyncio.timeout(DEADLINE_S),
        kafka.subscribe(system.settings, [topics.CLOSE_REQUESTS], start="earliest") as reading,
    ):
        while not (records := await reading.read(limit=1_000, wait_ms=100)):
            pass
        return {topics.CLOSE_REQUESTS.codec.decode(record.payload).symbol for record in records}


async def test_scans_go_on_when_a_worker_is_killed(tmp_path: Path) -> None:
    with running_system(tmp_path, with_store=False) as system:
        worker = system.start_worker(parts="spreads,divergence,live_divergence")
        request = ScanRequest(
            scan=PASTED.id, baskets=(PASTED,), awaited=(LAST, BEFORE_LAST), requested_ms=now_ms()
        )
        async with kafka.connect(system.settings) as publisher:
            for symbol in AIRLINES.symbols[:-2]:
                await publisher.publish(topics.CLOSES, history(symbol), arrival_ms=now_ms())
            await publisher.publish(topics.SCAN_REQUESTS, [request], arrival_ms=now_ms())
            early = await until(system, lambda scan: scan.scan == PASTED.id)
            requested = await asked_for(system)
            worker.kill()
            late = history(LAST)
            states = [
                CloseState(
                    symbol=symbol,
                    state=state,
                    provider="",
                    reason="",
                    until_ms=None,
                    fetched_ms=late[0].fetched_ms if state == "fetched" else None,
                    sent_ms=now_ms(),
                )
                for symbol, state in ((LAST, "fetched"), (BEFORE_LAST, "refused"))
            ]  # type: ignore[misc]  # states by name
            await publisher.publish(topics.CLOSES, late, arrival_ms=now_ms())
            await publisher.publish(topics.CLOSE_STATES, states, arrival_ms=now_ms())
            await publisher.publish(topics.BARS, minutes(3), arrival_ms=now_ms())
            system.start_worker(parts="spreads,divergence,live_divergence")
            whole = await until(system, lambda scan: scan.scan == PASTED.id and not scan.pending)
            group = await until(system, lambda scan: scan.group == AIRLINES.id)
            live = await until(system, lambda scan: scan.open_ms == minutes(3)[-1].open_ms)
    assert early.pending == 2
    assert whole.scored == len(whole.members) - 1
    assert (group.scan, group.interval) == (None, "1d")
    assert (live.group, live.interval, live.complete) == (COINS.id, "1m", True)
    assert {LAST, *COINS.symbols} <= requested
