"""Legs of a pair -> hedge ratio, spread, z-score and correlation of all its rows at once.

y = intercept + hedge_ratio * x + spread, over the last `window` closes. What is said of a row
depends only on a bounded stretch before it (`reach_ms`): a desk says the same of it, live.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from oddlot.contracts.messages import INTERVAL_MS, Interval, Spread
from oddlot.contracts.pairs import Pair
from oddlot.quant import histories, kalman
from oddlot.quant.desk import Settled, recipe_of, spreads_of
from oddlot.quant.fits import FIGURES, Fits, fit, is_usable
from oddlot.quant.legs import Aligned, Leg, align
from oddlot.quant.rolling import SPAN_WINDOWS, Figures

__all__ = ["FIGURES", "Figures", "Fits", "aligned", "fit", "history", "reach_ms", "spreads_since"]


def spreads_since(pair: Pair, interval: Interval, y: Leg, x: Leg, *, since_ms: int) -> list[Spread]:
    """Compute the spread at every bar that both legs have settled, from a time on.

    Parameters
    ----------
    pair : which legs, window, prices, hedge and limit of silence.
    interval : of the bars.
    y, x : its legs at that interval, reaching back `reach_ms` before that time.
    since_ms : open of the first bar wanted.

    Returns
    -------
    in time order, one for each bar that either leg has; a stale one carries no figures.
    """
    rows = aligned(pair, INTERVAL_MS[interval], y, x)
    figures = history(pair, INTERVAL_MS[interval], rows)
    wanted = slice(int(np.searchsorted(rows.open_ms, since_ms)), None)
    settled = Settled(
        which=np.zeros(len(rows.open_ms[wanted]), np.int64),
        open_ms=rows.open_ms[wanted],
        y=rows.y[wanted],
        x=rows.x[wanted],
        is_stale=rows.is_stale[wanted],
        figures=Figures(
            n=figures.n[wanted], **{name: getattr(figures, name)[wanted] for name in FIGURES}
        ),
    )
    return spreads_of([pair], settled, interval)


def reach_ms(pair: Pair, interval: Interval) -> int:
    """Give how far before a bar the closes lie that can count in its spread.

    Parameters
    ----------
    pair : window, hedge and limit of silence.
    interval : of the bars.

    Notes
    -----
    The block that the bar is in began up to a window's time before; the window of its first row
    reaches back twice a window's time, a filter's warm-up three times.
    """
    blocks = kalman.BLOCKS if pair.hedge == "kalman" else 1 + SPAN_WINDOWS
    return (blocks * pair.window + pair.silence_bars + 1) * INTERVAL_MS[interval]


def aligned(pair: Pair, length_ms: int, y: Leg, x: Leg) -> Aligned:
    """Put the legs of a pair on one clock, up to where both are known.

    Parameters
    ----------
    pair : limit of silence, and what is regressed.
    length_ms : of the bars; any, e.g. a day's.
    y, x : the legs. Of a whole series: `Leg(open_ms=..., close=..., known_until_ms=...)`.

    Returns
    -------
    its rows; stale where a leg is silent, and where a close is of no use: NaN, infinite, or not
    positive under a logarithm.
    """
    rows = align(y, x, silence_ms=pair.silence_bars * length_ms)
    is_stale = rows.is_stale | ~is_usable(np.array([rows.y, rows.x]), pair.prices)
    return replace(rows, is_stale=is_stale)


def history(pair: Pair, length_ms: int, rows: Aligned) -> Figures:
    """Compute the figures of every row at once: exactly what a desk says row by row.

    Parameters
    ----------
    pair : window, prices, hedge.
    length_ms : of the bars.
    rows : what `aligned` gave.

    Returns
    -------
    (n,) each; NaN at stale rows and where a figure has no meaning.
    """
    recipe = recipe_of(pair, length_ms)
    is_fresh = ~rows.is_stale
    fresh_ms = rows.open_ms[is_fresh]
    found = histories.figures(recipe, fresh_ms, np.array([rows.y, rows.x])[:, is_fresh])
    table = np.full((len(FIGURES), len(rows.open_ms)), np.nan)
    table[:, is_fresh] = found.table()
    n = histories.rows_in_window(recipe, fresh_ms, rows.open_ms)
    return Figures(n=n, **dict(zip(FIGURES, table, strict=True)))
