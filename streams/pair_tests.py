"""Settled rows -> signals.pair-tests: whether spreads come back, once a minute, off the live path.

Fed by the spreads of the same worker, which have the closes at hand. A test takes a hundred times
what a row takes, so it is done in a process of its own; of what waits, the newest of each pair and
interval counts, and neither a crash nor a backlog of tests holds up anything else.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
from mode import Service

from oddlot.contracts import topics
from oddlot.contracts.messages import Int64s, Interval
from oddlot.kafka import Publisher
from oddlot.quant.desk import Desk, Settled
from oddlot.quant.legs import Leg
from streams import pair_test_process
from streams.pair_test_process import Request
from streams.worker import Worker

log = logging.getLogger(__name__)

EVERY_MS = 60_000  # of the venue's time: a replay tests the same rows
AT_ONCE = 8  # tests a call: some 40 ms, so that a worker need not wait long to stop
RESTART_S = 1.0
NEVER = -1


def attach(app: Worker) -> None:
    """Test what the spreads of this worker settle."""
    app.tests = waiting = Waiting()

    @app.service
    class PairTests(Service):
        """Starts and stops with the worker."""

        @Service.task
        async def _run(self) -> None:
            await run(waiting, app.publisher)


class Waiting:
    """The tests to do: at most one for each pair and interval, the newest."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, Interval], Request] = {}
        self._some = asyncio.Event()
        self._minutes: dict[Interval, tuple[Desk, Int64s]] = {}
        self.skipped = 0  # replaced by a newer one before their turn came

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self._requests)

    def offer(
        self,
        desk: Desk,
        rows: Settled,
        interval: Interval,
        legs: Mapping[str, Leg],
        *,
        arrival_ms: int,
    ) -> None:
        """Let those rows be tested that are the first of their minute.

        Parameters
        ----------
        desk, rows, interval : what has settled, and whose.
        legs : that it was settled from.
        arrival_ms : when the facts behind it reached us.
        """
        for i in self._due(desk, rows, interval, legs).tolist():
            pair = desk.pairs[rows.which[i]]
            request = Request(
                pair=pair,
                interval=interval,
                open_ms=int(rows.open_ms[i]),
                y=legs[pair.y],
                x=legs[pair.x],
                arrival_ms=arrival_ms,
            )
            self.skipped += self._requests.pop((pair.id, interval), None) is not None
            self._requests[pair.id, interval] = request
        if self._requests:
            self._some.set()

    async def take(self, limit: int) -> list[Request]:
        """Wait for some and give those that have waited longest."""
        await self._some.wait()
        keys = list(self._requests)[:limit]
        taken = [self._requests.pop(key) for key in keys]
        if not self._requests:
            self._some.clear()
        return taken

    def _due(
        self, desk: Desk, rows: Settled, interval: Interval, legs: Mapping[str, Leg]
    ) -> Int64s:
        """Give the rows that are the first of their minute, the newest of each pair."""
        known, last = self._minutes.get(interval, (None, np.empty(0, np.int64)))
        if known is not desk:
            last = np.full(len(desk.pairs), NEVER)
            self._minutes[interval] = desk, last
        minute = rows.open_ms // EVERY_MS
        new = np.flatnonzero(minute > last[rows.which])
        firsts = {}
        for i in new[np.unique(_keys(rows.which, minute)[new], return_index=True)[1]].tolist():
            which = int(rows.which[i])
            if last[which] != NEVER or _is_first(desk, rows, i, legs):
                firsts[which] = i
            last[which] = minute[i]
        found = np.array(list(firsts.values()), np.int64)
        return found[~rows.is_stale[found]]


def _keys(which: Int64s, minute: Int64s) -> Int64s:
    return which * (int(minute.max(initial=0)) + 1) + minute


def _is_first(desk: Desk, rows: Settled, i: int, legs: Mapping[str, Leg]) -> bool:
    """Tell by the legs alone whether a pair had no row before in the same minute."""
    pair, open_ms = desk.pairs[rows.which[i]], int(rows.open_ms[i])
    from_ms = open_ms // EVERY_MS * EVERY_MS
    y, x = legs[pair.y].open_ms, legs[pair.x].open_ms
    return all(
        np.searchsorted(opens, from_ms) == np.searchsorted(opens, open_ms) for opens in (y, x)
    )


def make_pool() -> ProcessPoolExecutor:
    """Make the process; it starts with the first test."""
    return ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn"), initializer=pair_test_process.begin
    )


async def run(
    waiting: Waiting, publisher: Publisher, make: Callable[[], Executor] = make_pool
) -> None:
    """Test until cancelled; whatever happens to a test, the next ones are done."""
    pool = make()
    try:
        while True:
            requests = await waiting.take(AT_ONCE)
            try:
                await test(pool, requests, publisher)
            except BrokenProcessPool:
                log.warning("the process of pair tests died; %d are left out", len(requests))
                pool.shutdown(wait=False)
                await asyncio.sleep(RESTART_S)
                pool = make()
            except Exception:
                log.exception("%d pair tests failed", len(requests))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


async def test(pool: Executor, requests: list[Request], publisher: Publisher) -> None:
    """Do some tests elsewhere and publish them."""
    done = asyncio.get_running_loop().run_in_executor(pool, pair_test_process.run, requests)
    arrival_ms = max(request.arrival_ms for request in requests)
    await publisher.publish(topics.PAIR_TESTS, await done, arrival_ms=arrival_ms)
