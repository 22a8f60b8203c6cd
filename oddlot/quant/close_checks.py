"""Closes that cannot be right: non-prices, single bad prints, splits -> set aside, and said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s
from oddlot.quant.comovement import BLOCK_ROWS

MIN_PRICE, MAX_PRICE = 1e-12, 1e12  # beyond lies no currency; ratios of such overflow
# A close is a bad print if it jumps by that much, and the next one is back by four fifths of it.
BAD_PRINT_JUMP = 0.18  # in logarithms; S&P members move by 20 % in a day about once a year in 100
BAD_PRINT_LEFT = 0.2
BAD_PRINT_USUALS = 6.0  # and the jump is that many times the symbol's own median move
SHARED_JUMP = 0.5  # unless the group moves by half of it as well: then the market did that
# Steps of unadjusted splits. Not 3:2 and 4:3: AMD truly rose by 52 % on 2016-04-22.
SPLIT_FACTORS = np.array([2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100], np.float64)
SPLIT_TOLERANCE = 0.025  # in logarithms, once the group's own move is taken out


class Oddity(NamedTuple):
    """What is wrong with one close.

    Attributes
    ----------
    row, bar : where it is.
    kind : a close that is no price, such as zero; a bad print; a split not adjusted for.
    before, at, after : the closes around it; NaN where there is none.
    """

    row: int
    bar: int
    kind: Literal["not a price", "bad print", "split"]
    before: float
    at: float
    after: float


class Checked(NamedTuple):
    """Closes that can be computed with.

    Attributes
    ----------
    closes : (s, t) NaN where there is none, or none to trust.
    breaks : (s, t) true at a close that cannot be compared with those before it.
    oddities : what was found, by row and bar.
    """

    closes: Float64s
    breaks: Bools
    oddities: tuple[Oddity, ...]


def check(closes: Float64s, sizes: Int64s) -> Checked:
    """Set aside what is no price, a single bad print, or the other side of a split.

    One wrong close would otherwise sit in sixty days of correlation. A bad print is taken out; at
    a split the closes before it stay, but no return reaches across. A bad print at the last bar
    cannot be told from a move: only what comes next tells.

    Parameters
    ----------
    closes : (s, t) oldest first, the members of a group one below the other; NaN where none.
    sizes : (g,) members of each group, in the order of the rows.

    Examples
    --------
    >>> found = check(np.array([[46.5, 46.6, 93.4, 46.9, 46.8, 47.0]]), np.array([1]))
    >>> found.closes, found.oddities[0].kind
    (array([[46.5, 46.6,  nan, 46.9, 46.8, 47. ]]), 'bad print')
    """
    breaks = np.zeros(closes.shape, np.bool_)
    wrong = [*_by_block(closes, lambda part: np.argwhere((part < MIN_PRICE) | (part > MAX_PRICE)))]
    oddities = [_oddity(closes, row, bar, "not a price") for row, bar in wrong]
    kept = closes
    if wrong:
        kept = closes.copy()
        kept[tuple(zip(*wrong, strict=True))] = np.nan
    suspects = [*_by_block(kept, _suspects)]
    if suspects:
        kept = kept if wrong else kept.copy()
        ends = np.repeat(np.cumsum(sizes), sizes)
        starts = ends - np.repeat(sizes, sizes)
        for row, bar in suspects:
            kind = _judged(kept, row, bar, slice(starts[row], ends[row]))
            if kind:
                oddities.append(_oddity(kept, row, bar, kind))
            if kind == "bad print":
                kept[row, bar] = np.nan
            elif kind == "split":
                breaks[row, bar] = True
    return Checked(kept, breaks, tuple(sorted(oddities)))


def _by_block(closes: Float64s, find: Callable[[Float64s], Int64s]) -> Iterator[tuple[int, int]]:
    """Give row and bar of whatever is found, looking at as many rows as fit into a cache."""
    for first in range(0, len(closes), BLOCK_ROWS):
        for row, bar in find(closes[first : first + BLOCK_ROWS]).tolist():
            yield first + row, bar


def _suspects(closes: Float64s) -> Int64s:
    """Find the closes worth a second look, (k, 2) row and bar: jumps that go back, or by a factor.

    Looser than the verdict, as the group's part in a move is not known here.
    """
    prices = _carried(closes)
    ratios = prices[:, 1:] / prices[:, :-1]
    is_jump = ratios > np.exp(BAD_PRINT_JUMP)
    is_jump |= ratios < np.exp(-BAD_PRINT_JUMP)
    rows, bars = np.nonzero(is_jump)
    size = np.abs(np.log(ratios[rows, bars]))
    bars += 1
    after = prices[rows, np.minimum(bars + 1, prices.shape[1] - 1)]
    left = np.abs(np.log(after / prices[rows, bars - 1]))
    is_back = left <= BAD_PRINT_LEFT * size
    off = np.abs(size[:, None] - np.log(SPLIT_FACTORS)).min(axis=1)
    is_factor = off <= BAD_PRINT_JUMP / 2
    # The way back of a bad print comes after it, and is judged once the print is gone.
    return np.asarray(np.column_stack([rows, bars])[is_back | is_factor])


def _judged(
    closes: Float64s, row: int, bar: int, group: slice
) -> Literal["bad print", "split"] | None:
    before, at, after = _around(closes, row, bar)
    move = np.log(at / before)
    shared = _move_of_others(closes, row, bar, group)
    usual = np.nanmedian(np.abs(np.diff(np.log(_known(closes[row])))))
    is_large = abs(move) >= max(BAD_PRINT_JUMP, BAD_PRINT_USUALS * usual)
    if not is_large or shared * np.sign(move) >= SHARED_JUMP * abs(move):
        return None
    if abs(np.log(after / before)) <= BAD_PRINT_LEFT * abs(move):
        return "bad print"
    off = np.abs(abs(move - shared) - np.log(SPLIT_FACTORS)).min()
    return "split" if off <= SPLIT_TOLERANCE else None


def _move_of_others(closes: Float64s, row: int, bar: int, group: slice) -> float:
    """Give the median logarithmic move of the others into a bar; 0 where nobody knows."""
    both = np.delete(closes[group, bar - 1 : bar + 1], row - group.start, axis=0)
    moves = np.log(both[:, 1] / both[:, 0])
    moves = moves[~np.isnan(moves)]
    return float(np.median(moves)) if len(moves) else 0.0


def _oddity(
    closes: Float64s, row: int, bar: int, kind: Literal["not a price", "bad print", "split"]
) -> Oddity:
    return Oddity(row, bar, kind, *_around(closes, row, bar))


def _around(closes: Float64s, row: int, bar: int) -> tuple[float, float, float]:
    """Give a close and the nearest known ones before and after it; NaN without any."""
    before, after = _known(closes[row, :bar]), _known(closes[row, bar + 1 :])
    return (
        float(before[-1]) if len(before) else np.nan,
        float(closes[row, bar]),
        float(after[0]) if len(after) else np.nan,
    )


def _known(closes: Float64s) -> Float64s:
    return np.asarray(closes[closes == closes])  # NaN differs from itself


def _carried(closes: Float64s) -> Float64s:
    """Put the last known close where there is none; NaN before the first."""
    missing = np.isnan(closes)
    if not missing.any():
        return closes
    last = np.where(missing, 0, np.arange(closes.shape[1]))
    np.maximum.accumulate(last, axis=1, out=last)
    return np.take_along_axis(closes, last, axis=1)
