"""streams.divergence: a group is scanned as its closes come, and on request, whoever restarts."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import (
    Basket,
    CloseState,
    DailyClose,
    Divergence,
    FetchState,
    ScanRequest,
)
from oddlot.errors import BrokerUnavailable
from oddlot.peer_groups import Member, PeerGroup
from oddlot.quant.divergence import Rules
from oddlot.quant.scans import Scanning, scan_groups
from streams.closes import MAX_SESSIONS, Closes
from streams.divergence import ASK_EVERY_S, LONGEST_S, QUIET_S, Daily
from streams.divergence_state import ScanState
from tests.quant.groups import Group, made_up
from tests.streams.workers import FakeEvent, FakeWorker

MARKET = made_up(members=4, days=100)
DAY = dt.timedelta(days=1)
FIRST = dt.date(1970, 1, 1)
NOW_MS = 1_700_000_000_000
FETCHED_MS = NOW_MS - 5_000
LATER_S = LONGEST_S + 1  # by then everything noted is due


def group_of(symbols: Iterable[str], name: str = "made-up") -> PeerGroup:
    members = tuple(Member(symbol=symbol, name=symbol) for symbol in symbols)
    return PeerGroup(
        id=name, title=name, sector="none", venue="us", benchmark=members[0].symbol, members=members
    )


GROUP = group_of(MARKET.symbols)
BASKET = Basket(id=GROUP.id, symbols=GROUP.symbols, benchmark=GROUP.benchmark)
PASTED = Basket(id="scan-1", symbols=MARKET.symbols[:3], benchmark="M3")
REQUEST = ScanRequest(scan="scan-1", baskets=(PASTED,), awaited=("M1", "M3"), requested_ms=NOW_MS)


def closes(
    symbol: str, *, fetched_ms: int = FETCHED_MS, market: Group = MARKET, times: float = 1.0
) -> list[DailyClose]:
    row = market.closes[market.symbols.index(symbol)]
    return [
        DailyClose(
            symbol=symbol,
            date=FIRST + day * DAY,
            open=None,
            high=None,
            low=None,
            close=float(price),
            volume=None,
            adjusted_close=float(price) * times,
            provider="made up",
            fetched_ms=fetched_ms,
        )
        for day, price in enumerate(row)
    ]


def said(symbol: str, state: FetchState, *, ms: int = 1, fetched_ms: int = FETCHED_MS) -> FakeEvent:
    message = CloseState(
        symbol=symbol,
        state=state,
        provider="",
        reason="",
        until_ms=None,
        fetched_ms=fetched_ms if state == "fetched" else None,
        sent_ms=NOW_MS + ms,
    )
    return FakeEvent(topics.CLOSE_STATES, message)


def asked(request: ScanRequest = REQUEST) -> FakeEvent:
    return FakeEvent(topics.SCAN_REQUESTS, request)


class Run:
    """One life of a worker: what it knows at its start is in the table and on the topic alone."""

    def __init__(self, worker: FakeWorker, *groups: PeerGroup) -> None:
        self.worker = worker
        self.groups: Any = SimpleNamespace(all=groups)
        self.state, self.closes = ScanState(worker), Closes()
        self.closes.add(worker.publisher.on(topics.CLOSES))
        self.daily = Daily(worker, self.closes, self.state, self.groups)
        self.told = len(worker.publisher.published)

    async def take(self, *arrived: FakeEvent | DailyClose) -> None:
        """Let something arrive, in that order."""
        for of_closes, some in itertools.groupby(arrived, lambda a: isinstance(a, DailyClose)):
            if of_closes:
                found: Any = [*some]
                await self.worker.publisher.publish(topics.CLOSES, found, arrival_ms=0)
                self.daily.note(self.closes.add(found))
            else:
                await self.daily.take([*some])  # type: ignore[list-item]  # the others are events
                await self.state.saves.save()

    async def scanned(self, after_s: float = LATER_S, now_ms: int = NOW_MS) -> list[Divergence]:
        """Let time pass; give what has been published by then and not been given before."""
        await self.daily.scan(self.now_s() + after_s, now_ms)
        found = self.worker.publisher.published[self.told :]
        self.told += len(found)
        return [message for topic, message, _ in found if topic is topics.DIVERGENCE]

    @staticmethod
    def now_s() -> float:
        return time.monotonic()


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


async def test_a_group_is_scanned_once_when_its_closes_have_come(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    for symbol in MARKET.symbols:
        await run.take(*closes(symbol))
    (scan,) = await run.scanned()
    scanning = Scanning(rules=Rules(), interval="1d", now_ms=NOW_MS)
    assert scan == scan_groups([BASKET], MARKET.histories(), scanning)[0]
    assert await run.scanned() == []


async def test_closes_that_still_come_are_waited_for(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    await run.take(*closes("M0"))
    assert await run.scanned(QUIET_S / 2) == []
    assert len(await run.scanned(QUIET_S + 1)) == 1


async def test_closes_that_are_known_already_change_nothing(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    await run.take(*closes("M0"))
    await run.scanned()
    await run.take(*closes("M0"))
    assert await run.scanned() == []


async def test_groups_of_others_are_left_alone(worker: FakeWorker) -> None:
    run = Run(worker, GROUP, group_of("XYZ", "another"))
    await run.take(*closes("M0"))
    assert [scan.group for scan in await run.scanned()] == ["made-up"]


async def test_a_newer_fetch_replaces_the_whole_history(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    await run.take(*closes("M0"))
    await run.take(*closes("M0", fetched_ms=FETCHED_MS + 1, times=0.1)[:50])
    await run.take(*closes("M0"))  # the older one comes again
    history = run.closes.histories(["M0"])["M0"]
    assert len(history.open_ms) == 50
    np.testing.assert_array_equal(history.close, MARKET.closes[0, :50] * 0.1)


async def test_a_history_is_bounded_and_keeps_its_newest_sessions(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    long = made_up(members=4, days=MAX_SESSIONS + 10)
    await run.take(*closes("M0", market=long))
    history = run.closes.histories(["M0"])["M0"]
    np.testing.assert_array_equal(history.open_ms, long.open_ms[10:])


async def test_who_starts_again_knows_the_closes_and_says_every_group(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    for symbol in MARKET.symbols:
        await run.take(*closes(symbol))
    (before,) = await run.scanned()
    again = Run(worker, GROUP)
    assert await again.scanned() == [before]


async def test_who_dies_before_a_scan_leaves_it_to_the_next(worker: FakeWorker) -> None:
    await Run(worker, GROUP).take(*closes("M0"), asked())
    assert [scan.scan for scan in await Run(worker, GROUP).scanned()] == ["scan-1", None]


async def test_a_changed_group_is_scanned_and_a_removed_one_is_not(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    await run.take(*closes("M0"), *closes("M1"))
    await run.scanned()
    run.groups.all = (replace(GROUP, members=GROUP.members[:3]),)
    await run.scanned(0)  # notices
    (scan,) = await run.scanned()
    assert len(scan.members) == 3
    run.groups.all = ()
    await run.take(*closes("M2"))
    assert await run.scanned() == []


async def test_events_of_an_old_generation_change_nothing(worker: FakeWorker) -> None:
    run, event = Run(worker, GROUP), asked()
    worker.consumer_generation_id = 2
    await run.take(event)
    assert run.state.scans == {}
    assert not event.acknowledged


async def test_what_breaks_its_contract_is_put_aside(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    await run.take(*closes("M0"), FakeEvent(topics.SCAN_REQUESTS, b"{}"), asked())
    (letter,) = worker.publisher.on(topics.DEAD_LETTERS)
    assert letter.origin == "streams.divergence"
    assert "scan-1" in [scan.scan for scan in await run.scanned()]


async def test_a_scan_is_answered_at_once_and_says_what_it_awaits(worker: FakeWorker) -> None:
    run = Run(worker)
    await run.take(*closes("M0"), *closes("M2"))
    await run.take(asked())
    (scan,) = await run.scanned(0)
    assert (scan.group, scan.scan, scan.pending) == ("scan-1", "scan-1", 2)
    assert [member.closes > 0 for member in scan.members] == [True, False, True]


async def test_a_scan_goes_on_until_its_closes_are_there(worker: FakeWorker) -> None:
    run = Run(worker)
    await run.take(*closes("M0"), *closes("M2"), asked())
    await run.scanned()
    new = {"fetched_ms": NOW_MS + 7}
    await run.take(said("M1", "fetched", **new), *closes("M3", **new), said("M3", "fetched", **new))
    assert [scan.pending for scan in await run.scanned()] == [1]  # the closes are on their way
    await run.take(*closes("M1", **new))
    (last,) = await run.scanned()
    assert (last.pending, last.complete) == (0, True)
    assert run.state.scans == {}


async def test_what_nobody_can_give_is_given_up(worker: FakeWorker) -> None:
    run = Run(worker)
    await run.take(*closes("M0"), *closes("M2"), *closes("M3"), asked())
    await run.take(said("M1", "refused"), said("M3", "fetched"))
    (scan,) = await run.scanned()
    assert scan.pending == 0
    assert run.state.scans == {}


async def test_what_waits_for_a_quota_is_not_pending_but_still_comes(worker: FakeWorker) -> None:
    run = Run(worker)
    await run.take(*closes("M0"), *closes("M2"), *closes("M3"), asked())
    await run.take(said("M1", "queued"), said("M1", "waiting"), said("M3", "fetched"))
    assert [scan.pending for scan in await run.scanned()] == [0]
    await run.take(*closes("M1", fetched_ms=NOW_MS + 9))
    await run.take(said("M1", "fetched", ms=10, fetched_ms=NOW_MS + 9))
    (last,) = await run.scanned()
    assert (last.scan, last.complete) == ("scan-1", True)
    assert run.state.scans == {}


async def test_words_from_before_a_request_say_nothing_and_later_ones_may_be_read_first(
    worker: FakeWorker,
) -> None:
    run = Run(worker)
    await run.take(*closes("M0"), said("M1", "refused", ms=-1), said("M3", "refused", ms=1))
    await run.take(asked())
    assert [scan.pending for scan in await run.scanned()] == [1]


async def test_a_scan_asked_for_ten_times_runs_once(worker: FakeWorker) -> None:
    run = Run(worker)
    await run.take(*closes("M0"), *[asked() for _ in range(5)])
    assert len(await run.scanned()) == 1
    await run.take(*[asked() for _ in range(5)])
    assert await run.scanned() == []


async def test_an_open_scan_survives_a_restart(worker: FakeWorker) -> None:
    run = Run(worker)
    await run.take(*closes("M0"), asked(), said("M1", "refused"))
    again = Run(worker)
    assert [scan.pending for scan in await again.scanned()] == [1]


async def test_several_groups_are_one_scan(worker: FakeWorker) -> None:
    both = (PASTED, replace(BASKET, id="b"))
    run = Run(worker)
    await run.take(*closes("M0"), asked(replace(REQUEST, baskets=both, awaited=())))
    assert [(scan.group, scan.scan) for scan in await run.scanned()] == [
        ("scan-1", "scan-1"),
        ("b", "scan-1"),
    ]
    assert run.state.scans == {}


async def test_a_scan_that_cannot_be_told_is_told_later(
    worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise BrokerUnavailable("away")

    run = Run(worker)
    await run.take(*closes("M0"), asked(replace(REQUEST, awaited=())))
    with monkeypatch.context() as broken:
        broken.setattr(worker.publisher, "publish", away)
        assert await run.scanned() == []
    assert len(await run.scanned(2 * LATER_S)) == 1


async def test_a_scan_is_not_waited_for_longer_than_a_day_and_a_bit(worker: FakeWorker) -> None:
    run = Run(worker)
    await run.take(*closes("M0"), asked())
    await run.scanned(now_ms=NOW_MS + 27 * 3_600_000)
    assert run.state.scans == {}
    await run.state.saves.save()
    assert not any(key.startswith("scan|") for key in worker.tables["scans"].data)


async def test_closes_of_all_groups_are_asked_for(worker: FakeWorker) -> None:
    run = Run(worker, GROUP)
    await run.take(*closes("M0"))
    await run.daily.ask(run.now_s(), NOW_MS)
    asked_for = worker.publisher.on(topics.CLOSE_REQUESTS)
    assert [request.symbol for request in asked_for] == ["M1", "M2", "M3"]
    await run.daily.ask(run.now_s() + 9 * ASK_EVERY_S, NOW_MS)
    assert worker.publisher.on(topics.CLOSE_REQUESTS) == asked_for
