"""Sums over windows, taken about an anchor -> figures; the quick way to what `fits` defines.

Time is cut into blocks of one window's length, at fixed times. Each block has an anchor: its first
row. The sums of a window that ends in a block are those of the rows from the anchor on (added one
by one) and of the rows before it (added one by one backwards): nothing is ever subtracted, so an
outlier that has left the window has left no trace, and the figures are the same numbers whether
the rows came singly or all at once.

Columns stand in this order: y, x, and the returns of y, of x. Two kinds, two legs.
"""

from __future__ import annotations

from typing import get_args

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Hedge, Int64s, Prices
from oddlot.quant import fits
from oddlot.quant.fits import FIGURES, MIN_CLOSES, RETURN_ROUNDING, ROUNDING

COLUMNS = 4
MOMENTS = 10  # of closes, then of returns: y, x, yy, yx, xx
RETURNS = slice(5, MOMENTS)
# Where what is left after centring, or after regressing, is a smaller share of what was summed,
# more than five of sixteen digits are gone, and the window is fitted in two passes.
LEAST_SHARE = 1e-5
_FLOORS = {  # of the variance of closes, and of returns, that is more than rounding
    prices: np.array((fits.size_floor(prices) * ROUNDING**2, RETURN_ROUNDING**2)).reshape(2, 1, 1)
    for prices in get_args(Prices)
}


def moments(offsets: Float64s, out: Float64s | None = None) -> Float64s:
    """Give what is summed.

    Parameters
    ----------
    offsets : (COLUMNS, ...) from the anchor.
    out : (MOMENTS, ...) where to put it.
    """
    rest = offsets.shape[1:]
    if out is None:
        out = np.empty((MOMENTS, *rest))
    for kind in range(2):
        at = MOMENTS // 2 * kind
        a, b = offsets[2 * kind], offsets[2 * kind + 1]
        out[at], out[at + 1] = a, b
        np.multiply(a, a, out=out[at + 2])
        np.multiply(a, b, out=out[at + 3])
        np.multiply(b, b, out=out[at + 4])
    return out


def anchors(closes: Float64s, reaches_back: Bools, prices: Prices) -> Float64s:
    """Choose what is taken off before anything is summed, for some blocks.

    Parameters
    ----------
    closes : (2, w, k) of y and x, from each block's first row backwards, w >= 2.
    reaches_back : (k,) the first row's window has a row before it.
    prices : what is regressed.

    Returns
    -------
    (COLUMNS, k); returns are those into the first row, zero where its window begins with it.
    """
    returns = fits.returns_between(closes[:, 1], closes[:, 0], prices)
    return np.concatenate(
        (fits.transformed(closes[:, 0], prices), np.where(reaches_back, returns, 0.0))
    )


def behind(closes: Float64s, about: Float64s, prices: Prices, out: Float64s) -> None:
    """Sum the rows before blocks, for windows that begin 0, 1, 2, ... rows before them.

    Parameters
    ----------
    closes : (2, w, k) from each block's first row backwards; NaN where there is none.
    about : (COLUMNS, k) the blocks' anchors.
    prices : what is regressed.
    out : (w, MOMENTS, k) the sums. Returns count from the window's second row on, the one into
        the block's first row included.
    """
    offsets = np.zeros((COLUMNS, *closes.shape[1:]))
    np.subtract(fits.transformed(closes, prices), about[:2, None], out=offsets[:2])
    returns = fits.returns_between(closes[:, 1:], closes[:, :-1], prices)
    np.subtract(returns, about[2:, None], out=offsets[2:, 1:])
    moments(offsets, out=out.transpose(1, 0, 2))
    for row in range(1, len(out)):  # in order, as cumsum does; quicker, being many wide
        np.add(out[row - 1], out[row], out=out[row])


