"""Producers under test against exchanges on loopback, and what they have published."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

from oddlot import settings
from oddlot.contracts import topics
from oddlot.contracts.messages import FeedHealth, Ticks
from producers import binance
from producers.links import Patience
from sandbox.exchange import Exchange
from tests.fakes import MemoryPublisher
from tests.waiting import beside, until

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
# Deadlines short enough for tests, and long ones where a test is about another deadline.
LONG_S = 3_600.0
PATIENCE: dict[str, float] = {
    "connect_s": 5.0,
    "first_trade_s": LONG_S,
    "silence_s": LONG_S,
    "renew_s": LONG_S,
    "overlap_s": 5.0,
    "first_backoff_s": 0.02,
    "last_backoff_s": 0.1,
}


class Feed:
    """A producer under test and what it has published."""

    def __init__(self, publisher: MemoryPublisher, task: asyncio.Task[None]) -> None:
        self.publisher = publisher
        self.task = task

    @property
    def health(self) -> FeedHealth:
        return self.publisher.on(topics.FEED_HEALTH)[-1]

    @property
    def details(self) -> list[str]:
        return [health.detail for health in self.publisher.on(topics.FEED_HEALTH)]

    def batches(self, symbol: str) -> list[Ticks]:
        return [batch for batch in self.publisher.on(topics.TICKS) if batch.symbol == symbol]

    def ids(self, symbol: str = "BTCUSDT") -> list[int]:
        return [i for batch in self.batches(symbol) for i in batch.ids.tolist()]

    def count(self, symbol: str = "BTCUSDT") -> int:
        return sum(map(len, self.batches(symbol)))

    async def says(self, words: str) -> None:
        """Wait until the health says something."""
        await until(
            lambda: self.task.done() or any(words in detail for detail in self.details),
            what=f"{words!r} in {self.details[-3:]}",
        )
        if self.task.done():
            self.task.result()

    async def brings(self, more: int = 50, symbol: str = "BTCUSDT") -> None:
        """Wait for so many more trades of a symbol."""
        wanted = self.count(symbol) + more
        await until(lambda: self.count(symbol) >= wanted, what=f"{more} trades of {symbol}")


@contextlib.asynccontextmanager
async def feed_of(
    port: int,
    *,
    symbols: Sequence[str] = SYMBOLS,
    changes: binance.Changes | None = None,
    publisher: MemoryPublisher | None = None,
    route: str = "/market",
    knobs: dict[str, Any] | None = None,
    **patience: float,
) -> AsyncIterator[Feed]:
    publisher = publisher or MemoryPublisher()
    url = f"ws://127.0.0.1:{port}"
    running = binance.run(
        settings.load(binance_stream_url=url, simulated=True, **(knobs or {})),
        publisher,
        symbols=symbols,
        changes=changes,
        patience=Patience(**PATIENCE | patience),
        rng=random.Random(1),
        route=route,
    )
    async with beside(running) as task:
        yield Feed(publisher, task)


def newest(exchange: Exchange) -> int:
    row = exchange.tape.find(0, from_id=None, start_ms=None, end_ms=None, limit=1)[0]
    return int(row["a"])


def assert_contiguous(ids: list[int]) -> None:
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def assert_chained(batches: list[Ticks]) -> None:
    """Each batch names the id before it, also where the venue's ids jump."""
    last_id = None
    for batch in batches:
        assert batch.after_id == last_id
        last_id = int(batch.ids[-1]) if len(batch) else last_id
