"""Whoever is killed, whenever: the bars are the same, none missing, none wrong."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Bar, Ticks
from tests.builders import cut, ticks
from tests.end_to_end.systems import (
    CLOSE_MS,
    DEADLINE_S,
    System,
    expected_bars,
    key_of,
    recorded,
    running_system,
)
from tests.fixtures_kafka import start_broker, wait_until_ready
from tests.waiting import beside

pytestmark = [pytest.mark.broker, pytest.mark.real_data, pytest.mark.timeout(600)]

SIZE = 25  # ticks a batch: as many records as a live market makes in minutes
SLICE = 4  # batches of a symbol published in one go
PAUSE_S = 0.2  # between slices, while the trouble lasts
SEED = 20240808
PARTS = "bars"


class Watch:
    """Reads market.bars from its beginning, all the time."""

    def __init__(self) -> None:
        self.bars: list[Bar] = []
        self._grown = asyncio.Condition()

    async def follow(self, system: System) -> None:
        """Read until cancelled; the broker may come and go."""
        async with kafka.subscribe(system.settings, [topics.BARS], start="earliest") as reading:
            while True:
                records = await reading.read(limit=1_000, wait_ms=100)
                async with self._grown:
                    self.bars += [record.message() for record in records]  # type: ignore[misc]
                    self._grown.notify_all()

    async def progress(self) -> None:
        """Wait for bars that were not there before."""
        before = {key_of(bar) for bar in self.bars}
        await self.until(lambda bars: {key_of(bar) for bar in bars} - before)

    async def until(self, enough: Callable[[list[Bar]], object]) -> None:
        """Wait until the bars read so far are enough."""
        async with self._grown:
            await asyncio.wait_for(self._grown.wait_for(lambda: enough(self.bars)), DEADLINE_S)


async def kill_the_worker_ten_times(system: System, watch: Watch) -> None:
    """Kill in mid-work; three times already while the worker recovers."""
    rng = random.Random(SEED)
    recovering = rng.sample(range(10), 3)
    for turn in range(10):
        worker = system.start_worker(parts=PARTS)
        if turn not in recovering:
            await watch.progress()
        await asyncio.sleep(rng.uniform(0, 3))  # a moment that has nothing to do with the work
        worker.kill()
    system.start_worker(parts=PARTS)


async def let_two_workers_come_and_go(system: System, watch: Watch) -> None:
    """Let a second worker join, leave, join again, outlive the first, and die."""
    first = system.start_worker(1, parts=PARTS)
    await watch.progress()
    second = system.start_worker(2, parts=PARTS)
    await watch.progress()
    await asyncio.sleep(5)  # so that it joins in the midst of the work, if the machine is fast
    second.stop()
    await watch.progress()
    system.start_worker(2, parts=PARTS)
    await watch.progress()
    await asyncio.sleep(5)
    first.kill()
    await watch.progress()
    system.start_worker(1, parts=PARTS)
    await watch.progress()


async def take_the_broker_away(system: System, watch: Watch) -> None:
    """Kill the broker twice, once for some seconds."""
    system.start_worker(parts=PARTS)
    for gone_s in (0, 8):
        await watch.progress()
        await watch.progress()
        system.broker.kill()
        system.broker.wait()
        await asyncio.sleep(gone_s)
        system.broker = start_broker(system.settings)
        await asyncio.to_thread(wait_until_ready, system.settings, system.broker)
    await watch.progress()


@pytest.mark.parametrize(
    "trouble", [kill_the_worker_ten_times, let_two_workers_come_and_go, take_the_broker_away]
)
async def test_the_bars_are_the_same_whatever_happens(
    real_data: Path, tmp_path: Path, trouble: Callable[[System, Watch], Awaitable[None]]
):
    wholes = recorded(real_data)
    expected = {key_of(bar): bar for bar in expected_bars(wholes)}
    with running_system(tmp_path, with_store=False) as system:
        watch, over = Watch(), asyncio.Event()
        async with beside(watch.follow(system)), beside(publish(system, wholes, over)) as done:
            await trouble(system, watch)
            over.set()
            await asyncio.wait_for(done, DEADLINE_S)
            await watch.until(lambda bars: {key_of(bar) for bar in bars} >= expected.keys())
    assert [bar for bar in watch.bars if expected.get(key_of(bar)) != bar] == []


async def publish(system: System, wholes: list[Ticks], over: asyncio.Event) -> None:
    """Publish the recordings side by side, slowly until the trouble is over."""
    left = [cut(whole, range(0, len(whole), SIZE)) for whole in wholes]
    async with kafka.connect(system.settings) as publisher:
        while any(left):
            for pieces in left:
                await publisher.publish(topics.TICKS, pieces[:SLICE], arrival_ms=now_ms())
                del pieces[:SLICE]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), PAUSE_S)
        for whole in wholes:
            end = ticks(ids=[], event_ms=[], symbol=whole.symbol, watermark_ms=CLOSE_MS)
            await publisher.publish(topics.TICKS, [end], arrival_ms=now_ms())


def now_ms() -> int:
    """Give our clock: records of long ago would be deleted by the topic's retention."""
    return time.time_ns() // 1_000_000
