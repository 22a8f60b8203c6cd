"""A limit, and what a forum says is left of it -> when the next request may go.

Our own count is the lower bound of what has been used; the forum's own word counts more.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
LONGEST_HOLD_MS = HOUR_MS  # no forum's window is longer; a clock that is wrong may say so
# A call reaches the forum at some time after its start; windows are the forum's own.
MARGIN_MS = 500
LONGEST_NAP_S = 5.0
# `x-ratelimit-reset` is in seconds from now at Reddit, in seconds of the epoch at Stocktwits.
EPOCH_FROM_S = 1_000_000_000


class Pace:
    """So many requests in any window of this length, fewer where the forum has less left."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit = limit
        self.window_ms = window_ms
        self.left: float | None = None  # as the forum said last
        self._sent: deque[int] = deque(maxlen=limit)
        self._held_ms = 0

    @property
    def spacing_ms(self) -> int:
        """Between two requests if they are spread evenly."""
        return -(-self.window_ms // self.limit)

    def next_ms(self, now_ms: int) -> int:
        """Give the time at which the next request may go, at the earliest now."""
        full_ms = self._sent[0] + self.window_ms + MARGIN_MS if self._is_full else 0
        return max(now_ms, full_ms, self._held_ms)

    async def wait(self) -> None:
        """Wait until the next request may go; what holds it back may change meanwhile."""
        while (ready_ms := self.next_ms(at_ms := now_ms())) > at_ms:
            await nap_until(ready_ms)

    def note_sent(self, now_ms: int) -> None:
        """Count a request."""
        self._sent.append(now_ms)

    def hold(self, until_ms: int, now_ms: int) -> None:
        """Send nothing before a time."""
        self._held_ms = max(self._held_ms, min(until_ms, now_ms + LONGEST_HOLD_MS))

    def obey(self, headers: Mapping[str, str], now_ms: int) -> None:
        """Spread what is left over the time until there is more."""
        left = _number(headers.get("x-ratelimit-remaining"))
        reset_ms = reset_of(headers, now_ms)
        self.left = left
        if left is None or reset_ms is None:
            return
        wait_ms = reset_ms - now_ms
        self.hold(reset_ms if left < 1 else now_ms + round(wait_ms / left), now_ms)

    @property
    def _is_full(self) -> bool:
        return len(self._sent) == self.limit


def now_ms() -> int:
    """Give the time."""
    return time.time_ns() // 1_000_000


async def nap_until(until_ms: int) -> None:
    """Wait for a time, but not for long: it may come nearer."""
    await asyncio.sleep(min(LONGEST_NAP_S, max(0.0, (until_ms - now_ms()) / 1_000)))


def reset_of(headers: Mapping[str, str], now_ms: int) -> int | None:
    """Read when a forum has more to give; None where it does not say.

    Examples
    --------
    >>> reset_of({"retry-after": "30"}, 5_000)
    35000
    >>> reset_of({"x-ratelimit-reset": "60"}, 5_000)
    65000
    >>> reset_of({"x-ratelimit-reset": "1700000060"}, 1_700_000_000_000)
    1700000060000
    """
    for name in ("retry-after", "x-ratelimit-reset"):
        seconds = _number(headers.get(name))
        if seconds is not None:
            start_ms = 0 if seconds >= EPOCH_FROM_S else now_ms
            return max(now_ms, start_ms + round(seconds * 1_000))
    return None


def _number(text: str | None) -> float | None:
    try:
        found = float(text) if text else None
    except ValueError:
        return None
    return found if found is not None and 0 <= found < 1e12 else None
