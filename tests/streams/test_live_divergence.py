"""streams.live_divergence: each minute of a streaming group is scanned, the same in a replay."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import Divergence, Lull
from oddlot.peer_groups import PeerGroup
from oddlot.quant.divergence import Rules
from oddlot.quant.live import MINUTE_MS
from streams import spreads
from streams.desks import Desks
from streams.leg_state import Legs
from streams.live_divergence import LiveScans
from tests.quant.groups import made_up
from tests.streams.test_divergence import group_of
from tests.streams.test_spreads import bar
from tests.streams.workers import FakeEvent, FakeWatched, FakeWorker

MARKET = made_up(members=5, days=90)  # a minute each
COINS = replace(group_of(MARKET.symbols, "coins"), venue="binance")
STOCKS = group_of(MARKET.symbols, "stocks")
LATEST = MARKET.closes.shape[1]
PLANTED, MOVE = 2, 0.2


def market(until: int = LATEST) -> list[FakeEvent]:
    return [
        bar(symbol, 60 * (minute + 1), float(MARKET.closes[i, minute]), "1m")
        for minute in range(until)
        for i, symbol in enumerate(MARKET.symbols)
    ]


class Run:
    """One life of a worker: what it knows at its start is in the table alone."""

    def __init__(self, worker: FakeWorker, *groups: PeerGroup) -> None:
        self.worker, self.watched = worker, FakeWatched()
        self.state = Legs(worker)
        self.desks = Desks(self.state)
        self.groups: Any = SimpleNamespace(all=groups)
        worker.live_scans = LiveScans(self.groups, Rules())

    async def take(self, events: list[FakeEvent], at_once: int = 7) -> None:
        for first in range(0, len(events), at_once):
            piece = events[first : first + at_once]
            await spreads.compute(self.worker, self.state, self.desks, self.watched, piece)
        await self.state.saves.save()

    def scans(self) -> list[Divergence]:
        return [
            replace(scan, computed_ms=0) for scan in self.worker.publisher.on(topics.DIVERGENCE)
        ]


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


async def test_every_minute_is_scanned_once_to_its_end(worker: FakeWorker) -> None:
    run = Run(worker, COINS, STOCKS)
    await run.take(market())
    found = run.scans()
    assert {(scan.group, scan.interval) for scan in found} == {("coins", "1m")}
    assert [scan.open_ms for scan in found] == [(m + 1) * MINUTE_MS for m in range(LATEST)]
    assert [member.close for member in found[-1].members] == [*MARKET.closes[:, -1]]
    assert found[-1].scored == len(MARKET.symbols)


async def test_who_breaks_ranks_in_a_minute_is_found(worker: FakeWorker) -> None:
    run = Run(worker, COINS)
    events = market()
    planted = float(MARKET.closes[PLANTED, -1]) * (1 + MOVE)
    name = MARKET.symbols[PLANTED]
    events[-len(MARKET.symbols) + PLANTED] = bar(name, 60 * LATEST, planted, "1m")
    await run.take(events)
    assert run.scans()[-1].divergers[0] == name


async def test_a_replay_says_the_same_however_the_bars_are_cut(worker: FakeWorker) -> None:
    one = Run(worker, COINS)
    await one.take(market(30), at_once=1)
    other = Run(FakeWorker(), COINS)
    await other.take(market(30), at_once=64)
    assert one.scans() == other.scans()


async def test_a_member_without_a_trade_has_its_last_price(worker: FakeWorker) -> None:
    run = Run(worker, COINS)
    await run.take(market(5)[:-1])
    quiet = MARKET.symbols[-1]
    assert run.scans()[-1].open_ms == 4 * MINUTE_MS
    lull = Lull(symbol=quiet, interval="1m", after_open_ms=4 * MINUTE_MS, until_ms=6 * MINUTE_MS)
    await run.take([FakeEvent(topics.LULLS, lull)])
    last = run.scans()[-1]
    assert (last.open_ms, last.complete) == (5 * MINUTE_MS, True)
    assert last.members[-1].close == MARKET.closes[-1, 3]


async def test_who_starts_again_leaves_no_minute_out(worker: FakeWorker) -> None:
    await Run(worker, COINS).take(market(20))
    killed = Run(worker, COINS)
    events = market(23)[20 * 5 :]
    await spreads.compute(worker, killed.state, killed.desks, killed.watched, events)  # not saved
    again = Run(worker, COINS)
    await again.take(events)
    minutes = [scan.open_ms // MINUTE_MS for scan in again.scans()]
    assert sorted(set(minutes)) == [*range(1, 24)]


async def test_bars_are_acknowledged_only_once_their_scans_are_told(
    worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(worker, COINS)
    told: list[bool] = []
    publish = worker.publisher.publish

    async def noting(topic: Any, messages: Any, **options: Any) -> None:
        if topic is topics.DIVERGENCE:
            told.append(any(event.acknowledged for event in events))
        await publish(topic, messages, **options)

    monkeypatch.setattr(worker.publisher, "publish", noting)
    events = market(3)
    await run.take(events, at_once=len(events))
    assert told == [False] * 3
    assert all(event.acknowledged for event in events)


async def test_a_group_that_changes_is_scanned_as_it_is_from_the_next_minute_on(
    worker: FakeWorker,
) -> None:
    run = Run(worker, COINS)
    await run.take(market(10))
    run.groups.all = (replace(COINS, members=COINS.members[:3]),)
    await run.take(market(11)[50:])
    assert [len(scan.members) for scan in run.scans()[-2:]] == [5, 3]
    np.testing.assert_equal([scan.open_ms // MINUTE_MS for scan in run.scans()[-2:]], [10, 11])
