"""Posts, each once -> mentions of every symbol in every hour, with their moods."""

from __future__ import annotations

import numpy as np

from oddlot.contracts.messages import Bools, Int64s, Post
from oddlot.contracts.social import BASELINE_DAYS
from oddlot.quant.hours import DAY_HOURS, DAY_RING, HOUR_MS, RING, Held, Ring


class Counts:
    """What was written about each symbol in one forum.

    A post counts once a symbol, however often it is told. Posts are known by a hash: among five
    million of them two are taken for one with a probability of a millionth.

    Parameters
    ----------
    held : the hours to keep, shared with whoever moves them on.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._known: dict[int, set[int]] = {}  # by hour
        self._mentions, self._bullish, self._bearish = (Ring(np.int32) for _ in range(3))
        self._first_ms, self._days_first_ms = Ring(np.int64), Ring(np.int64, DAY_RING)
        self._by_hour = (self._mentions, self._bullish, self._bearish, self._first_ms)

    def make_room(self, column: int) -> None:
        """Have room for a symbol there."""
        for ring in (*self._by_hour, self._days_first_ms):
            ring.make_room(column)

    def are_used(self, columns: Int64s) -> Bools:
        """Tell which symbols are mentioned in any hour."""
        return np.asarray(self._mentions.values[:, columns].any(axis=0))

    def forget(self, hours: range) -> None:
        """Forget hours that are held no longer."""
        for ring in self._by_hour:
            ring.forget(hours)
        self._days_first_ms.forget(range(hours.start // DAY_HOURS, hours.stop // DAY_HOURS))
        oldest = self._held.oldest
        self._known = {hour: ids for hour, ids in self._known.items() if hour >= oldest}

    def add(self, post: Post, column: int) -> bool:
        """Count a post about the symbol of a column; False if it was counted before.

        Of two that differ and are told under one id, the one told first counts.
        """
        hour = post.event_ms // HOUR_MS
        known = self._known.setdefault(hour, set())
        identity = hash((post.post_id, post.symbol))
        if identity in known:
            return False
        known.add(identity)
        row = hour % RING
        self._mentions.values[row, column] += 1
        if post.mood is not None:
            ring = self._bullish if post.mood == "bullish" else self._bearish
            ring.values[row, column] += 1
        _lower(self._first_ms, hour, column, post.event_ms)
        _lower(self._days_first_ms, hour // DAY_HOURS, column, post.event_ms)
        return True

    def mentions(self, hours: Int64s, columns: Int64s) -> Int64s:
        """Give (hours, columns) mentions; none for hours that are not held."""
        is_held = (hours >= self._held.oldest)[:, None]
        return np.where(is_held, self._mentions.at(hours, columns), 0).astype(np.int64)

    def moods(self, hour: int, columns: Int64s) -> tuple[Int64s, Int64s]:
        """Give the bullish and the bearish mentions of an hour."""
        row = hour % RING
        return self._bullish.values[row, columns], self._bearish.values[row, columns]

    def mentioned(self, hour: int) -> Int64s:
        """Give the columns of the symbols that are mentioned in an hour."""
        return np.flatnonzero(self._mentions.values[hour % RING])

    def first_ms(self, hour: int, columns: Int64s, never_ms: int) -> Int64s:
        """Give when each symbol was mentioned first: that day, or in the thirty days before it."""
        day = hour // DAY_HOURS
        days, hours = np.arange(day - BASELINE_DAYS, day), np.arange(day * DAY_HOURS, hour + 1)
        by_day, by_hour = self._days_first_ms.at(days, columns), self._first_ms.at(hours, columns)
        times = np.concatenate([by_day, by_hour])
        return np.asarray(np.where(times > 0, times, never_ms).min(axis=0))


def _lower(ring: Ring, time: int, column: int, event_ms: int) -> None:
    row = time % ring.rows
    known_ms = ring.values[row, column]
    if not known_ms or event_ms < known_ms:
        ring.values[row, column] = event_ms
