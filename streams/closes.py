"""market.closes -> every symbol's newest history, in memory.

Read anew from the topic at every start, and by a plain reader: a hundred and forty records a symbol
come at once, and Faust would take longer over them than trades can wait.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import DailyClose
from oddlot.errors import BadMessage
from oddlot.quant.closes import History, midnight_ms
from oddlot.settings import Settings

log = logging.getLogger(__name__)

MAX_SYMBOLS = 5_000  # those fetched longest ago go
MAX_SESSIONS = 260  # of a symbol: a year; a scan looks at 81
REACH_MS = 10 * 86_400_000  # closes are fetched once a session; no exchange rests for ten days
READ_RECORDS, READ_WAIT_MS = 200, 200  # as many as take two milliseconds


class Kept:
    """One symbol's closes, all from one fetch: others are adjusted for other splits."""

    __slots__ = ("closes", "fetched_ms")

    def __init__(self, fetched_ms: int, closes: dict[int, float] | None = None) -> None:
        self.fetched_ms = fetched_ms
        self.closes = closes or {}

    def history(self) -> History:
        """Give the closes in order."""
        days = sorted(self.closes)
        return History(np.array(days, np.int64), np.array([self.closes[day] for day in days]))


class Closes:
    """The newest history of every symbol."""

    def __init__(self) -> None:
        self.by_symbol: dict[str, Kept] = {}
        self.is_level = False  # whether all that was on the topic at the start is here

    async def follow(self, settings: Settings, changed: Callable[[set[str]], None]) -> None:
        """Read until cancelled, and tell whose closes have changed."""
        start_ms = time.time_ns() // 1_000_000 - REACH_MS
        async with kafka.subscribe(settings, [topics.CLOSES], start=start_ms) as reading:
            while True:
                self.is_level = self.is_level or not await reading.lag()
                records = await reading.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS)
                found = self.add(_decoded(records))
                if found:
                    changed(found)
                await asyncio.sleep(0)

    def add(self, closes: Iterable[DailyClose]) -> set[str]:
        """Put closes where they belong; give the symbols that this changes."""
        changed = {close.symbol for close in closes if self._add(close)}
        while len(self.by_symbol) > MAX_SYMBOLS:
            oldest = min(self.by_symbol, key=lambda name: self.by_symbol[name].fetched_ms)
            del self.by_symbol[oldest]
        return changed

    def fetched(self, symbols: Iterable[str]) -> Mapping[str, int]:
        """Give when the closes of some symbols were fetched, as far as there are any."""
        known = self.by_symbol
        return {symbol: known[symbol].fetched_ms for symbol in symbols if symbol in known}

    def histories(self, symbols: Iterable[str]) -> Mapping[str, History]:
        """Give the closes of some symbols, as far as there are any."""
        known = self.by_symbol
        return {symbol: known[symbol].history() for symbol in symbols if symbol in known}

    def _add(self, close: DailyClose) -> bool:
        day, kept = midnight_ms(close.date), self.by_symbol.get(close.symbol)
        if kept is None or kept.fetched_ms < close.fetched_ms:
            kept = self.by_symbol[close.symbol] = Kept(close.fetched_ms)
        if kept.fetched_ms > close.fetched_ms or kept.closes.get(day) == close.adjusted_close:
            return False
        kept.closes[day] = close.adjusted_close
        if len(kept.closes) > MAX_SESSIONS:
            del kept.closes[min(kept.closes)]
        return True


def _decoded(records: Iterable[kafka.Record]) -> list[DailyClose]:
    found = []
    for record in records:
        try:
            found.append(topics.CLOSES.codec.decode(record.payload))
        except BadMessage as e:
            log.debug("a close that breaks its contract; the sink puts it aside: %s", e)
    return found
