"""Numbers by hour, or day, and column, as long as hours are held: a ring of rows that moves on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from oddlot.contracts.messages import Int64s
from oddlot.contracts.social import BASELINE_DAYS

HOUR_MS = 3_600_000
DAY_HOURS = 24
HELD_HOURS = 35 * DAY_HOURS  # as long as posts stay on their topic
AHEAD_HOURS = DAY_HOURS  # what is known today of tomorrow: who is read then
RING = HELD_HOURS + AHEAD_HOURS
DAY_RING = RING // DAY_HOURS + 1  # the hours of 36 days begin in the middle of one
REACH_HOURS = BASELINE_DAYS * DAY_HOURS
FEW_COLUMNS = 16


class Held:
    """Which hours are held, counted from 1970: the newest one that anything was told of, and back.

    Attributes
    ----------
    newest : hours since 1970; None before anything is told.
    """

    __slots__ = ("newest",)

    def __init__(self) -> None:
        self.newest: int | None = None

    @property
    def oldest(self) -> int:
        """The first hour that is held."""
        return 0 if self.newest is None else self.newest - HELD_HOURS + 1

    def reach(self, hour: int) -> range:
        """Let an hour be held; give those that go for it, as far as they are in the rings."""
        before, self.newest = self.newest, hour if self.newest is None else max(self.newest, hour)
        if before is None:
            return range(0)
        return range(max(before - HELD_HOURS + 1, self.oldest - RING), self.oldest)


class Ring:
    """A row an hour or day, a column a name; what was never set is zero.

    Parameters
    ----------
    kind : of the numbers.
    rows : how many follow each other before the first one is used again.

    Attributes
    ----------
    values : (rows, columns); to be set in place.
    rows : how many there are.
    """

    __slots__ = ("rows", "values")

    def __init__(self, kind: npt.DTypeLike, rows: int = RING) -> None:
        self.rows = rows
        self.values: npt.NDArray[Any] = np.zeros((rows, FEW_COLUMNS), kind)

    def make_room(self, column: int) -> None:
        """Have an empty column there."""
        width = self.values.shape[1]
        if column >= width:
            wider = np.zeros((self.rows, max(column + 1, 2 * width)), self.values.dtype)
            wider[:, :width] = self.values
            self.values = wider
        self.values[:, column] = 0

    def forget(self, times: range) -> None:
        """Make rows zero."""
        self.values[np.arange(times.start, times.stop) % self.rows] = 0

    def at(self, times: Int64s, columns: Int64s) -> npt.NDArray[Any]:
        """Give (times, columns) numbers."""
        return self.values[(times % self.rows)[:, None], columns]


def days_before(hour: int) -> Int64s:
    """Give the same hour of the thirty days before, the latest first.

    Examples
    --------
    >>> days_before(1_000)[:3]
    array([976, 952, 928])
    """
    return hour - DAY_HOURS * np.arange(1, BASELINE_DAYS + 1)
