"""A worker killed and started again: how long until its next bar.

uv run python -m benchmarks.restart
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from benchmarks import worlds
from oddlot import kafka
from oddlot.contracts import topics

ROUNDS = 5
SIZE = 25
WAIT_S = 60.0
PACE_S = 0.02


async def main() -> None:
    """Print seconds from the start of the new worker to its first bar."""
    with worlds.broker() as settings:
        async with (
            kafka.subscribe(settings, [topics.BARS], start="earliest") as bars,
            kafka.connect(settings) as publisher,
        ):
            publishing = asyncio.create_task(_publish(publisher))
            for turn in range(ROUNDS + 1):
                began = time.perf_counter()
                with worlds.worker(settings, pinned=False) as running:
                    found_s = await _next_bar(bars, began)
                    running.kill()
                    running.wait()
                await bars.read(limit=10_000, wait_ms=500)  # what the dead one still said
                if turn:
                    print(f"killed, started again: first bar after {found_s:.1f} s", flush=True)
            publishing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await publishing


async def _publish(publisher: kafka.Publisher) -> None:
    whole = worlds.recorded_trades("usdm_btcusdt_20240808.gz")
    for batch in worlds.repeated(whole, 100, SIZE):
        await publisher.publish(topics.TICKS, [batch], arrival_ms=worlds.now_ms())
        await asyncio.sleep(PACE_S)


async def _next_bar(bars: kafka.Subscription, began: float) -> float:
    while time.perf_counter() - began < WAIT_S:
        if await bars.read(limit=10_000, wait_ms=100):
            return time.perf_counter() - began
    raise TimeoutError(f"no bar within {WAIT_S:.0f} s")


if __name__ == "__main__":
    asyncio.run(main())
