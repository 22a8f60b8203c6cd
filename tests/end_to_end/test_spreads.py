"""A worker that computes spreads is killed while pairs are added: every row is there, and right."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Bar, Pair, PairChange, Spread
from oddlot.quant import legs, pairs
from tests.end_to_end.systems import DEADLINE_S, System, running_system
from tests.end_to_end.test_kills import now_ms
from tests.waiting import beside

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

FILED = Pair(y="BTCUSDT", x="ETHUSDT")  # as in peer_groups
ADDED = Pair(y="ADAUSDT", x="BTCUSDT", window=50, intervals=("1s",))
BY_KALMAN = Pair(y="SOLUSDT", x="ETHUSDT", window=40, hedge="kalman", intervals=("1s",))
SYMBOLS = ("ADAUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT")
SECONDS = 2_500
ADDED_AT_S = 300  # pairs are added while the bars of that second are published, or later
SLICE_S = 10  # seconds published in one go
PAUSE_S = 0.4  # between them, while the trouble lasts; it must not outlast the bars
SEED = 11
PARTS = "spreads"


class Watch:
    """Reads signals.spreads from its beginning, all the time."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, set[bytes]]] = defaultdict(lambda: defaultdict(set))
        self.grown = asyncio.Event()

    async def follow(self, system: System) -> None:
        """Read until cancelled."""
        async with kafka.subscribe(system.settings, [topics.SPREADS], start="earliest") as reading:
            while True:
                for record in await reading.read(limit=5_000, wait_ms=100):
                    row = topics.SPREADS.codec.decode(record.payload)
                    if row.interval == "1s":
                        self.rows[row.pair][row.open_ms].add(record.payload)
                    self.grown.set()

    async def progress(self) -> None:
        """Wait for rows that were not there before."""
        self.grown.clear()
        await asyncio.wait_for(self.grown.wait(), DEADLINE_S)

    async def until(self, pair: Pair, open_ms: int) -> None:
        """Wait for a row of a pair, or a later one: where it begins depends on the machine."""
        async with asyncio.timeout(DEADLINE_S):
            while max(self.rows[pair.id], default=0) < open_ms:
                await self.progress()


def market() -> list[list[Bar]]:
    """Give the bars of each second; symbols leave out some."""
    rng = np.random.default_rng(SEED)
    walks = 100 + rng.normal(size=(len(SYMBOLS), SECONDS)).cumsum(axis=1) / 10
    seconds = []
    for second in range(SECONDS):
        bars = []
        for symbol, walk in zip(SYMBOLS, walks, strict=True):
            if second in {0, SECONDS - 1} or rng.random() < 0.9:
                close = float(walk[second])
                bars.append(
                    Bar(
                        symbol=symbol,
                        interval="1s",
                        open_ms=(second + 1) * 1_000,
                        open=close,
                        high=close,
                        low=close,
                        close=close,
                        volume=1.0,
                        quote_volume=close,
                        taker_buy_volume=0.0,
                        trades=1,
                        first_id=second,
                        last_id=second,
                        complete=True,
                    )
                )
        seconds.append(bars)
    return seconds


def expected(pair: Pair, seconds: list[list[Bar]]) -> dict[int, Spread]:
    """Compute every row of a pair in one go."""
    both = {pair.y: legs.Leg(), pair.x: legs.Leg()}
    for bars in seconds:
        for bar in bars:
            if bar.symbol in both:
                both[bar.symbol] = legs.add_bar(both[bar.symbol], bar.open_ms, bar.close, 1_000)
    found = pairs.spreads_since(pair, "1s", both[pair.y], both[pair.x], since_ms=0)
    return {row.open_ms: row for row in found}


async def publish(system: System, seconds: list[list[Bar]], over: asyncio.Event) -> None:
    """Publish slowly until the trouble is over; add pairs on the way."""
    left = list(seconds)
    async with kafka.connect(system.settings) as publisher:
        while left:
            bars = [bar for second in left[:SLICE_S] for bar in second]
            await publisher.publish(topics.BARS, bars, arrival_ms=now_ms())
            if left[0][0].open_ms // 1_000 == ADDED_AT_S + 1:
                added = [
                    PairChange(pair=pair.id, watched=pair, changed_ms=now_ms())
                    for pair in (ADDED, BY_KALMAN)
                ]
                await publisher.publish(topics.PAIRS, added, arrival_ms=now_ms())
            del left[:SLICE_S]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), PAUSE_S)


async def kill_four_times(system: System, watch: Watch) -> None:
    """Kill in mid-work, before and after pairs are added."""
    rng = random.Random(SEED)
    for _ in range(4):
        worker = system.start_worker(parts=PARTS)
        await watch.progress()
        await asyncio.sleep(rng.uniform(0, 1.5))  # a moment that has nothing to do with the work
        worker.kill()
    system.start_worker(parts=PARTS)


async def let_a_second_worker_take_over(system: System, watch: Watch) -> None:
    """Let a second worker stand by, and the first one die after the pairs were added."""
    first = system.start_worker(1, parts=PARTS)
    await watch.progress()
    system.start_worker(2, parts=PARTS)
    await watch.until(ADDED, (ADDED_AT_S + 100) * 1_000)
    first.kill()
    await watch.progress()


@pytest.mark.parametrize("trouble", [kill_four_times, let_a_second_worker_take_over])
async def test_every_row_is_there_and_right_whatever_happens(tmp_path: Path, trouble) -> None:
    seconds = market()
    wanted = {pair.id: expected(pair, seconds) for pair in (FILED, ADDED, BY_KALMAN)}
    with running_system(tmp_path, with_store=False) as system:
        watch, over = Watch(), asyncio.Event()
        following, publishing = watch.follow(system), publish(system, seconds, over)
        async with beside(following), beside(publishing) as done:
            await trouble(system, watch)
            over.set()
            await asyncio.wait_for(done, DEADLINE_S)
            for pair in (FILED, ADDED, BY_KALMAN):
                await watch.until(pair, max(wanted[pair.id]))
    encode = topics.SPREADS.codec.encode
    for pair in (FILED, ADDED, BY_KALMAN):
        rows, all_rows = watch.rows[pair.id], wanted[pair.id]
        first_ms = min(rows)  # of a pair added: warm at once, as if it had always been watched
        assert pair is not FILED or first_ms == min(all_rows)
        assert rows == {
            open_ms: {encode(row)} for open_ms, row in all_rows.items() if open_ms >= first_ms
        }
