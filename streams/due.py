"""Things that change in bursts -> what is to be done about them, once each."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Due(Generic[K]):
    """What is to be done when it has been quiet for a while, or at the latest after a longer one.

    Parameters
    ----------
    quiet_s : after the last change.
    longest_s : after the first one.
    """

    def __init__(self, *, quiet_s: float, longest_s: float) -> None:
        self._quiet_s, self._longest_s = quiet_s, longest_s
        self._at: dict[K, tuple[float, float]] = {}  # quiet at, no later than

    def note(self, keys: Iterable[K], now_s: float) -> None:
        """Note that something has changed."""
        for key in keys:
            _, latest_s = self._at.get(key, (0.0, now_s + self._longest_s))
            self._at[key] = now_s + self._quiet_s, latest_s

    def take(self, now_s: float) -> list[K]:
        """Give what is due, in the order in which it began to change."""
        found = [key for key, times in self._at.items() if min(times) <= now_s]
        for key in found:
            del self._at[key]
        return found

    def wait_s(self, now_s: float) -> float:
        """Give how long it is until something is due; infinity if nothing is."""
        nearest = min((min(times) for times in self._at.values()), default=math.inf)
        return max(0.0, nearest - now_s)

    def noted(self) -> list[K]:
        """Give all that has been noted and not taken."""
        return [*self._at]

    def clear(self) -> None:
        """Forget everything."""
        self._at.clear()
