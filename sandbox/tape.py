"""A market and the time -> its trades as they become public, and the bounded memory of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from sandbox import wire
from sandbox.listings import Listing
from sandbox.market import SECOND_MS, Market, Trades

# Trades that a machine slept through are skipped beyond this: nobody waits for an hour of them.
MAX_CATCH_UP_MS = 60_000
AROUND_S = 15  # a price then is the mean of so many seconds: most symbols trade within them


class Tape:
    """Runs a market against the clock, a second ahead, and remembers the newest trades."""

    def __init__(self, market: Market, *, now_ms: int, history_ms: int, memory_trades: int) -> None:
        self.market = market
        self._memory_trades = memory_trades
        self._remembered = 0
        self._seconds: deque[Trades] = deque()
        self._next_ms = (now_ms - history_ms) // SECOND_MS * SECOND_MS
        self._public_ms = now_ms
        self._extend(now_ms)

    def release(self, now_ms: int) -> Iterator[tuple[Trades, slice]]:
        """Make everything up to `now_ms` public; give it as rows of seconds, oldest first."""
        since_ms = max(self._public_ms, now_ms - MAX_CATCH_UP_MS)
        self._next_ms = max(self._next_ms, since_ms // SECOND_MS * SECOND_MS)
        self._extend(now_ms)
        self._public_ms = max(self._public_ms, now_ms)
        for second in reversed([*self._newest_since(since_ms)]):
            start, stop = np.searchsorted(second.event_ms, [since_ms, now_ms])
            if start < stop:
                yield second, slice(int(start), int(stop))

    def find(
        self,
        listing: int,
        *,
        from_id: int | None,
        start_ms: int | None,
        end_ms: int | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Look public trades up: from an id, or from a time, or else the newest."""
        newest_first = from_id is None and start_ms is None
        seconds = reversed(self._seconds) if newest_first else iter(self._seconds)
        found: list[dict[str, Any]] = []
        for second in seconds:
            rows = self._matching(second, listing, from_id, start_ms, end_ms)
            picked = rows[::-1] if newest_first else rows
            details = self.market.listings[listing]
            found += [wire.rest_row(second, row, details) for row in picked[: limit - len(found)]]
            if len(found) >= limit:
                break
        return found[::-1] if newest_first else found

    def moves(self, *, span_ms: int) -> dict[str, float]:
        """Give how far prices have moved over a span up to now, as fractions."""
        seconds = [*self._newest_since(self._public_ms - span_ms)]
        early, late = self._prices(seconds[-AROUND_S:]), self._prices(seconds[:AROUND_S])
        return {symbol: late[symbol] / early[symbol] - 1 for symbol in early.keys() & late.keys()}

    def _prices(self, seconds: list[Trades]) -> dict[str, float]:
        """Give the mean price of each symbol that traded; in steps of its grid."""
        if not seconds:
            return {}
        listing = np.concatenate([second.listing for second in seconds])
        steps = np.concatenate([second.price_ticks for second in seconds])
        total, count = np.bincount(listing, steps), np.bincount(listing)
        return {
            self.market.listings[i].symbol: float(total[i] / count[i])
            for i in np.flatnonzero(count)
        }

    def _matching(
        self,
        second: Trades,
        listing: int,
        from_id: int | None,
        start_ms: int | None,
        end_ms: int | None,
    ) -> list[int]:
        wanted = (second.listing == listing) & (second.event_ms < self._public_ms)
        if from_id is not None:
            wanted &= second.ids >= from_id
        if start_ms is not None:
            wanted &= second.event_ms >= start_ms
        if end_ms is not None:
            wanted &= second.event_ms <= end_ms
        return [int(row) for row in np.flatnonzero(wanted)]

    def _extend(self, now_ms: int) -> None:
        while self._next_ms <= now_ms:
            second = self.market.second(self._next_ms)
            self._seconds.append(second)
            self._remembered += len(second)
            self._next_ms += SECOND_MS
            while self._remembered > self._memory_trades and len(self._seconds) > 1:
                self._remembered -= len(self._seconds.popleft())

    def _newest_since(self, since_ms: int) -> Iterator[Trades]:
        for second in reversed(self._seconds):
            if second.open_ms + SECOND_MS <= since_ms:
                return
            yield second


def index_of(listings: tuple[Listing, ...], symbol: str) -> int | None:
    """Find a symbol among the listings."""
    return next((i for i, each in enumerate(listings) if each.symbol == symbol), None)
