"""Whole windows of closes -> figures by a two-pass fit: the yardstick of everything quicker."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Hedge, Int64s, Prices

MIN_CLOSES = 3  # two make a line without a residual
# Below this share of the leg's own size a movement or residual is rounding, not a spread.
ROUNDING = 1e-10
# Returns are differences of neighbouring closes: each is off by about 2e-16, whatever its size.
RETURN_ROUNDING = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fits:
    """One fit a row; NaN where a figure has no meaning.

    Attributes
    ----------
    hedge_ratio, intercept, r_squared, spread, z, correlation : (k,)
    """

    hedge_ratio: Float64s
    intercept: Float64s
    r_squared: Float64s
    spread: Float64s
    z: Float64s
    correlation: Float64s

    def table(self) -> Float64s:
        """Give them as one array, (FIGURES, k)."""
        return np.array([getattr(self, name) for name in FIGURES])


FIGURES = tuple(field.name for field in fields(Fits))


def fit(y: Float64s, x: Float64s, *, prices: Prices, hedge: Hedge = "ols") -> Fits:
    """Regress y on x over each row of closes, with an intercept or through the origin.

    Parameters
    ----------
    y, x : (k, n) closes, oldest first, n >= 3.
    prices : fit prices, or their logarithms.
    hedge : `origin` leaves the intercept out, and measures r_squared from zero, as R does.

    Returns
    -------
    (k,) figures; NaN where a leg is constant, a price is not positive under a logarithm, or the
    residuals are nothing but rounding (then there is a spread, but no z).

    Raises
    ------
    ValueError
        If the shapes differ or a window has less than three closes.

    Notes
    -----
    spread is the last residual, z the last residual over the residuals' standard deviation
    (ddof 1, about their mean, which is zero only with an intercept); correlation is of the legs'
    returns, simple or logarithmic as the prices.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 3.0, 4.0]])
    >>> fits = fit(np.array([[1.0, 3.0, 2.0, 5.0]]), x, prices="level")
    >>> fits.hedge_ratio.round(3), fits.z.round(3)
    (array([1.1]), array([0.632]))
    """
    if y.shape != x.shape or y.ndim != 2 or y.shape[1] < MIN_CLOSES:
        raise ValueError(f"expected two (k, n >= 3) arrays, was {y.shape} and {x.shape}")
    n = np.full(len(y), y.shape[1])
    y, x = np.asarray(y, np.float64), np.asarray(x, np.float64)
    return fit_last(y, x, n, prices=prices, hedge=hedge)


def fit_last(y: Float64s, x: Float64s, n: Int64s, *, prices: Prices, hedge: Hedge = "ols") -> Fits:
    """Regress as `fit` does, over the last n closes of each row.

    Parameters
    ----------
    y, x : (k, w) closes, oldest first.
    n : (k,) how many of them count.
    prices, hedge : as for `fit`.
    """
    with np.errstate(all="ignore"):
        correlation = _correlation(returns(y, prices), returns(x, prices), n - 1)
        y, x = transformed(y, prices), transformed(x, prices)
        regress = _regress_through_origin if hedge == "origin" else _regress
        return regress(y, x, n, correlation, floor=size_floor(prices))


def transformed(closes: Float64s, prices: Prices) -> Float64s:
    """Give what is regressed: closes, or their logarithms, NaN where there is none.

    Parameters
    ----------
    closes : any shape.
    prices : which.
    """
    if prices == "level":
        return closes
    return np.log(np.where(closes > 0, closes, np.nan))


def is_usable(closes: Float64s, prices: Prices) -> Bools:
    """Tell which rows can be regressed: finite closes, and positive ones under a logarithm.

    Parameters
    ----------
    closes : (2, k) of y and x.
    prices : what is regressed.
    """
    usable: Bools = np.isfinite(closes)
    if prices == "log":
        usable &= closes > 0
    both: Bools = usable[0] & usable[1]
    return both


def returns(closes: Float64s, prices: Prices) -> Float64s:
    """Give the returns along the last axis, simple or logarithmic.

    Parameters
    ----------
    closes : (..., n), oldest first.
    prices : `log` asks for logarithmic returns.
    """
    return returns_between(closes[..., :-1], closes[..., 1:], prices)


def returns_between(before: Float64s, after: Float64s, prices: Prices) -> Float64s:
    """Give the return from one close to another; differences first, for the sake of the digits.

    Parameters
    ----------
    before, after : of one shape.
    prices : `log` asks for logarithmic returns.
    """
    simple = (after - before) / before
    return np.log1p(simple) if prices == "log" else simple


def size_floor(prices: Prices) -> float:
    """Give what a squared level is at least: a logarithm near zero is still only so exact.

    Parameters
    ----------
    prices : what is regressed.
    """
    return 1.0 if prices == "log" else 0.0


def moves(sxx: Float64s, x_mean: Float64s, n: Int64s | Float64s | int, *, floor: float) -> Bools:
    """Tell where a leg's sum of squares is more than rounding.

    Parameters
    ----------
    sxx, x_mean, n : (k,) of the leg.
    floor : `size_floor`.
    """
    return sxx > ROUNDING**2 * n * np.maximum(x_mean * x_mean, floor)


def stands_out(
    sse: Float64s, syy: Float64s, y_mean: Float64s, n: Int64s | Float64s | int, *, floor: float
) -> Bools:
    """Tell where the residuals are more than rounding.

    Parameters
    ----------
    sse, syy, y_mean, n : (k,) of the regression.
    floor : `size_floor`.
    """
    return moves(sse, y_mean, n, floor=floor) & (sse > ROUNDING**2 * syy)


def return_varies(squares: Float64s, mean: Float64s, count: Int64s | Float64s) -> Bools:
    """Tell where returns differ by more than rounding.

    Parameters
    ----------
    squares : (k,) sum of squares about the mean.
    mean, count : (k,) of the returns.
    """
    return squares > count * np.maximum((ROUNDING * mean) ** 2, RETURN_ROUNDING**2)


def _centred(values: Float64s, n: Int64s) -> tuple[Float64s, Float64s]:
    """Give the mean of the last n values, and them less it; zero for those before."""
    counts = np.arange(values.shape[1]) >= values.shape[1] - n[:, None]
    last = values[:, -1:]
    off = np.where(counts, values - last, 0.0)
    mean = off.sum(axis=1) / n
    return last[:, 0] + mean, np.where(counts, off - mean[:, None], 0.0)


def _regress(y: Float64s, x: Float64s, n: Int64s, correlation: Float64s, *, floor: float) -> Fits:
    (y_mean, y_off), (x_mean, x_off) = _centred(y, n), _centred(x, n)
    sxx, sxy, syy = (
        (a * b).sum(axis=1) for a, b in ((x_off, x_off), (x_off, y_off), (y_off, y_off))
    )
    hedge_ratio = np.where(moves(sxx, x_mean, n, floor=floor), sxy / sxx, np.nan)
    residuals = y_off - hedge_ratio[:, None] * x_off
    sse = (residuals * residuals).sum(axis=1)
    deviation = np.sqrt(sse / (n - 1))  # residuals have mean zero by construction
    clear = stands_out(sse, syy, y_mean, n, floor=floor)
    return Fits(
        hedge_ratio=hedge_ratio,
        intercept=y_mean - hedge_ratio * x_mean,
        r_squared=np.where(moves(syy, y_mean, n, floor=floor), 1 - sse / syy, np.nan),
        spread=residuals[:, -1],
        z=np.where(clear, residuals[:, -1] / deviation, np.nan),
        correlation=correlation,
    )


def _regress_through_origin(
    y: Float64s, x: Float64s, n: Int64s, correlation: Float64s, *, floor: float
) -> Fits:
    (y_mean, y_off), (x_mean, x_off) = _centred(y, n), _centred(x, n)
    sxx, sxy, syy = (
        (a * b).sum(axis=1) for a, b in ((x_off, x_off), (x_off, y_off), (y_off, y_off))
    )
    moves_at_all = moves(sxx, x_mean, n, floor=floor)
    ratio = (sxy + n * x_mean * y_mean) / (sxx + n * x_mean * x_mean)
    hedge_ratio = np.where(moves_at_all, ratio, np.nan)
    off = y_off - hedge_ratio[:, None] * x_off
    mean = y_mean - hedge_ratio * x_mean
    about_mean = (off * off).sum(axis=1)
    spread = off[:, -1] + mean
    clear = stands_out(about_mean, syy, y_mean, n, floor=floor)
    r_squared = 1 - (about_mean + n * mean * mean) / (syy + n * y_mean * y_mean)
    return Fits(
        hedge_ratio=hedge_ratio,
        intercept=np.where(moves_at_all, 0.0, np.nan),
        r_squared=np.where(moves(syy, y_mean, n, floor=floor), r_squared, np.nan),
        spread=spread,
        z=np.where(clear, spread / np.sqrt(about_mean / (n - 1)), np.nan),
        correlation=correlation,
    )


def _correlation(a: Float64s, b: Float64s, count: Int64s) -> Float64s:
    (a_mean, a_off), (b_mean, b_off) = _centred(a, count), _centred(b, count)
    aa, bb = (a_off * a_off).sum(axis=1), (b_off * b_off).sum(axis=1)
    vary = return_varies(aa, a_mean, count) & return_varies(bb, b_mean, count)
    ratio = (a_off * b_off).sum(axis=1) / (np.sqrt(aa) * np.sqrt(bb))
    return np.where(vary, np.clip(ratio, -1, 1), np.nan)
