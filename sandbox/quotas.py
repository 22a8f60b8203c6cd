"""Calls of a client -> whether they are still within what a forum gives, and what is left."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# Forums turn libraries away that do not say who uses them.
NAMELESS = ("python-", "httpx", "aiohttp", "curl", "Go-http-client")


class Charge(NamedTuple):
    """What one call has cost, and when the window ends."""

    is_within: bool
    used: int
    left: int
    reset_s: int


class Quota:
    """So many calls a client in a window of the clock."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit = limit
        self._window_ms = window_ms
        self._window = 0
        self._used: Counter[str] = Counter()

    def charge(self, client: str, now_ms: int) -> Charge:
        """Count a call; refused ones count as well."""
        if now_ms // self._window_ms != self._window:
            self._window = now_ms // self._window_ms
            self._used.clear()
        self._used[client] += 1
        used = self._used[client]
        reset_s = -(-(self._window_ms - now_ms % self._window_ms) // 1_000)
        return Charge(used <= self.limit, used, max(0, self.limit - used), reset_s)


def is_nameless(agent: str) -> bool:
    """Tell whether a User-Agent is missing, or one that a library uses by itself."""
    return not agent or agent.startswith(NAMELESS)
