"""Stretches of time that have been read of one place -> what is missing between them."""

from __future__ import annotations

import bisect

MAX_STRETCHES = 1_000  # the oldest go; a place that is read with that many holes is not read at all


Stretch = tuple[int, int]  # [from, to) in ms


class Covers:
    """What has been read of a place: stretches that neither touch nor overlap, in order."""

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []

    @property
    def end_ms(self) -> int | None:
        """Up to when the place has been read, None if it never was."""
        return self.stretches[-1][1] if self.stretches else None

    def add(self, from_ms: int, to_ms: int) -> bool:
        """Take a stretch in; tell whether any of it is new.

        Examples
        --------
        >>> read = Covers()
        >>> read.add(10, 20), read.add(12, 18), read.add(20, 30), read.stretches
        (True, False, True, [(10, 30)])
        """
        if from_ms >= to_ms or self.covers(from_ms, to_ms):
            return False
        first = bisect.bisect_left(self.stretches, from_ms, key=lambda stretch: stretch[1])
        last = bisect.bisect_right(self.stretches, to_ms, key=lambda stretch: stretch[0])
        touched = self.stretches[first:last]
        if touched:
            from_ms, to_ms = min(from_ms, touched[0][0]), max(to_ms, touched[-1][1])
        self.stretches[first:last] = [(from_ms, to_ms)]
        del self.stretches[:-MAX_STRETCHES]
        return True

    def covers(self, from_ms: int, to_ms: int) -> bool:
        """Tell whether all of a stretch has been read."""
        start_ms = self.start_of(to_ms)
        return start_ms is not None and start_ms <= from_ms

    def start_of(self, at_ms: int) -> int | None:
        """Give how far back it is read without a hole, seen from a time that is read, or its end.

        Examples
        --------
        >>> read = Covers()
        >>> read.add(10, 20), read.start_of(15), read.start_of(20), read.start_of(21)
        (True, 10, 10, None)
        """
        at = bisect.bisect_left(self.stretches, at_ms, key=lambda stretch: stretch[1])
        if at < len(self.stretches) and self.stretches[at][0] <= at_ms:
            return self.stretches[at][0]
        return None
