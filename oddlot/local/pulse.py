"""Signal and health topics -> the figures of the status line."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Bar, FeedHealth
from oddlot.local.processes import Child
from oddlot.settings import Settings

WINDOW_S = 5.0  # figures are over the last few seconds
READ_RECORDS, READ_WAIT_MS = 5_000, 250
QUIET_AFTER_S = 5.0  # a feed that has not reported for that long is not well
NO_BARS_AFTER_S = 10.0  # trades come in and no second of any symbol closes
LOST_BACKOFF_S = 1.0
WELL = ("ready", "running")


class Reader(Protocol):
    """Something that gives records, as `kafka.Subscription` does."""

    async def read(self, *, limit: int, wait_ms: int) -> list[kafka.Record]:
        """Give what has come."""


class Pulse:
    """Follows a running system over its own topics."""

    def __init__(self, *, awaits_bars: bool = True) -> None:
        """Begin with nothing seen.

        Parameters
        ----------
        awaits_bars : this system makes bars itself, so trades without bars are not well.
        """
        self._awaits_bars = awaits_bars
        self._bars: deque[float] = deque()
        self._lags_ms: deque[tuple[float, int]] = deque()
        self._feeds: dict[str, deque[tuple[float, FeedHealth]]] = {}
        self._last_bar = time.monotonic()  # nothing is late yet

    @property
    def sees_bars(self) -> bool:
        """Whether bars are coming in: what flows from the venue reaches the end of the streams."""
        return bool(self._lags_ms)

    async def follow(self, settings: Settings) -> None:
        """Read until cancelled, coming back whenever the broker does.

        Parameters
        ----------
        settings : where the broker is.
        """
        wanted: list[topics.Topic[Any]] = [topics.BARS, topics.FEED_HEALTH]
        while True:
            try:
                async with kafka.subscribe(settings, wanted, start="latest") as subscription:
                    while True:
                        await self.read_once(subscription)
            except errors.BrokerUnavailable:
                await asyncio.sleep(LOST_BACKOFF_S)

    async def read_once(self, reader: Reader) -> None:
        """Take in what has come; a message that breaks its contract is not ours to tell.

        Parameters
        ----------
        reader : of bars and feed health.
        """
        for record in await reader.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS):
            try:
                message = record.message()
            except errors.BadMessage:
                continue
            if isinstance(message, Bar):
                self._add_bar(message, record.arrival_ms)
            elif isinstance(message, FeedHealth):
                self._feeds.setdefault(message.feed, deque()).append((time.monotonic(), message))

    def line(self, children: Sequence[Child]) -> str:
        """Say in one line how the system is doing right now.

        Parameters
        ----------
        children : the processes that run.
        """
        now = time.monotonic()
        self._forget(now - WINDOW_S)
        lags = [ms for _, ms in self._lags_ms]
        trades = sum(_rate(reports) for reports in self._feeds.values())
        return " · ".join(
            [
                f"{trades:,.0f} trades/s",
                f"{len(self._bars) / WINDOW_S:,.1f} bars/s",
                f"lag {statistics.median(lags):,.0f} ms" if lags else "lag -",
                "; ".join(self.troubles(children)) or "all well",
            ]
        )

    def troubles(self, children: Sequence[Child]) -> list[str]:
        """Say what is not well, in plain words.

        Parameters
        ----------
        children : the processes that run.
        """
        ill = [f"{c.process.name} {c.state}" for c in children if c.state not in WELL]
        ill += self.feed_troubles().values()
        trades = any(_rate(reports) > 0 for reports in self._feeds.values())
        barless = self._awaits_bars and time.monotonic() - self._last_bar > NO_BARS_AFTER_S
        if not ill and trades and barless:
            ill.append("streams: trades come in, no bars come out")
        names = {child.process.name for child in children}
        if not ill and "producers" in names and not self._feeds:
            ill.append("producers: no report yet")
        return ill

    def feed_troubles(self) -> dict[str, str]:
        """Say of each feed that is needed and not well what is wrong and what is being done."""
        now, ill = time.monotonic(), {}
        for feed, reports in self._feeds.items():
            seen, health = reports[-1]
            if health.optional:
                continue  # what it is waiting for may never come; the pages say so
            if now - seen > QUIET_AFTER_S:
                ill[feed] = f"{feed}: no report for {now - seen:.0f} s"
            elif not health.connected:
                ill[feed] = f"{feed}: {health.detail}"
        return ill

    def _forget(self, before: float) -> None:
        while self._bars and self._bars[0] < before:
            self._bars.popleft()
        while self._lags_ms and self._lags_ms[0][0] < before:
            self._lags_ms.popleft()
        for reports in self._feeds.values():
            while len(reports) > 1 and reports[0][0] < before:
                reports.popleft()

    def _add_bar(self, bar: Bar, arrival_ms: int) -> None:
        now = time.monotonic()
        self._bars.append(now)
        self._last_bar = now
        if bar.interval == "1s":
            self._lags_ms.append((now, time.time_ns() // 1_000_000 - arrival_ms))


def _rate(reports: Sequence[tuple[float, FeedHealth]]) -> float:
    """Give trades a second by the feed's own clock, over the reports of one producer's life."""
    (_, first), (_, last) = reports[0], reports[-1]
    if last.sent_ms <= first.sent_ms or last.trades_total < first.trades_total:
        return 0.0
    return 1_000 * (last.trades_total - first.trades_total) / (last.sent_ms - first.sent_ms)
