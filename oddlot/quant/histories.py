"""All rows of one pair -> the figures of each, vectorised: what `rolling` says one by one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s, Prices
from oddlot.quant import kalman, sums
from oddlot.quant.fits import FIGURES, fit_last, returns_between, size_floor, transformed
from oddlot.quant.rolling import Figures, Recipe
from oddlot.quant.sums import COLUMNS, MOMENTS

CHUNK_CELLS = 1 << 17  # windows times their length, at a time: about 10 MB of sums


def figures(recipe: Recipe, open_ms: Int64s, closes: Float64s) -> Figures:
    """Compute the figures of every row.

    Parameters
    ----------
    recipe : how.
    open_ms : (n,) increasing.
    closes : (2, n) of y and x; finite, and positive under logarithms.
    """
    n = rows_in_window(recipe, open_ms, open_ms)
    first = np.arange(len(open_ms)) + 1 - n
    found = np.full((len(FIGURES), len(open_ms)), np.nan)
    with np.errstate(all="ignore"):
        for rows, part, doubtful in _parts(recipe, open_ms, closes, first):
            found[:, rows] = part
            if doubtful is not None:
                _fit_whole(recipe, found, rows.start + np.flatnonzero(doubtful), n, closes)
        if recipe.hedge == "kalman":
            floor, prices = size_floor(recipe.prices), recipe.prices
            forecasts = kalman.history(
                open_ms // recipe.block_ms,
                *transformed(closes, prices),
                window=recipe.window,
                floor=floor,
            )
            kalman.replace_fits(found, forecasts)
    return Figures(n=n, **dict(zip(FIGURES, found, strict=True)))


def rows_in_window(recipe: Recipe, open_ms: Int64s, at_ms: Int64s) -> Int64s:
    """Count the rows in the windows that end at some times.

    Parameters
    ----------
    recipe : how long they are.
    open_ms : (n,) of the rows, increasing.
    at_ms : (k,) ends, included.
    """
    end = np.searchsorted(open_ms, at_ms, side="right")
    oldest = np.searchsorted(open_ms, at_ms - recipe.span_ms, side="right")
    n: Int64s = np.minimum(end - oldest, recipe.window)
    return n


def _starts(recipe: Recipe, open_ms: Int64s) -> Int64s:
    """Give the first row of every block: where time enters one, and every window's rows from it."""
    block = open_ms // recipe.block_ms
    enters = np.flatnonzero(np.diff(block, prepend=block[:1] - 1))
    since = np.arange(len(block)) - np.repeat(enters, np.diff(enters, append=len(block)))
    return np.flatnonzero(since % recipe.window == 0)


def _parts(
    recipe: Recipe, open_ms: Int64s, closes: Float64s, first: Int64s
) -> Iterator[tuple[slice, Float64s, Bools | None]]:
    """Compute the figures of some blocks at a time."""
    starts = _starts(recipe, open_ms)
    ends = np.append(starts[1:], len(open_ms))
    at_once = max(1, CHUNK_CELLS // recipe.window)
    for at in range(0, len(starts), at_once):
        start, end = starts[at : at + at_once], ends[at : at + at_once]
        rows = slice(int(start[0]), int(end[-1]))
        yield rows, *_blocks(recipe, closes, first, start, end)


def _blocks(
    recipe: Recipe, closes: Float64s, first: Int64s, start: Int64s, end: Int64s
) -> tuple[Float64s, Bools | None]:
    """Compute the figures of the rows from the first start to the last end."""
    prices = recipe.prices
    back = start - np.arange(recipe.window)[:, None]
    backwards = np.where(back >= 0, closes[:, np.maximum(back, 0)], np.nan)
    about = sums.anchors(backwards, start > first[start], prices)
    behind = np.empty((recipe.window, MOMENTS, len(start)))
    sums.behind(backwards, about, prices, out=behind)
    offsets = _offsets(closes, about, start, end, prices)
    ahead = _ahead(offsets)
    row = np.arange(start[0], end[-1])
    block = np.repeat(np.arange(len(start)), end - start)
    window_sums = ahead[row - start[block], :, block] + behind[start[block] - first[row], :, block]
    return sums.figures(
        np.ascontiguousarray(window_sums.T),
        row + 1 - first[row],
        about[:, block],
        offsets[:2, row - start[block], block],
        prices,
        hedge=recipe.hedge,
    )


def _offsets(
    closes: Float64s, about: Float64s, start: Int64s, end: Int64s, prices: Prices
) -> Float64s:
    """Give the rows of each block less its anchor; (COLUMNS, rows, blocks)."""
    rows = np.minimum(start + np.arange(int((end - start).max()))[:, None], closes.shape[1] - 1)
    now = closes[:, rows]
    offsets = np.empty((COLUMNS, *rows.shape))
    np.subtract(transformed(now, prices), about[:2, None], out=offsets[:2])
    returns = returns_between(closes[:, np.maximum(rows - 1, 0)], now, prices)
    np.subtract(returns, about[2:, None], out=offsets[2:])
    offsets[2:, 0] = 0.0  # counted backwards, if its window reaches back at all
    return offsets


def _ahead(offsets: Float64s) -> Float64s:
    """Sum each block's rows one by one; (rows, MOMENTS, blocks)."""
    _, rows, blocks = offsets.shape
    ahead = np.empty((rows, MOMENTS, blocks))
    sums.moments(offsets, out=ahead.transpose(1, 0, 2))
    for i in range(1, rows):
        np.add(ahead[i - 1], ahead[i], out=ahead[i])
    return ahead


def _fit_whole(recipe: Recipe, found: Float64s, rows: Int64s, n: Int64s, closes: Float64s) -> None:
    """Put the figures of a two-pass fit where sums have lost too many digits."""
    at_once = max(1, CHUNK_CELLS // recipe.window)
    for at in range(0, len(rows), at_once):
        some = rows[at : at + at_once]
        used = np.maximum(some[:, None] + np.arange(1 - recipe.window, 1), 0)
        y, x = closes[:, used]
        fits = fit_last(y, x, n[some], prices=recipe.prices, hedge=recipe.hedge)
        found[:, some] = fits.table()
