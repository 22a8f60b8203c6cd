"""Calls of a client -> whether they are still within what a forum gives, and what is left."""

from __future__ import annotations

from typing import NamedTuple

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
MAX_CLIENTS = 1_000  # those that have not called for longest are forgotten
# Forums turn libraries away that do not say who uses them.
NAMELESS = ("python-", "httpx", "aiohttp", "curl", "Go-http-client")


class Charge(NamedTuple):
    """What one call has cost, and when the window ends."""

    is_within: bool
    used: int
    left: int
    reset_s: int


class Quota:
    """So many calls a client in a window, which begins with the first of them."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self.limit = limit
        self._window_ms = window_ms
        self._used: dict[str, tuple[int, int]] = {}  # since when, how many

    def charge(self, client: str, now_ms: int) -> Charge:
        """Count a call; refused ones count as well."""
        since_ms, used = self._used.pop(client, (now_ms, 0))
        if now_ms - since_ms >= self._window_ms:
            since_ms, used = now_ms, 0
        used += 1
        self._used[client] = since_ms, used
        if len(self._used) > MAX_CLIENTS:
            del self._used[next(iter(self._used))]
        reset_s = -(-(since_ms + self._window_ms - now_ms) // 1_000)
        return Charge(used <= self.limit, used, max(0, self.limit - used), reset_s)


def is_nameless(agent: str) -> bool:
    """Tell whether a User-Agent is missing, or one that a library uses by itself."""
    return not agent or agent.startswith(NAMELESS)
