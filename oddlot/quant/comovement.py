"""Returns of groups -> how each member moves with the equal-weight index of its others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s
from oddlot.quant.robust import MIN_OTHERS

# A standard deviation below that is rounding: returns are fractions, and the symbol stands still.
MIN_DEVIATION = 1e-12
BLOCK_ROWS = 800  # of 60 returns are 0.4 MB, a few at once; 5,000 would fall out of the cache


class Comovement(NamedTuple):
    """One figure a symbol, (s,); NaN where it cannot be said.

    Attributes
    ----------
    correlation : Pearson's, of own returns with the index of the others.
    beta : slope of own returns on that index.
    bars : how many count: own return known, and those of two others.
    """

    correlation: Float64s
    beta: Float64s
    bars: Int64s

    def of_rows(self, rows: slice) -> Comovement:
        """Give some symbols' share."""
        return Comovement(self.correlation[rows], self.beta[rows], self.bars[rows])


def comovement(returns: Float64s, sizes: Int64s, *, min_bars: int) -> Comovement:
    """Correlate each symbol with the mean of the others of its group, and regress it on them.

    Parameters
    ----------
    returns : (s, t) simple returns, the members of a group one below the other; NaN marks a
        missing one: it is neither in the index of that bar nor compared with it.
    sizes : (g,) members of each group, in the order of the rows; they add up to s.
    min_bars : that have to count before there is a figure.

    Returns
    -------
    (s,) figures; NaN with fewer bars, or where the symbol or its others stand still.

    Examples
    --------
    >>> r = np.array([[0.01, -0.02, 0.03], [0.02, -0.04, 0.06], [0.03, -0.06, 0.09]])
    >>> comovement(r, np.array([3]), min_bars=3).beta.round(2)
    array([0.4, 1. , 2. ])
    """
    return figures(sums_of(returns, sizes), min_bars=min_bars)


def sums_of(returns: Float64s, sizes: Int64s) -> Float64s:
    """Give what correlation and beta are made of.

    Parameters
    ----------
    returns, sizes : as for `comovement`.

    Returns
    -------
    (4, s): the bars that count; and around their means the sums of own * own, own * index and
    index * index.

    Examples
    --------
    >>> sums_of(np.array([[1.0, 3.0], [2.0, 2.0], [4.0, 6.0]]), np.array([3]))[:, 0]
    array([2. , 2. , 1. , 0.5])
    """
    if not returns.shape[1]:
        return np.zeros((4, len(returns)))
    gaps = np.isnan(_means(returns))[:, 0]  # of a row with one missing; quicker than asking each
    if not gaps.any():
        return np.array(_whole(returns, sizes))
    in_group = np.logical_or.reduceat(gaps, np.cumsum(sizes) - sizes)
    rows = np.repeat(in_group, sizes)
    sums = np.empty((4, len(returns)))
    sums[:, rows] = _with_gaps(returns[rows], sizes[in_group])
    if not in_group.all():
        sums[:, ~rows] = _whole(returns[~rows], sizes[~in_group])
    return sums


def figures(sums: Float64s, *, min_bars: int) -> Comovement:
    """Make correlation and beta of `sums_of`; see `comovement`.

    Parameters
    ----------
    sums : (4, s)
    min_bars : that have to count before there is a figure.

    Examples
    --------
    >>> figures(np.array([[2.0], [2.0], [1.0], [0.5]]), min_bars=2).beta
    array([2.])
    """
    bars, own, both, index = sums
    enough = bars >= max(min_bars, 2)
    floor = bars * MIN_DEVIATION**2
    moves = enough & (index > floor)
    nothing = np.full(len(bars), np.nan)
    beta = np.divide(both, index, out=nothing.copy(), where=moves)
    scale = np.sqrt(own * index)
    correlation = np.divide(both, scale, out=nothing, where=moves & (own > floor))
    return Comovement(np.clip(correlation, -1, 1), beta, bars.astype(np.int64))


def blocks(sizes: Int64s) -> Iterator[tuple[slice, Int64s]]:
    """Cut the rows between groups into blocks that stay in a processor's cache.

    Parameters
    ----------
    sizes : (g,) members of each group, at least one.

    Returns
    -------
    rows and the sizes of the groups in them.

    Examples
    --------
    >>> [rows for rows, _ in blocks(np.array([500, 400, 300]))]
    [slice(0, 500, None), slice(500, 1200, None)]
    """
    ends = np.cumsum(sizes)
    first, row = 0, 0
    while first < len(sizes):
        last = max(first + 1, int(np.searchsorted(ends, row + BLOCK_ROWS, side="right")))
        yield slice(row, int(ends[last - 1])), sizes[first:last]
        first, row = last, int(ends[last - 1])


def _whole(returns: Float64s, sizes: Int64s) -> tuple[Float64s, ...]:
    starts = np.cumsum(sizes) - sizes
    own = returns - _means(returns)
    index = np.repeat(np.add.reduceat(own, starts), sizes, axis=0)  # of zero mean as its parts
    index -= own
    others = np.repeat(sizes, sizes) - 1.0
    bars = np.where(others >= MIN_OTHERS, float(returns.shape[1]), 0.0)
    return bars, *_products(own, index, np.maximum(others, 1))


def _means(returns: Float64s) -> Float64s:
    """Give the mean of each row, as a column; a product is three times as fast as `mean`."""
    bars = returns.shape[1]
    return np.asarray(returns @ np.full((bars, 1), 1 / bars))


def _with_gaps(returns: Float64s, sizes: Int64s) -> tuple[Float64s, ...]:
    """Give the same where the others are not the same ones at every bar."""
    starts = np.cumsum(sizes) - sizes
    known = ~np.isnan(returns)
    own = np.where(known, returns, 0.0)
    others = np.repeat(np.add.reduceat(known, starts, dtype=np.float64), sizes, axis=0) - known
    index = np.repeat(np.add.reduceat(own, starts), sizes, axis=0)
    index -= own
    index /= np.maximum(others, 1)
    counts = known & (others >= MIN_OTHERS)
    bars = counts.sum(axis=1, dtype=np.float64)
    own, index = (_centered(each, counts, bars) for each in (own, index))
    return bars, *_products(own, index, 1.0)


def _centered(values: Float64s, counts: Bools, bars: Float64s) -> Float64s:
    kept = values * counts
    kept -= (kept.sum(axis=1) / np.maximum(bars, 1))[:, None]
    kept *= counts
    return kept


def _products(own: Float64s, index: Float64s, scale: Float64s | float) -> tuple[Float64s, ...]:
    """Sum the products of centered rows; the index is still `scale` times too large."""
    return (
        np.einsum("ij,ij->i", own, own),
        np.einsum("ij,ij->i", own, index) / scale,
        np.einsum("ij,ij->i", index, index) / scale**2,
    )
