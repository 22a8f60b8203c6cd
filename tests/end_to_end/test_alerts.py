"""A worker that raises alerts is killed, again and again: each crossing is said exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path

import numpy as np
import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Alert, Pair, PairChange, Spread
from oddlot.quant.alerts import Watch, add_spread
from tests.end_to_end.systems import DEADLINE_S, System, running_system
from tests.end_to_end.test_kills import now_ms
from tests.waiting import beside

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

FILED = Pair(y="BTCUSDT", x="ETHUSDT")
ADDED = Pair(y="ADAUSDT", x="DOTUSDT", enter_z=1.5, leave_z=0.25, cooldown_bars=0)
SLICE = 40  # rows published in one go
PAUSE_S = 0.25  # between them, while the trouble lasts; it must not outlast the rows
SEED = 4
PARTS = "alerts"


def market(pair: Pair, rng: np.random.Generator, count: int) -> list[Spread]:
    """Give rows whose z wanders about home and out, with stale ones among them."""
    z = 0.0
    rows = []
    for second in range(1, count + 1):
        z = 0.9 * z + rng.normal()
        stale = bool(rng.random() < 0.05)
        rows.append(
            Spread(
                pair=pair.id,
                y=pair.y,
                x=pair.x,
                interval="1s",
                open_ms=second * 1_000,
                y_close=100.0 + second,
                x_close=50.0,
                hedge_ratio=2.0,
                intercept=0.5,
                r_squared=0.9,
                spread=z,
                z=None if stale else z,
                correlation=0.5,
                n=300,
                window=300,
                warm=True,
                stale=stale,
                prices="level",
            )
        )
    return rows


def expected(pair: Pair, rows: list[Spread]) -> list[Alert]:
    """Fold all rows of a pair in one go."""
    watch, said = Watch(), []
    for row in rows:
        watch, alerts = add_spread(watch, row, pair)
        said += alerts
    return said


async def publish(
    system: System, rows: list[Spread], over: asyncio.Event, *, pause_s: float
) -> None:
    """Publish slowly until the trouble is over; now and then some again, as after a kill."""
    rng = random.Random(SEED)
    async with kafka.connect(system.settings) as publisher:
        for first in range(0, len(rows), SLICE):
            again = max(0, first - rng.choice([0, 0, 0, SLICE // 2]))
            part = rows[again : first + SLICE]
            await publisher.publish(topics.SPREADS, part, arrival_ms=now_ms())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), pause_s)


async def follow(system: System, said: list[Alert], grown: asyncio.Event) -> None:
    """Read all alerts from the beginning, until cancelled."""
    async with kafka.subscribe(system.settings, [topics.ALERTS], start="earliest") as reading:
        while True:
            for record in await reading.read(limit=1_000, wait_ms=100):
                said.append(topics.ALERTS.codec.decode(record.payload))
                grown.set()


async def kill_five_times(system: System, grown: asyncio.Event) -> None:
    """Kill in mid-work, at moments that have nothing to do with it."""
    rng = random.Random(SEED)
    for _ in range(5):
        worker = system.start_worker(parts=PARTS)
        await progress(grown)
        await asyncio.sleep(rng.uniform(0, 1.5))
        worker.kill()
    system.start_worker(parts=PARTS)


async def let_another_come_and_go(system: System, grown: asyncio.Event) -> None:
    """Let a worker that is catching up, its buffers full, go through two rebalances."""
    system.start_worker(1, parts=PARTS)
    await progress(grown)
    another = system.start_worker(2, parts=PARTS)
    await asyncio.to_thread(another.until_said, "Worker ready")
    another.kill()  # its place is given up ten seconds later
    await progress(grown)


async def progress(grown: asyncio.Event) -> None:
    """Wait for an alert."""
    grown.clear()
    await asyncio.wait_for(grown.wait(), DEADLINE_S)


@pytest.mark.parametrize(
    ("trouble", "rows_each", "pause_s"),
    [(kill_five_times, 20_000, PAUSE_S), (let_another_come_and_go, 60_000, 0.0)],
)
async def test_each_crossing_is_said_exactly_once(
    tmp_path: Path, trouble, rows_each: int, pause_s: float
) -> None:
    rng = np.random.default_rng(SEED)
    both = {pair: market(pair, rng, rows_each) for pair in (FILED, ADDED)}
    wanted = {pair.id: expected(pair, rows) for pair, rows in both.items()}
    total = sum(map(len, wanted.values()))
    rows = [row for rows in zip(*both.values(), strict=True) for row in rows]
    said: list[Alert] = []
    grown, over = asyncio.Event(), asyncio.Event()
    with running_system(tmp_path, with_store=False) as system:
        async with kafka.connect(system.settings) as publisher:
            change = PairChange(pair=ADDED.id, watched=ADDED, changed_ms=now_ms())
            await publisher.publish(topics.PAIRS, [change], arrival_ms=now_ms())
        following = follow(system, said, grown)
        publishing = publish(system, rows, over, pause_s=pause_s)
        async with beside(following), beside(publishing) as done:
            await trouble(system, grown)
            over.set()
            await asyncio.wait_for(done, DEADLINE_S)
            async with asyncio.timeout(DEADLINE_S):
                while len(said) < total:
                    grown.clear()
                    await grown.wait()
    assert {pair: [a for a in said if a.subject == pair] for pair in wanted} == wanted
