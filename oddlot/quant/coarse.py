"""Bars of a symbol -> fewer, longer bars that stand for all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]

FIRST, HIGHEST, LOWEST, LAST = "open", "high", "low", "close"  # all others are summed


def coarse(
    open_ms: Int64s, values: Mapping[str, Float64s], most: int
) -> tuple[Int64s, dict[str, Float64s]]:
    """Fold bars into at most so many, over equal stretches of time; none for a stretch without.

    Parameters
    ----------
    open_ms : (n,) ascending starts of the bars.
    values : (n,) each, by role: open, high, low, close, and what adds up, such as volume. NaN
        where there is none; a folded value is NaN only where all are.
    most : how many bars are given at most, 1 or more.

    Returns
    -------
    Starts of the first bar of each stretch, and the folded values by role.

    Raises
    ------
    ValueError
        If `most` is not positive.

    Examples
    --------
    >>> times, folded = coarse(np.arange(4) * 60_000, {"high": np.array([1.0, 3, 2, np.nan])}, 2)
    >>> times.tolist(), folded["high"].tolist()
    ([0, 120000], [3.0, 2.0])
    """
    if most < 1:
        raise ValueError(f"most must be positive, was {most}")
    if len(open_ms) <= most:
        return open_ms, dict(values)
    width_ms = (int(open_ms[-1]) - int(open_ms[0])) // most + 1
    stretches = (open_ms - open_ms[0]) // width_ms
    starts = np.flatnonzero(np.diff(stretches, prepend=-1))
    return open_ms[starts], {name: _folded(name, each, starts) for name, each in values.items()}


def _folded(name: str, values: Float64s, starts: npt.NDArray[np.intp]) -> Float64s:
    if name == HIGHEST:
        return np.fmax.reduceat(values, starts)
    if name == LOWEST:
        return np.fmin.reduceat(values, starts)
    is_there = ~np.isnan(values)
    if name in {FIRST, LAST}:
        return _edges(values, is_there, starts, is_last=name == LAST)
    sums = np.add.reduceat(np.where(is_there, values, 0.0), starts)
    return np.where(np.logical_or.reduceat(is_there, starts), sums, np.nan)


def _edges(
    values: Float64s,
    is_there: npt.NDArray[np.bool_],
    starts: npt.NDArray[np.intp],
    *,
    is_last: bool,
) -> Float64s:
    """Give the first or the last value of each stretch that is there."""
    n = len(values)
    places = np.where(is_there, np.arange(n), -1 if is_last else n)
    reduce = np.maximum.reduceat if is_last else np.minimum.reduceat
    found = reduce(places, starts)
    is_any = (found >= 0) & (found < n)
    return np.where(is_any, values[np.clip(found, 0, n - 1)], np.nan)
