"""Rows of many pairs, one at a time -> the figures of their moving windows, vectorised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Hedge, Int64s, Prices
from oddlot.quant import kalman, sums
from oddlot.quant.fits import Fits, fit_last, returns_between, size_floor, transformed
from oddlot.quant.instants import NEVER_MS
from oddlot.quant.sums import COLUMNS, MOMENTS

SPAN_WINDOWS = 2  # closes older than twice the window's time do not count, gaps or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How figures are computed: what pairs must share to be computed together.

    Attributes
    ----------
    window : rows.
    length_ms : of a row's bar.
    prices, hedge : as in `Pair`.
    """

    window: int
    length_ms: int
    prices: Prices
    hedge: Hedge

    @property
    def block_ms(self) -> int:
        """Time between two anchors."""
        return self.window * self.length_ms

    @property
    def span_ms(self) -> int:
        """How old a row may be to count."""
        return SPAN_WINDOWS * self.window * self.length_ms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures(Fits):
    """What is said of rows; NaN where a figure has no meaning.

    Attributes
    ----------
    n : (k,) rows in the window behind it.
    """

    n: Int64s


class Rolling:
    """The windows of many pairs that share a recipe.

    Parameters
    ----------
    pairs : how many.
    recipe : what they share.
    """

    def __init__(self, pairs: int, recipe: Recipe) -> None:
        self._recipe, self._pairs = recipe, pairs
        window, floor = recipe.window, size_floor(recipe.prices)
        filters = kalman.Filters(pairs, window, floor=floor) if recipe.hedge == "kalman" else None
        self._filters = filters
        # Rings of the newest rows, where the newest one is, and how many the window has.
        self._open_ms = np.full((window, pairs), NEVER_MS)
        self._closes = np.full((2, window, pairs), np.nan)
        self._slot, self._n = np.full(pairs, -1), np.zeros(pairs, np.int64)
        # The block in progress: its number, rows after its first, and what was summed.
        self._block = np.full(pairs, NEVER_MS)
        self._since = np.zeros(pairs, np.int64)
        self._about = np.zeros((COLUMNS, pairs))
        self._ahead = np.zeros((MOMENTS, pairs))
        self._behind = np.zeros((window, MOMENTS, pairs))
        self._last = np.full((2, pairs), np.nan)

    def advance(self, which: Int64s, open_ms: Int64s, closes: Float64s) -> tuple[Int64s, Float64s]:
        """Take in one row each of some pairs.

        Parameters
        ----------
        which : (k,) their numbers, increasing.
        open_ms : (k,) later than the pair's row before.
        closes : (2, k) of y and x; finite, and positive under logarithms.

        Returns
        -------
        (k,) rows in the windows that end with these, and (FIGURES, k) what is said of them.
        """
        with np.errstate(all="ignore"):
            return self._advance(which, open_ms, closes)

    def count(self, which: Int64s, open_ms: Int64s) -> Int64s:
        """Give how many rows of some pairs would count at a later time."""
        ages: Int64s = (self._open_ms[:, which] > open_ms - self._recipe.span_ms).sum(axis=0)
        return ages

    def window(self, which: int) -> tuple[Int64s, Float64s]:
        """Give the opens (n,) and closes (2, n) of a pair's newest window, oldest first."""
        rows = np.arange(1 - self._n[which], 1) + self._slot[which]
        return self._open_ms[rows, which], self._closes[:, rows, which]

    def _advance(self, which: Int64s, open_ms: Int64s, closes: Float64s) -> tuple[Int64s, Float64s]:
        recipe = self._recipe
        at = slice(None) if len(which) == self._pairs else which  # a slice copies nothing
        n, slot = self._put(which, open_ms, closes)
        block, since = open_ms // recipe.block_ms, self._since[which] + 1
        begins = (block != self._block[at]) | (since >= recipe.window)
        has_begun = begins.any()
        if has_begun:
            since[begins] = 0
            self._begin(which[begins], slot[begins], n[begins])
        self._since[at], self._block[at] = since, block

        about, now = self._about[:, at], transformed(closes, recipe.prices)
        offsets = np.empty(about.shape)
        np.subtract(now, about[:2], out=offsets[:2])
        returns = returns_between(self._last[:, at], closes, recipe.prices)
        np.subtract(returns, about[2:], out=offsets[2:])
        self._last[:, at] = closes
        if has_begun:
            offsets[2:, begins] = 0.0  # counted backwards, if its window reaches back at all
        ahead = sums.moments(offsets)
        ahead += self._ahead[:, at]
        self._ahead[:, at] = ahead
        window_sums = ahead + self._sums_behind(which, n - 1 - since)
        found, doubtful = sums.figures(
            window_sums, n, about, offsets[:2], recipe.prices, hedge=recipe.hedge
        )
        if doubtful is not None and doubtful.any():
            self._fit_whole(found, doubtful, which, n)
        if self._filters is not None:
            kalman.replace_fits(found, self._filters.advance(which, block, *now))
        return n, found

    def _put(self, which: Int64s, open_ms: Int64s, closes: Float64s) -> tuple[Int64s, Int64s]:
        """Put rows in the rings; give how many rows their windows have, and where they stand."""
        window = self._recipe.window
        slot, n = self._slot[which] + 1, self._n[which] + 1
        slot[slot == window] = 0
        np.minimum(n, window, out=n)
        flat = slot * self._pairs + which
        self._open_ms.put(flat, open_ms)
        for ring, leg in zip(self._closes, closes, strict=True):
            ring.put(flat, leg)
        limit_ms = open_ms - self._recipe.span_ms
        oldest = flat - (n - 1) * self._pairs  # from the ring's end where negative
        is_old = self._open_ms.take(oldest) <= limit_ms
        if is_old.any():
            counts = self._open_ms[:, which[is_old]] > limit_ms[is_old]
            n[is_old] = counts.sum(axis=0)
        self._slot[which], self._n[which] = slot, n
        return n, slot

    def _begin(self, which: Int64s, slot: Int64s, n: Int64s) -> None:
        """Begin a block at the newest row of some pairs."""
        prices = self._recipe.prices
        rows = slot - np.arange(self._recipe.window)[:, None]
        closes = self._closes[:, rows, which]
        about = sums.anchors(closes, n > 1, prices)
        self._about[:, which], self._ahead[:, which] = about, 0.0
        if len(which) == self._pairs:
            sums.behind(closes, about, prices, out=self._behind)
        else:
            some = np.empty((*rows.shape[:1], MOMENTS, len(which)))
            sums.behind(closes, about, prices, out=some)
            self._behind[:, :, which] = some

    def _sums_behind(self, which: Int64s, depth: Int64s) -> Float64s:
        if len(which) == self._pairs and depth.min() == depth.max():
            behind: Float64s = self._behind[depth[0]]
        else:
            behind = self._behind[depth, :, which].T
        return behind

    def _fit_whole(self, found: Float64s, doubtful: Bools, which: Int64s, n: Int64s) -> None:
        """Put the figures of a two-pass fit where sums have lost too many digits."""
        at = which[doubtful]
        rows = self._slot[at][:, None] + np.arange(1 - self._recipe.window, 1)
        y, x = self._closes[:, rows, at[:, None]]
        how = self._recipe
        fits = fit_last(y, x, n[doubtful], prices=how.prices, hedge=how.hedge)
        found[:, doubtful] = fits.table()
