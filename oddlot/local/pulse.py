"""Signal and health topics -> the figures of the status line."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Bar, FeedHealth
from oddlot.local.processes import Child
from oddlot.settings import Settings

WINDOW_S = 5.0  # figures are over the last few seconds
READ_RECORDS, READ_WAIT_MS = 5_000, 250
QUIET_AFTER_S = 5.0  # a feed that has not reported for that long is not well
LOST_BACKOFF_S = 1.0


class Pulse:
    """Follows a running system over its own topics."""

    def __init__(self) -> None:
        self._trades: deque[tuple[float, int]] = deque()
        self._bars: deque[tuple[float, int]] = deque()
        self._lags_ms: deque[tuple[float, int]] = deque()
        self._feeds: dict[str, tuple[float, FeedHealth]] = {}

    async def follow(self, settings: Settings) -> None:
        """Read until cancelled, coming back whenever the broker does."""
        while True:
            try:
                await self._read(settings)
            except errors.BrokerUnavailable:
                await asyncio.sleep(LOST_BACKOFF_S)

    def line(self, children: Sequence[Child]) -> str:
        """Say in one line how the system is doing right now."""
        now = time.monotonic()
        for figures in (self._trades, self._bars, self._lags_ms):
            while figures and figures[0][0] < now - WINDOW_S:
                figures.popleft()
        lag = (
            f"{statistics.median(ms for _, ms in self._lags_ms):,.0f} ms" if self._lags_ms else "-"
        )
        ill = self._unhealthy(children, now)
        return " · ".join(
            [
                f"{_rate(self._trades):,.0f} trades/s",
                f"{_rate(self._bars):,.1f} bars/s",
                f"lag {lag}",
                "all well" if not ill else "; ".join(ill),
            ]
        )

    async def _read(self, settings: Settings) -> None:
        wanted: list[topics.Topic[Any]] = [topics.BARS, topics.FEED_HEALTH]
        async with kafka.subscribe(settings, wanted, start="latest") as subscription:
            while True:
                for record in await subscription.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS):
                    message = record.message()
                    if isinstance(message, Bar):
                        self._add_bar(message, record.arrival_ms)
                    elif isinstance(message, FeedHealth):
                        self._add_health(message)

    def _add_bar(self, bar: Bar, arrival_ms: int) -> None:
        now = time.monotonic()
        self._bars.append((now, 1))
        if bar.interval == "1s":
            self._lags_ms.append((now, time.time_ns() // 1_000_000 - arrival_ms))

    def _add_health(self, health: FeedHealth) -> None:
        now = time.monotonic()
        _, before = self._feeds.get(health.feed, (now, health))
        self._trades.append((now, max(0, health.trades_total - before.trades_total)))
        self._feeds[health.feed] = now, health

    def _unhealthy(self, children: Sequence[Child], now: float) -> list[str]:
        ill = [f"{c.process.name} {c.state}" for c in children if c.state != "ready"]
        for feed, (seen, health) in self._feeds.items():
            if now - seen > QUIET_AFTER_S:
                ill.append(f"{feed}: no report for {now - seen:.0f} s")
            elif not health.connected:
                ill.append(f"{feed}: {health.detail}")
        return ill


def _rate(figures: deque[tuple[float, int]]) -> float:
    return sum(n for _, n in figures) / WINDOW_S
