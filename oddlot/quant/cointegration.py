"""Windows of two legs, many at a time -> Engle-Granger statistics, p-values, half-lives.

The statistic is the t-value of rho in

    change of e = rho * e before + gamma * change before,    e = residual of y on x and a constant

as `statsmodels.tsa.stattools.coint(y, x, maxlag=1, autolag=None)` has it, for many windows at once.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from oddlot.contracts.messages import Float64s
from oddlot.quant.fits import moves, stands_out

MIN_CLOSES = 30  # below, critical values that are fitted to long series mean little
# MacKinnon, "Approximate asymptotic distribution functions for unit-root and cointegration tests",
# J. Business & Economic Statistics 12 (1994): two series, a constant. Past the first two the
# p-value is 0 and 1; polynomials of the statistic below and above the third.
LEAST, MOST, MIDDLE = -18.86, 0.92, -2.62
BELOW = (2.92, 1.5012, 0.039796)
ABOVE = (2.1945, 0.64695, -0.29198, -0.042377)
# `coint` calls two series the same from this share of explained variance on.
SAME_R_SQUARED = 1 - 100 * math.sqrt(np.finfo(np.float64).eps)


def residuals(y: Float64s, x: Float64s, *, floor: float) -> Float64s:
    """Regress y on x with an intercept, over each row.

    Parameters
    ----------
    y, x : (k, n) what is regressed.
    floor : `fits.size_floor`.

    Returns
    -------
    (k, n); NaN in rows without a test: a leg that does not move, or legs that are all but the same.
    """
    with np.errstate(all="ignore"):
        y_mean, x_mean = (leg.mean(axis=1, keepdims=True) for leg in (y, x))
        y, x = y - y_mean, x - x_mean
        syy, sxy, sxx = _dot(y, y), _dot(x, y), _dot(x, x)
        left = y - (sxy / sxx)[:, None] * x
        sse, n = _dot(left, left), y.shape[1]
        testable = moves(sxx, x_mean[:, 0], n, floor=floor)
        testable &= stands_out(sse, syy, y_mean[:, 0], n, floor=floor)
        testable &= 1 - sse / syy < SAME_R_SQUARED
        left[~testable] = np.nan
    return left


def statistics(left: Float64s, *, lags: Literal[0, 1] = 1) -> Float64s:
    """Give the Engle-Granger statistic of residuals.

    Parameters
    ----------
    left : (k, n) residuals.
    lags : changes before that are allowed for.

    Returns
    -------
    (k,) below about -3.4 they come back, by more than chance at 5 per cent.
    """
    change = np.diff(left, axis=1)
    after, before, level = change[:, 1:], change[:, :-1], left[:, 1:-1]
    if not lags:
        return _without_lags(change, left[:, :-1])
    level_2, both, before_2 = _dot(level, level), _dot(level, before), _dot(before, before)
    to_level, to_before = _dot(after, level), _dot(after, before)
    with np.errstate(all="ignore"):
        determinant = level_2 * before_2 - both * both
        rho = (to_level * before_2 - to_before * both) / determinant
        gamma = (to_before * level_2 - to_level * both) / determinant
        noise = after - rho[:, None] * level - gamma[:, None] * before
        variance = _dot(noise, noise) / (after.shape[1] - 2)
        found: Float64s = rho / np.sqrt(variance * before_2 / determinant)
    return np.where(np.isfinite(found), found, np.nan)


def _without_lags(change: Float64s, level: Float64s) -> Float64s:
    with np.errstate(all="ignore"):
        squares = _dot(level, level)
        rho = _dot(change, level) / squares
        noise = change - rho[:, None] * level
        variance = _dot(noise, noise) / (change.shape[1] - 1)
        found: Float64s = rho / np.sqrt(variance / squares)
    return np.where(np.isfinite(found), found, np.nan)


def p_values(statistics: Float64s) -> Float64s:
    """Give the chance of such a statistic, or a lower one, without cointegration.

    Parameters
    ----------
    statistics : (k,) Engle-Granger, of two series with a constant.

    Examples
    --------
    >>> p_values(np.array([-3.0, -4.5])).round(4)
    array([0.1102, 0.0012])
    """
    return np.array([_p_value(statistic) for statistic in statistics.tolist()])


def _p_value(statistic: float) -> float:
    if not statistic <= MOST:
        return math.nan if math.isnan(statistic) else 1.0
    if statistic < LEAST:
        return 0.0
    powers = BELOW if statistic <= MIDDLE else ABOVE
    at = sum(factor * statistic**power for power, factor in enumerate(powers))
    return math.erfc(-at / math.sqrt(2)) / 2


def half_lives(left: Float64s) -> Float64s:
    """Give the bars in which half of a deviation is gone.

    Parameters
    ----------
    left : (k, n) residuals.

    Returns
    -------
    (k,) -ln 2 / b, b from least squares of the change on the level before and a constant (an AR(1)
    seen as an Ornstein-Uhlenbeck process: Chan, "Algorithmic Trading", 2013, ch. 2); NaN where b is
    not negative: then nothing decays.
    """
    level, change = left[:, :-1], np.diff(left, axis=1)
    level = level - level.mean(axis=1, keepdims=True)
    change = change - change.mean(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        slope = _dot(level, change) / _dot(level, level)
        return np.where(slope < 0, -math.log(2) / slope, np.nan)


def q_values(p: Float64s) -> Float64s:
    """Correct p-values for their number: the share of false ones among those up to each.

    Parameters
    ----------
    p : (k,) of all trials; NaN are no trials.

    Returns
    -------
    (k,) after Benjamini & Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B
    57 (1995).

    Examples
    --------
    >>> q_values(np.array([0.01, 0.04, 0.03, np.nan])).round(3)
    array([0.03, 0.04, 0.04,  nan])
    """
    found = np.full(len(p), np.nan)
    tried = np.flatnonzero(~np.isnan(p))
    worst_first = tried[np.argsort(p[tried], kind="stable")[::-1]]
    rank = np.arange(len(tried), 0, -1)
    found[worst_first] = np.minimum.accumulate(p[worst_first] * len(tried) / rank)
    return found


def _dot(a: Float64s, b: Float64s) -> Float64s:
    products: Float64s = np.einsum("ij,ij->i", a, b)
    return products
