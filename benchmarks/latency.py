"""Frame on the WebSocket -> spread signal off Kafka: how long it takes, at two rates.

    uv run python -m benchmarks.latency

A venue made for the purpose sends aggTrade frames of ten symbols and notes when the first frame
of each second leaves. The real producer (batches cut every 20 ms), broker and worker stand
between. The signal of a bar is timed against the later of the frames that closed its legs' bars.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import defaultdict

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.protocol import State

from benchmarks import worlds
from oddlot import kafka, peer_groups
from oddlot.contracts import topics
from oddlot.contracts.messages import Spread
from oddlot.local import roles
from oddlot.settings import LOOPBACK, Settings

RATES = (1_000, 20_000)
SECONDS = 40
WARM_UP = 10  # seconds at the start that do not count
WALK = 10_000  # prices of a symbol before they come again
TURN_S = 0.001  # between turns: a venue sends each trade as it happens
QUANTILES = (50, 90, 99, 100)


class Venue:
    """Sends trades of ten symbols at a rate, each with the time at which it leaves."""

    def __init__(self, symbols: tuple[str, ...], rate: int) -> None:
        self._symbols, self._rate = symbols, rate
        walk = np.random.default_rng(1).normal(0, 1e-5, (len(symbols), WALK)).cumsum(axis=1)
        self._prices = dict(zip(symbols, (1_000 * (1 + walk)).round(2).tolist(), strict=True))
        self._ids = dict.fromkeys(symbols, 0)
        self.first_frame: dict[str, dict[int, float]] = defaultdict(dict)

    async def serve_client(self, socket: ServerConnection) -> None:
        """Send until the client goes."""
        began, sent = time.perf_counter(), 0
        while socket.state is State.OPEN:
            due = int((time.perf_counter() - began) * self._rate)
            symbols = (self._symbols[n % len(self._symbols)] for n in range(sent, due))
            # One write for all that is due: a venue has cores of its own, ours shares two.
            socket.transport.write(b"".join(_framed(self._frame(each)) for each in symbols))
            sent = max(sent, due)
            await asyncio.sleep(TURN_S)

    def _frame(self, symbol: str) -> str:
        now_ms = worlds.now_ms()
        self.first_frame[symbol].setdefault(now_ms // 1_000, time.perf_counter())
        trade_id = self._ids[symbol] = self._ids[symbol] + 1
        price = self._prices[symbol][trade_id % WALK]
        return (
            f'{{"stream":"{symbol.lower()}@aggTrade","data":{{"e":"aggTrade","E":{now_ms},'
            f'"s":"{symbol}","a":{trade_id},"f":{trade_id},"l":{trade_id},"p":"{price}",'
            f'"q":"0.010","T":{now_ms},"m":false}}}}'
        )


def _framed(text: str) -> bytes:
    """Wrap a text of 126 to 65,535 bytes as a server does: RFC 6455, section 5.2."""
    return b"\x81\x7e" + len(text).to_bytes(2, "big") + text.encode()


async def main() -> None:
    """Print the quantiles for each rate."""
    for rate in RATES:
        with worlds.broker() as settings:
            found_ms = await measure(settings, rate)
        print(f"{rate:>6,} trades/s, frame to signal: {shown(found_ms)}", flush=True)


def shown(found_ms: list[float]) -> str:
    """Give the quantiles of latencies in words."""
    quantiles = zip(QUANTILES, np.percentile(found_ms, QUANTILES), strict=True)
    return "  ".join(f"p{q} {ms:6.1f} ms" for q, ms in quantiles) + f"  (n = {len(found_ms):,})"


async def measure(
    settings: Settings,
    rate: int,
    *,
    parts: str = "bars,spreads",
    warm_up: int = WARM_UP,
    seconds: int = SECONDS,
) -> list[float]:
    """Give the latency of each signal in ms, on a broker, of the pairs and groups that it has."""
    with contextlib.ExitStack() as stack:
        groups = peer_groups.load(settings.peer_groups_dir)
        venue = Venue(peer_groups.streaming_symbols(groups, "binance"), rate)
        async with serve(venue.serve_client, LOOPBACK, 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            stack.enter_context(worlds.worker(settings, parts, pinned=False))
            stack.enter_context(_producers(settings, port))
            return await _listen(settings, venue, warm_up, seconds)


def _producers(settings: Settings, port: int) -> contextlib.AbstractContextManager[object]:
    environment = {
        **roles.environment(settings),
        "ODDLOT_SIMULATED": "true",
        "ODDLOT_BINANCE_STREAM_URL": f"ws://{LOOPBACK}:{port}",
    }
    return worlds.process(settings, [sys.executable, "-m", "producers"], environment)


async def _listen(settings: Settings, venue: Venue, warm_up: int, seconds: int) -> list[float]:
    found_ms: list[float] = []
    first_second = 0
    async with kafka.subscribe(settings, [topics.SPREADS], start="latest") as subscription:
        until = time.perf_counter() + worlds.READY_DEADLINE_S
        while time.perf_counter() < until:
            records = await subscription.read(limit=5_000, wait_ms=100)
            now = time.perf_counter()
            for record in records:
                spread = record.message()
                if not isinstance(spread, Spread) or spread.interval != "1s":
                    continue
                if not first_second:
                    first_second = spread.open_ms // 1_000 + warm_up
                    until = now + warm_up + seconds
                closing = spread.open_ms // 1_000 + 1
                legs = venue.first_frame[spread.y], venue.first_frame[spread.x]
                if closing > first_second and all(closing in leg for leg in legs):
                    found_ms.append((now - max(leg[closing] for leg in legs)) * 1_000)
    return found_ms


if __name__ == "__main__":
    asyncio.run(main())
