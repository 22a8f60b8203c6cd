"""Aligned closes of two legs -> hedge ratio, spread, z-score and correlation of the pair.

y = intercept + hedge_ratio * x + spread, by least squares over the last `window` closes. Every
figure comes from a two-pass fit of its own window, so it does not depend on what came before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from oddlot.contracts.messages import Float64s, Prices
from oddlot.quant.legs import Aligned

MIN_CLOSES = 3  # two make a line without a residual
# Below this share of the leg's own standard deviation a residual is rounding, not a spread.
ROUNDING = 1e-10
SPAN_WINDOWS = 2  # closes older than twice the window's time do not count, gaps or not


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


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one pair at one bar; None where a figure has no meaning."""

    open_ms: int
    y_close: float
    x_close: float
    n: int
    stale: bool
    hedge_ratio: float | None = None
    intercept: float | None = None
    r_squared: float | None = None
    spread: float | None = None
    z: float | None = None
    correlation: float | None = None


def rows_since(
    aligned: Aligned, since_ms: int, *, window: int, interval_ms: int, prices: Prices
) -> list[Row]:
    """Fit every row from a time on, each over the closes up to it.

    Parameters
    ----------
    aligned : the legs on one clock.
    since_ms : open of the first row wanted.
    window : closes behind a fit.
    interval_ms : length of a bar; closes older than twice the window's time do not count.
    prices : fit prices, or their logarithms.

    Returns
    -------
    in time order; a stale row carries no figures.
    """
    fresh = np.flatnonzero(~aligned.is_stale)
    rows = []
    for i in range(int(np.searchsorted(aligned.open_ms, since_ms)), len(aligned.open_ms)):
        open_ms = int(aligned.open_ms[i])
        end = int(np.searchsorted(fresh, i, side="right"))
        oldest_ms = open_ms - SPAN_WINDOWS * window * interval_ms
        start = int(np.searchsorted(aligned.open_ms[fresh[:end]], oldest_ms, side="right"))
        used = fresh[max(start, end - window) : end]
        closes = float(aligned.y[i]), float(aligned.x[i])
        if aligned.is_stale[i]:
            rows.append(Row(open_ms, *closes, n=len(used), stale=True))
            continue
        figures = _figures(aligned.y[used], aligned.x[used], prices)
        rows.append(Row(open_ms, *closes, n=len(used), stale=False, **figures))
    return rows


def fit(y: Float64s, x: Float64s, *, prices: Prices) -> Fits:
    """Regress y on x with an intercept, over each row of closes.

    Parameters
    ----------
    y, x : (k, n) closes, oldest first, n >= 3.
    prices : fit prices, or their logarithms.

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
    (ddof 1); correlation is of the legs' returns, simple or logarithmic as the prices.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 3.0, 4.0]])
    >>> fits = fit(np.array([[1.0, 3.0, 2.0, 5.0]]), x, prices="level")
    >>> fits.hedge_ratio.round(3), fits.z.round(3)
    (array([1.1]), array([0.632]))
    """
    if y.shape != x.shape or y.ndim != 2 or y.shape[1] < MIN_CLOSES:
        raise ValueError(f"expected two (k, n >= 3) arrays, was {y.shape} and {x.shape}")
    y, x = np.ascontiguousarray(y), np.ascontiguousarray(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = _correlation(_returns(y, prices), _returns(x, prices))
        if prices == "log":
            y, x = (np.log(np.where(leg > 0, leg, np.nan)) for leg in (y, x))
        y_mean, x_mean = y.mean(axis=1), x.mean(axis=1)
        y_off, x_off = y - y_mean[:, None], x - x_mean[:, None]
        sxx, sxy, syy = (
            (a * b).sum(axis=1) for a, b in ((x_off, x_off), (x_off, y_off), (y_off, y_off))
        )
        moves = sxx > ROUNDING**2 * x_mean**2 * x.shape[1]
        hedge_ratio = np.where(moves, sxy / sxx, np.nan)
        residuals = y_off - hedge_ratio[:, None] * x_off
        sse = (residuals * residuals).sum(axis=1)
        deviation = np.sqrt(sse / (y.shape[1] - 1))  # residuals have mean zero by construction
        stands_out = sse > ROUNDING**2 * np.maximum(syy, y_mean**2)
        return Fits(
            hedge_ratio=hedge_ratio,
            intercept=y_mean - hedge_ratio * x_mean,
            r_squared=np.where(syy > 0, 1 - sse / syy, np.nan),
            spread=residuals[:, -1],
            z=np.where(stands_out, residuals[:, -1] / deviation, np.nan),
            correlation=correlation,
        )


def _figures(y: Float64s, x: Float64s, prices: Prices) -> dict[str, Any]:
    if len(y) < MIN_CLOSES:
        return {}
    fits = fit(y[None, :], x[None, :], prices=prices)
    named = ((name, float(getattr(fits, name)[0])) for name in Fits.__slots__)
    return {name: value if np.isfinite(value) else None for name, value in named}


def _returns(closes: Float64s, prices: Prices) -> Float64s:
    ratio = closes[:, 1:] / closes[:, :-1]
    return np.log(ratio) if prices == "log" else ratio - 1


def _correlation(a: Float64s, b: Float64s) -> Float64s:
    a, b = (r - r.mean(axis=1, keepdims=True) for r in (a, b))
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.where(scale > 0, np.clip((a * b).sum(axis=1) / scale, -1, 1), np.nan)
