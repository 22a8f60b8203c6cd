"""streams.pair_tests: once a minute, the same in every replay, and in nobody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future
from typing import Any

import psutil
import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import Pair, PairTest
from oddlot.quant.fits import fit
from streams import pair_test_process, pair_tests
from streams.pair_test_process import PINNED, Request, closes
from streams.pair_tests import Waiting, make_pool, run
from tests.conftest import ROOT
from tests.fakes import MemoryPublisher
from tests.streams import probes
from tests.streams.test_spreads import PAIR, Run, bar, market
from tests.streams.workers import FakeEvent, FakeWorker
from tests.waiting import beside, until

OTHER = Pair(y="ETHUSDT", x="BTCUSDT", window=30, intervals=("1s",))
MINUTE_S = 60


def waiting_worker() -> tuple[FakeWorker, Waiting]:
    worker = FakeWorker()
    worker.tests = waiting = Waiting()
    return worker, waiting


async def taken(waiting: Waiting) -> list[tuple[str, int]]:
    """Give what waits now: pair and second of each."""
    found = []
    while waiting.count:
        found += [(r.pair.id, r.open_ms // 1_000) for r in await waiting.take(3)]
    return found


async def offered(events: list[FakeEvent], *pairs: Pair, size: int = 1) -> list[tuple[str, int]]:
    """Give all that is offered when each is taken at once."""
    worker, waiting = waiting_worker()
    life, found = Run(worker, *pairs), []
    for first in range(0, len(events), size):
        await life.deal(events[first : first + size])
        found += await taken(waiting)
    return found


async def test_the_first_row_of_each_minute_is_tested():
    found = await offered(market(200), PAIR)
    assert found == [(PAIR.id, second) for second in (1, 60, 120, 180)]


async def test_a_minute_that_begins_late_is_tested_at_its_first_row():
    events = [e for e in market(130) if not 60_000 <= opens(e) < 63_000]
    assert await offered(events, PAIR) == [(PAIR.id, second) for second in (1, 63, 120)]


def opens(event: FakeEvent) -> int:
    message = topics.BY_NAME[event.message.topic].codec.decode(event.value)
    return message.open_ms  # type: ignore[union-attr]


@pytest.mark.parametrize("at", [100, 119, 120, 121, 122, 150])
async def test_a_restart_moves_no_test(at):
    events = market(100)
    worker, waiting = waiting_worker()
    found = []
    for part in (events[:at], events[at:]):
        life = Run(worker, PAIR)
        worker.tests = waiting = Waiting()
        for event in part:
            await life.deal([event])
            found += await taken(waiting)
    assert found == [(PAIR.id, 1), (PAIR.id, 60)]


async def test_a_pair_added_in_mid_minute_waits_for_the_next_one():
    worker, waiting = waiting_worker()
    life, events = Run(worker, PAIR), market(130)
    await life.deal(events[:180])
    await taken(waiting)
    await life.watch(PAIR, OTHER)
    for event in events[180:]:
        await life.deal([event])
    assert await taken(waiting) == [(PAIR.id, 120), (OTHER.id, 120)]


@pytest.mark.parametrize("size", [7, 50, 1_000])
async def test_of_a_backlog_the_newest_minute_of_each_pair_waits(size):
    worker, waiting = waiting_worker()
    await Run(worker, PAIR, OTHER).deal(market(200), size=size)
    assert sorted(await taken(waiting)) == sorted([(PAIR.id, 180), (OTHER.id, 180)])


async def test_the_longer_intervals_are_tested_at_every_row():
    minutely = Pair(y="BTCUSDT", x="ETHUSDT", window=20, intervals=("1m",))
    both = ("BTCUSDT", "ETHUSDT")
    bars = [bar(s, m * MINUTE_S, 100.0 + m, interval="1m") for m in range(1, 4) for s in both]
    assert await offered(bars, minutely) == [(PAIR.id, m * MINUTE_S) for m in range(1, 4)]


async def request_at(second: int, pair: Pair = PAIR) -> tuple[Request, Any]:
    """Give a request that was taken long after its row, and the row."""
    worker, waiting = waiting_worker()
    await Run(worker, pair).deal(market(second + 40))
    (request,) = await waiting.take(1)
    assert request.open_ms == second * 1_000
    rows = {row.open_ms: row for row in worker.publisher.on(topics.SPREADS)}
    return request, rows[request.open_ms]


async def test_what_is_tested_are_the_closes_behind_the_figures_of_the_row():
    request, row = await request_at(120)
    y, x = closes(request)
    assert (len(y), y[-1], x[-1]) == (row.n, row.y_close, row.x_close)
    assert fit(y[None], x[None], prices="level").z[0] == pytest.approx(row.z, rel=1e-9)


class InLine(Executor):
    """Does the work at once; `troubles` are raised instead, one a call."""

    def __init__(self, *troubles: Exception) -> None:
        self.troubles = list(troubles)

    def submit(self, call: Any, /, *args: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.troubles:
            future.set_exception(self.troubles.pop(0))
        else:
            future.set_result(call(*args))
        return future


async def results_of(waiting: Waiting, make: Any, count: int) -> list[PairTest]:
    """Run until so many tests are published."""
    publisher = MemoryPublisher()
    async with beside(run(waiting, publisher, make)) as running:
        await until(lambda: running.done() or len(publisher.on(topics.PAIR_TESTS)) >= count)
    return publisher.on(topics.PAIR_TESTS)


@pytest.fixture
async def waiting() -> Waiting:
    worker, waiting = waiting_worker()
    await Run(worker, PAIR, OTHER).deal(market(130))
    return waiting


async def test_tests_are_done_in_a_process_and_published(waiting):
    done = await results_of(waiting, make_pool, 2)
    assert {(test.pair, test.open_ms, test.n) for test in done} == {
        (PAIR.id, 120_000, 20),
        (OTHER.id, 120_000, 30),
    }
    assert all(test.verdict for test in done)


async def test_a_test_that_fails_does_not_end_the_others(waiting, monkeypatch, caplog):
    monkeypatch.setattr(pair_tests, "AT_ONCE", 1)
    done = await results_of(waiting, lambda: InLine(ZeroDivisionError("a bug")), 1)
    assert [test.pair for test in done] == [OTHER.id]
    assert "1 pair tests failed" in caplog.text


async def test_a_process_that_dies_is_started_again(waiting, monkeypatch):
    monkeypatch.setattr(pair_tests, "RESTART_S", 0.0)
    monkeypatch.setattr(pair_tests, "AT_ONCE", 1)
    made = []

    def make() -> Executor:
        pool = make_pool()
        made.append(pool)
        if len(made) == 1:
            pool.submit(probes.die)
        return pool

    done = await results_of(waiting, make, 1)
    assert [test.pair for test in done] == [OTHER.id]
    assert len(made) == 2


def test_the_process_gives_way_and_counts_no_threads():
    with make_pool() as pool:
        pinned, niceness, is_late = pool.submit(probes.conditions).result(250)
    assert pinned == dict.fromkeys(PINNED, "1")
    assert niceness == os.nice(0) + pair_test_process.NICENESS
    assert not is_late, "numpy was loaded before its threads were pinned"


def test_the_process_ends_with_a_worker_that_is_killed():
    command = [sys.executable, "-m", "tests.streams.probes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as worker:
        assert worker.stdout is not None
        child = psutil.Process(int(worker.stdout.readline()))
        worker.send_signal(signal.SIGKILL)
    child.wait(timeout=20)
