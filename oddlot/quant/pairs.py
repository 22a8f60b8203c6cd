"""Aligned closes of two legs -> hedge ratio, spread, z-score and correlation of the pair.

y = intercept + hedge_ratio * x + spread, by least squares over the last `window` closes. Every
figure comes from a two-pass fit of its own window, so it does not depend on what came before.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from oddlot.contracts.messages import INTERVAL_MS, Float64s, Int64s, Interval, Prices, Spread
from oddlot.contracts.pairs import Pair
from oddlot.quant.legs import Aligned, Leg, align
from oddlot.quant.rolling import Figures

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


FIGURES = tuple(field.name for field in fields(Fits))


def spreads_since(pair: Pair, interval: Interval, y: Leg, x: Leg, *, since_ms: int) -> list[Spread]:
    """Compute the spread at every bar that both legs have settled, from a time on.

    Parameters
    ----------
    pair : which legs, window, prices and limit of silence.
    interval : of the bars.
    y, x : its legs at that interval, reaching back at least twice the window's time.
    since_ms : open of the first bar wanted.

    Returns
    -------
    in time order, one for each bar that either leg has; a stale one carries no figures.
    """
    length_ms = INTERVAL_MS[interval]
    rows = align(y, x, silence_ms=pair.silence_bars * length_ms)
    first = int(np.searchsorted(rows.open_ms, since_ms))
    fresh = np.flatnonzero(~rows.is_stale)
    span_ms = SPAN_WINDOWS * pair.window * length_ms
    return [
        _spread_at(pair, interval, rows, i, _window(rows, fresh, i, pair.window, span_ms))
        for i in range(first, len(rows.open_ms))
    ]


def reach_ms(pair: Pair, interval: Interval) -> int:
    """Give how far before a bar the closes lie that can count in its spread.

    Parameters
    ----------
    pair : window and limit of silence.
    interval : of the bars.
    """
    return (SPAN_WINDOWS * pair.window + pair.silence_bars + 1) * INTERVAL_MS[interval]


def history(pair: Pair, length_ms: int, rows: Aligned) -> Figures:
    """Compute the figures of every row at once: exactly what a desk says row by row.

    Parameters
    ----------
    pair : window, prices, hedge. Its limit of silence has been applied by `legs.align`.
    length_ms : of the bars; any, e.g. a day's.
    rows : in time order (`legs.align(legs.Leg(open_ms=..., close=..., known_until_ms=...), ...)`).

    Returns
    -------
    (n,) each; NaN at stale rows and where a figure has no meaning. Rows with a price that is NaN,
    or not positive under a logarithm, count as stale.
    """
    raise NotImplementedError


def _window(rows: Aligned, fresh: Int64s, i: int, window: int, span_ms: int) -> Int64s:
    """Give the rows behind row i: the last fresh ones, none older than the span."""
    end = int(np.searchsorted(fresh, i, side="right"))
    oldest_ms = int(rows.open_ms[i]) - span_ms
    start = int(np.searchsorted(rows.open_ms[fresh[:end]], oldest_ms, side="right"))
    return fresh[max(start, end - window) : end]


def _spread_at(pair: Pair, interval: Interval, rows: Aligned, i: int, used: Int64s) -> Spread:
    figures: dict[str, Any] = dict.fromkeys(FIGURES)
    if not rows.is_stale[i] and len(used) >= MIN_CLOSES:
        fits = fit(rows.y[used][None], rows.x[used][None], prices=pair.prices)
        for name in FIGURES:
            value = float(getattr(fits, name)[0])
            figures[name] = value if np.isfinite(value) else None
    return Spread(
        pair=pair.id,
        y=pair.y,
        x=pair.x,
        interval=interval,
        open_ms=int(rows.open_ms[i]),
        y_close=float(rows.y[i]),
        x_close=float(rows.x[i]),
        n=len(used),
        window=pair.window,
        warm=len(used) >= pair.window,
        stale=bool(rows.is_stale[i]),
        prices=pair.prices,
        **figures,
    )


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
        return _regress(y, x, correlation)


def _regress(y: Float64s, x: Float64s, correlation: Float64s) -> Fits:
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


def _returns(closes: Float64s, prices: Prices) -> Float64s:
    ratio = closes[:, 1:] / closes[:, :-1]
    return np.log(ratio) if prices == "log" else ratio - 1


def _correlation(a: Float64s, b: Float64s) -> Float64s:
    a, b = (r - r.mean(axis=1, keepdims=True) for r in (a, b))
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.where(scale > 0, np.clip((a * b).sum(axis=1) / scale, -1, 1), np.nan)
