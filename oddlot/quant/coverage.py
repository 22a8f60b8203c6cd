"""Stretches of time that were read, place by place -> the share of every hour that was read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s
from oddlot.quant.hours import AHEAD_HOURS, HOUR_MS, RING, Held, Ring

Span = tuple[int, int]  # from, to; ms


def add_span(spans: list[Span], from_ms: int, to_ms: int) -> list[Span]:
    """Give the union of disjoint spans, in order, with one more.

    Examples
    --------
    >>> add_span([(0, 10), (20, 30)], 10, 15)
    [(0, 15), (20, 30)]
    >>> add_span([(0, 10), (20, 30)], 5, 25)
    [(0, 30)]
    """
    first = bisect_left(spans, from_ms, key=lambda span: span[1])
    last = bisect_right(spans, to_ms, key=lambda span: span[0])
    met = spans[first:last]
    if met:
        from_ms, to_ms = min(from_ms, met[0][0]), max(to_ms, met[-1][1])
    return [*spans[:first], (from_ms, to_ms), *spans[last:]]


def overlap_ms(spans: list[Span], from_ms: int, to_ms: int) -> int:
    """Give how much of a stretch disjoint spans cover.

    Examples
    --------
    >>> overlap_ms([(0, 10), (20, 30)], 5, 25)
    10
    """
    first = bisect_right(spans, from_ms, key=lambda span: span[1])
    found = 0
    for i in range(first, len(spans)):
        since_ms, until_ms = spans[i]
        if since_ms >= to_ms:
            break
        found += min(until_ms, to_ms) - max(since_ms, from_ms)
    return found


class Coverage:
    """How much of each hour was read of some places, one column each.

    A place is followed in an hour if any of that hour, or of the 24 before, was read.

    Parameters
    ----------
    held : the hours to keep, shared with whoever moves them on.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._spans: defaultdict[int, list[Span]] = defaultdict(list)
        self._read_ms = Ring(np.int32)
        self._is_followed = Ring(np.bool_)

    def make_room(self, column: int) -> None:
        """Have room for a place there."""
        self._read_ms.make_room(column)
        self._is_followed.make_room(column)
        self._spans.pop(column, None)

    def are_used(self, columns: Int64s) -> Bools:
        """Tell which places were read in any hour."""
        return np.asarray(self._read_ms.values[:, columns].any(axis=0))

    def forget(self, hours: range) -> None:
        """Forget hours that are held no longer."""
        self._read_ms.forget(hours)
        self._is_followed.forget(hours)
        oldest_ms = self._held.oldest * HOUR_MS
        for column, spans in self._spans.items():
            if spans and spans[0][1] <= oldest_ms:
                self._spans[column] = [span for span in spans if span[1] > oldest_ms]

    def add(self, column: int, from_ms: int, to_ms: int) -> None:
        """Note that [from_ms, to_ms) of a place was read; what is not held is left out."""
        from_ms = max(from_ms, self._held.oldest * HOUR_MS)
        if from_ms >= to_ms:
            return
        self._spans[column] = spans = add_span(self._spans[column], from_ms, to_ms)
        first, last = from_ms // HOUR_MS, (to_ms - 1) // HOUR_MS
        for hour in range(first, last + 1):
            read_ms = overlap_ms(spans, hour * HOUR_MS, (hour + 1) * HOUR_MS)
            self._read_ms.values[hour % RING, column] = read_ms
        followed = np.arange(first, last + AHEAD_HOURS + 1) % RING
        self._is_followed.values[followed, column] = True

    def shares(self, hours: Int64s, columns: Int64s) -> tuple[Float64s, Bools]:
        """Give the share of hours that was read, and whether the places were followed then.

        Parameters
        ----------
        hours : (h,) since 1970; those not held are neither read nor followed.
        columns : (c,) places.

        Returns
        -------
        (h, c) each.
        """
        shape = (hours.size, columns.size)
        if not self._spans or not columns.size:
            return np.zeros(shape), np.zeros(shape, np.bool_)
        is_held = (hours >= self._held.oldest)[:, None]
        read = np.where(is_held, self._read_ms.at(hours, columns) / HOUR_MS, 0.0)
        return read, self._is_followed.at(hours, columns) & is_held

    def oldest_ms(self) -> int | None:
        """Give where the first stretch begins that is known; None without any."""
        return min((spans[0][0] for spans in self._spans.values() if spans), default=None)