def figures(
    sums: Float64s,
    n: Int64s,
    about: Float64s,
    last: Float64s,
    prices: Prices,
    *,
    hedge: Hedge = "ols",
) -> tuple[Float64s, Bools | None]:
    """Compute the figures from sums.

    Parameters
    ----------
    sums : (MOMENTS, k) of each window.
    n : (k,) rows in it.
    about : (COLUMNS, k) what was taken off.
    last : (2, k) y and x of the window's last row, less the anchor.
    prices : what they are.
    hedge : `origin` leaves the intercept out.

    Returns
    -------
    (FIGURES, k), and where they have lost too many digits and the window has to be fitted whole;
    None for nowhere.
    """
    kinds = sums.reshape(2, 5, -1)
    raw, count = kinds[:, 2:], np.empty((2, 1, len(n)))
    count[0, 0], count[1, 0] = n, n - 1
    offsets = kinds[:, :2] / count
    centred = _centred(kinds, offsets)
    means = about.reshape(2, 2, -1) + offsets
    least = means * means * ROUNDING**2
    np.maximum(least, _FLOORS[prices], out=least)
    least *= count

    found = np.empty((len(FIGURES), len(n)))
    hedge_ratio, _, _, spread, z, correlation = found
    regress = _through_origin if hedge == "origin" else _with_intercept
    sse = regress(found, centred[0], means[0], last - offsets[0], n)
    aa, ab, bb = centred[1]
    np.divide(spread, np.sqrt(sse / count[1, 0]), out=z)
    np.divide(ab, np.sqrt(aa * bb), out=correlation)
    np.maximum(np.minimum(correlation, 1, out=correlation), -1, out=correlation)

    checks = _checks(raw, centred, least, hedge_ratio, sse)
    if checks.all() and n.min(initial=MIN_CLOSES) >= MIN_CLOSES:  # also of no pair at all
        return found, None
    return found, _doubtful(found, checks, n >= MIN_CLOSES)


def _centred(kinds: Float64s, offsets: Float64s) -> Float64s:
    """Give the products of both kinds about their means."""
    centred = np.empty_like(kinds[:, 2:])
    np.multiply(kinds[:, :1], offsets, out=centred[:, :2])
    np.multiply(kinds[:, 1], offsets[:, 1], out=centred[:, 2])
    np.subtract(kinds[:, 2:], centred, out=centred)
    return centred


def _with_intercept(
    found: Float64s, centred: Float64s, means: Float64s, off: Float64s, n: Int64s
) -> Float64s:
    """Regress; give the residuals' squares about their mean, summed."""
    hedge_ratio, intercept, r_squared, spread = found[:4]
    syy, sxy, sxx = centred
    np.divide(sxy, sxx, out=hedge_ratio)
    sse: Float64s = syy - hedge_ratio * sxy
    np.subtract(means[0], hedge_ratio * means[1], out=intercept)
    np.subtract(1, sse / syy, out=r_squared)
    np.subtract(off[0], hedge_ratio * off[1], out=spread)
    return sse


def _through_origin(
    found: Float64s, centred: Float64s, means: Float64s, off: Float64s, n: Int64s
) -> Float64s:
    """Regress without an intercept, as `_with_intercept` does with one."""
    hedge_ratio, intercept, r_squared, spread = found[:4]
    (syy, sxy, sxx), (y_mean, x_mean) = centred, means
    np.divide(sxy + n * x_mean * y_mean, sxx + n * x_mean * x_mean, out=hedge_ratio)
    intercept.fill(0.0)
    mean = y_mean - hedge_ratio * x_mean  # of the residuals
    sse: Float64s = syy - 2 * hedge_ratio * sxy + hedge_ratio * hedge_ratio * sxx
    np.subtract(1, (sse + n * mean * mean) / (syy + n * y_mean * y_mean), out=r_squared)
    np.add(off[0] - hedge_ratio * off[1], mean, out=spread)
    return sse


def _checks(
    raw: Float64s, centred: Float64s, least: Float64s, hedge_ratio: Float64s, sse: Float64s
) -> Bools:
    """Tell where what was found has a meaning (five rows), and where it has its digits (two)."""
    checks = np.empty((7, len(sse)), bool)
    np.greater(centred[:, ::2], least, out=checks[:4].reshape(least.shape))
    np.greater(sse, np.maximum(least[0, 0], ROUNDING**2 * centred[0, 0]), out=checks[4])
    shares = centred[:, ::2] >= LEAST_SHARE * raw[:, ::2]
    np.logical_and.reduce(shares.reshape(4, -1), axis=0, out=checks[5])
    summed = raw[0, 0] + hedge_ratio * hedge_ratio * raw[0, 2]
    np.logical_not(sse < LEAST_SHARE * summed, out=checks[6])
    return checks


def _doubtful(found: Float64s, checks: Bools, enough: Bools) -> Bools:
    """Take back the figures that have no meaning; tell where the others are not to be trusted."""
    y_varies, x_varies, y_returns, x_returns, clear, exact, exact_residuals = checks
    hedge_ratio, intercept, r_squared, spread, z, correlation = found
    for figure in (hedge_ratio, intercept, spread):
        figure[~(x_varies & enough)] = np.nan
    r_squared[~(x_varies & y_varies & enough)] = np.nan
    z[~(x_varies & clear & enough)] = np.nan
    correlation[~(y_returns & x_returns & enough)] = np.nan
    doubtful: Bools = ~(exact & exact_residuals) & enough
    return doubtful
