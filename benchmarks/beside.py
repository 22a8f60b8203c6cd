"""Signals of 1,000 pairs a second: how long they take, with and without tests of all pairs beside.

    uv run python -m benchmarks.beside

The venue, producer, broker and worker of `benchmarks.latency`, with 46 symbols. A test is the
verdict that the page shows: Engle-Granger with its lag search, ADF, half-life and Hurst exponent;
each pair has one a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json

from benchmarks import latency, worlds
from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Pair, PairChange
from oddlot.settings import Settings

PAIRS, SYMBOLS, WINDOW = 1_000, 46, 60
RATE = 1_000
WARM_UP, SECONDS = 90, 120  # the measured seconds hold two minutes, each with a test of every pair
RUNS = {"without tests": "bars,spreads", "with tests": "bars,spreads,pair_tests"}


async def main() -> None:
    """Print the quantiles of both runs, and how many tests were done meanwhile."""
    for name, parts in RUNS.items():
        with worlds.broker() as settings:
            await _watch(settings)
            tests: list[int] = []
            counting = asyncio.create_task(_count(settings, tests))
            found_ms = await latency.measure(
                settings, RATE, parts=parts, warm_up=WARM_UP, seconds=SECONDS
            )
            counting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await counting
        tested = f"{len(tests):,} tests"
        print(f"{name:>13}: {latency.shown(found_ms)}  {tested}", flush=True)


async def _watch(settings: Settings) -> None:
    """Make a group of symbols, and watch pairs of them."""
    symbols = [f"S{n:02}USDT" for n in range(SYMBOLS)]
    group = {
        "id": "made-up",
        "title": "Made up",
        "sector": "Crypto",
        "venue": "binance",
        "benchmark": symbols[0],
        "members": [{"symbol": symbol, "name": symbol} for symbol in symbols],
    }
    for file in settings.peer_groups_dir.iterdir():
        file.unlink()
    (settings.peer_groups_dir / "made-up.json").write_text(json.dumps(group))
    chosen = itertools.islice(itertools.combinations(symbols, 2), PAIRS)
    watched = [Pair(y=y, x=x, window=WINDOW, intervals=("1s",)) for y, x in chosen]
    changes = [PairChange(pair=p.id, watched=p, changed_ms=worlds.now_ms()) for p in watched]
    await kafka.create_topics(settings)
    async with kafka.connect(settings) as publisher:
        await publisher.publish(topics.PAIRS, changes, arrival_ms=worlds.now_ms())


async def _count(settings: Settings, tests: list[int]) -> None:
    """Note every test that is published, until cancelled."""
    async with kafka.subscribe(settings, [topics.PAIR_TESTS], start="earliest") as subscription:
        while True:
            found = await subscription.read(limit=5_000, wait_ms=1_000)
            tests += [record.offset for record in found]


if __name__ == "__main__":
    asyncio.run(main())
