"""Moves of the simulated market -> whom people start to write about, and when they do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from sandbox.listings import Listing
from sandbox.market import FACTOR_VOLATILITY

SPAN_MS = 600_000  # over which a move is noticed
REST_MS = 3_600_000  # nobody is the talk of the town twice within this
BIG = 1.0  # of its own standard deviations: in a quiet market nobody stands out
POSTS = 24
LASTS_MS = 240_000


class Bursts:
    """Remembers who was talked about."""

    def __init__(self, listings: Iterable[Listing]) -> None:
        self._sd = {each.symbol: _sd(each) for each in listings}
        self._last_ms: dict[str, int] = {}

    def next(self, moves: Mapping[str, float], now_ms: int) -> str | None:
        """Give the symbol with the largest move for its kind; None if none is large."""
        sizes = {
            symbol: abs(move) / self._sd[symbol]
            for symbol, move in moves.items()
            if symbol in self._sd and now_ms - self._last_ms.get(symbol, -REST_MS) >= REST_MS
        }
        symbol = max(sizes, key=lambda each: (sizes[each], each), default=None)
        if symbol is None or sizes[symbol] < BIG:
            return None
        self._last_ms[symbol] = now_ms
        return symbol


def times(count: int, *, from_ms: int, lasts_ms: int) -> list[int]:
    """Spread posts over a while: dense at first, then ever fewer, none before its beginning."""
    return [from_ms + int(lasts_ms * (i / count) ** 2) for i in range(count)]


def _sd(listing: Listing) -> float:
    """Give the standard deviation of a move over the span, as the market's processes have it."""
    factors = FACTOR_VOLATILITY**2 * (listing.market**2 + listing.alts**2)
    walk = (factors + listing.own_volatility**2) * SPAN_MS / 1_000
    return math.sqrt(walk + 2 * listing.residual_sd**2)
