"""A history -> the day at which its prices change from raw to adjusted, or back, if there is one.

A split that was applied to only some of the rows looks like a crash by a whole factor. A crash is
told from it by its volume: shares traded grow by the factor with a split, and by far more than that
when a price really halves in a day.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from oddlot.contracts.messages import DailyClose

# Splits of the last decades, three for two and up; reverse ones are their inverses.
FACTORS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100)
TOLERANCE = 0.06  # of the logarithm: a day's own return comes on top of the factor
LEVEL_DAYS = 5  # a level before and after: a bad print is back the next day
LEVEL_TOLERANCE = 0.15
VOLUME_DAYS = 20
# A split day trades up to this many times the usual shares, times the factor; crashes more.
CALM_VOLUME = 2.5


@dataclass(frozen=True, slots=True)
class Seam:
    """The first day of the other kind of prices, and by what factor they differ."""

    date: date
    factor: float

    def __str__(self) -> str:
        ratio = f"{self.factor:g}:1" if self.factor > 1 else f"1:{1 / self.factor:g}"
        return f"a split of {ratio} on {self.date} is in some rows and not in others"


def find_seam(closes: Sequence[DailyClose]) -> Seam | None:
    """Give the newest seam of a history, None where its prices hang together.

    Parameters
    ----------
    closes : oldest first.
    """
    for i in range(len(closes) - 1, 0, -1):
        step = math.log(closes[i - 1].adjusted_close / closes[i].adjusted_close)
        factor = _factor(step)
        if factor and _is_lasting(closes, i, factor) and _is_calm(closes, i, factor):
            return Seam(closes[i].date, factor)
    return None


def _factor(step: float) -> float | None:
    """Give the split that a step of the logarithm looks like."""
    if abs(step) < math.log(FACTORS[0]) - TOLERANCE:
        return None
    nearest = min(FACTORS, key=lambda factor: abs(math.log(factor) - abs(step)))
    if abs(math.log(nearest) - abs(step)) > TOLERANCE:
        return None
    return nearest if step > 0 else 1 / nearest


def _is_lasting(closes: Sequence[DailyClose], i: int, factor: float) -> bool:
    before = statistics.median(c.adjusted_close for c in closes[max(0, i - LEVEL_DAYS) : i])
    after = statistics.median(c.adjusted_close for c in closes[i : i + LEVEL_DAYS])
    return abs(math.log(before / after) - math.log(factor)) <= LEVEL_TOLERANCE


def _is_calm(closes: Sequence[DailyClose], i: int, factor: float) -> bool:
    before = [c.volume for c in closes[max(0, i - VOLUME_DAYS) : i] if c.volume]
    traded = closes[i].volume
    if not before or not traded:
        return True
    return traded / statistics.median(before) <= CALM_VOLUME * max(1.0, factor)
