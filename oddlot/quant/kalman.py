"""Closes of two legs -> hedge ratio and spread by a Kalman filter that forgets.

The regression y = intercept + hedge_ratio * x + noise with a state (intercept, hedge ratio) that
walks at random. How far it walks is given by a discount, as in West & Harrison, "Bayesian
Forecasting and Dynamic Models" (2nd ed. 1997), 4.5 and 6.3: with every row the share 1 - discount
of what is known about state and noise is lost. Nothing else has to be chosen, and the figures do
not depend on the scale of the prices. Before the first row nothing is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s
from oddlot.quant.fits import moves

# A filter starts with each block of one window's time, warms up for three and tells in the fourth:
# by then what came before its start would weigh less than 1/400.
BLOCKS = 4
MIN_ROWS = 3  # a line and a residual
STATE = 9  # rows, weight, y and x of the first row, means, xx, xy, squared errors
CHUNK_FILTERS = 16_384  # of a long history, run side by side


class Forecasts(NamedTuple):
    """What was known before a row, and how far the row lies off; NaN where nothing can be said."""

    hedge_ratio: Float64s
    intercept: Float64s
    spread: Float64s
    z: Float64s


def discount(window: int) -> float:
    """Give the share of what is known that outlives one more row.

    Parameters
    ----------
    window : rows; information is on average as old as in a window of so many, half of it.

    Examples
    --------
    >>> discount(200)
    0.99
    """
    return 1 - 2 / window


def step(
    state: Float64s, y: Float64s, x: Float64s, *, keep: float, floor: float
) -> tuple[Float64s, Forecasts]:
    """Take one row into each filter.

    Parameters
    ----------
    state : (STATE, ...) of the filters; zeros before their first row.
    y, x : (...) what is regressed.
    keep : `discount`.
    floor : `fits.size_floor`.

    Returns
    -------
    the state after the row, and what was forecast before it: z is the error of the forecast over
    its standard deviation, (errors / (weight - 2)) * (1 + leverage).
    """
    rows, weight, y0, x0, y_mean, x_mean, xx, xy, errors = state
    y0, x0 = np.where(rows == 0, y, y0), np.where(rows == 0, x, x0)
    y_off, x_off = y - y0 - y_mean, x - x0 - x_mean
    has_moved = xx > 0
    hedge_ratio = np.where(has_moved, xy / xx, 0.0)
    error = y_off - hedge_ratio * x_off
    spread_out = 1 + (1 / weight + np.where(has_moved, x_off * x_off / xx, 0.0)) / keep
    forecasts = _forecasts(
        state, y0 + y_mean, x0 + x_mean, hedge_ratio, error, spread_out, floor=floor
    )
    kept = keep * weight
    weight = kept + 1
    share = kept / weight
    # The first row whose x differs is fitted exactly: it tells the slope and nothing of the noise.
    tells_noise = has_moved | (x_off == 0)
    after = np.stack(
        (
            rows + 1,
            weight,
            y0,
            x0,
            y_mean + y_off / weight,
            x_mean + x_off / weight,
            keep * xx + x_off * x_off * share,
            keep * xy + x_off * y_off * share,
            keep * errors + np.where(tells_noise, error * error / spread_out, 0.0),
        )
    )
    return after, forecasts


def _forecasts(
    state: Float64s,
    y_mean: Float64s,
    x_mean: Float64s,
    hedge_ratio: Float64s,
    error: Float64s,
    spread_out: Float64s,
    *,
    floor: float,
) -> Forecasts:
    rows, weight, *_, xx, _, errors = state
    known = (rows >= MIN_ROWS) & (weight > 2) & moves(xx, x_mean, weight, floor=floor)
    noisy = known & moves(errors, y_mean, weight, floor=floor)
    deviation = np.sqrt(errors / (weight - 2) * spread_out)
    return Forecasts(
        hedge_ratio=np.where(known, hedge_ratio, np.nan),
        intercept=np.where(known, y_mean - hedge_ratio * x_mean, np.nan),
        spread=np.where(known, error, np.nan),
        z=np.where(noisy, error / deviation, np.nan),
    )


class Filters:
    """The filters of many pairs, four to a pair, one row at a time.

    Parameters
    ----------
    pairs : how many.
    window : of all of them.
    floor : `fits.size_floor`.
    """

    def __init__(self, pairs: int, window: int, *, floor: float) -> None:
        self._keep, self._floor = discount(window), floor
        self._state = np.zeros((STATE, pairs, BLOCKS))
        self._block = np.full(pairs, np.iinfo(np.int64).min // 2)

    def advance(self, which: Int64s, block: Int64s, y: Float64s, x: Float64s) -> Forecasts:
        """Take in one row each of some pairs.

        Parameters
        ----------
        which : (k,) their numbers, each at most once.
        block : (k,) number of the block that the row is in.
        y, x : (k,) what is regressed.

        Returns
        -------
        (k,) of the filters that tell in this block.
        """
        lane = np.arange(BLOCKS)
        begun = block[:, None] - (block[:, None] - lane) % BLOCKS  # the block a lane begins with
        state = self._state[:, which]
        state[:, begun > self._block[which][:, None]] = 0.0
        state, forecasts = step(state, y[:, None], x[:, None], keep=self._keep, floor=self._floor)
        self._state[:, which], self._block[which] = state, block
        told = np.arange(len(which)), (block + 1) % BLOCKS
        return Forecasts(*(figure[told] for figure in forecasts))


def history(block: Int64s, y: Float64s, x: Float64s, *, window: int, floor: float) -> Forecasts:
    """Give what `Filters` tells of each row, all rows at once.

    Parameters
    ----------
    block : (n,) number of the block of each row, never falling.
    y, x : (n,) what is regressed.
    window, floor : as for `Filters`.
    """
    told = Forecasts(*(np.full(len(y), np.nan) for _ in Forecasts._fields))
    blocks = np.unique(block)
    for at in range(0, len(blocks), CHUNK_FILTERS):
        _run(told, blocks[at : at + CHUNK_FILTERS], block, y, x, window=window, floor=floor)
    return told


def _run(
    told: Forecasts,
    blocks: Int64s,
    block: Int64s,
    y: Float64s,
    x: Float64s,
    *,
    window: int,
    floor: float,
) -> None:
    """Run the filters that tell in some blocks side by side."""
    start = np.searchsorted(block, blocks - (BLOCKS - 1))
    tells, end = np.searchsorted(block, blocks), np.searchsorted(block, blocks, side="right")
    state = np.zeros((STATE, len(blocks)))
    for i in range(int((end - start).max(initial=0))):
        row = np.minimum(start + i, len(y) - 1)
        state, forecasts = step(state, y[row], x[row], keep=discount(window), floor=floor)
        telling: Bools = (start + i >= tells) & (start + i < end)
        if telling.any():
            for figure, found in zip(told, forecasts, strict=True):
                figure[row[telling]] = found[telling]


def replace_fits(table: Float64s, forecasts: Forecasts) -> None:
    """Put forecasts where a least-squares fit was; its correlation stays, its R² goes.

    Parameters
    ----------
    table : (FIGURES, k) of the windows, changed in place.
    forecasts : (k,) of the same rows.
    """
    hedge_ratio, intercept, r_squared, spread, z, _ = table
    rows = (hedge_ratio, intercept, spread, z)
    for row, figure in zip(rows, forecasts, strict=True):
        row[:] = figure
    r_squared[:] = np.nan
