"""Legs of one interval -> the rows that have settled, with the figures of every watched pair.

The live side of the maths: a desk holds the windows of all pairs of one interval and is told the
legs as they grow. What it says of a row depends only on the closes of a bounded stretch before it
(`pairs.reach_ms`), never on batches, restarts or the order in which the legs came.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s, Interval, Spread
from oddlot.contracts.pairs import Pair
from oddlot.quant.fits import FIGURES, is_usable
from oddlot.quant.instants import NEVER_MS, Instant, instants
from oddlot.quant.legs import NO_LEG, Leg
from oddlot.quant.rolling import Figures, Recipe, Rolling


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """Rows that both legs are known past now, in time order for each pair.

    Attributes
    ----------
    which : (k,) number of the pair, as in `Desk.pairs`.
    open_ms : (k,) of the row.
    y, x : (k,) closes of the legs.
    is_stale : (k,) no figures: a leg is silent, or its price is of no use.
    figures : (k,) each.
    """

    which: Int64s
    open_ms: Int64s
    y: Float64s
    x: Float64s
    is_stale: Bools
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """The closes behind the newest figures of one pair, oldest first.

    Attributes
    ----------
    open_ms, y, x : (n,) n <= the pair's window; plain prices, whatever the pair regresses.
    """

    open_ms: Int64s
    y: Float64s
    x: Float64s


class Desk:
    """All watched pairs of one interval, updated together.

    Parameters
    ----------
    pairs : any windows, prices and ways to hedge.
    length_ms : of the bars.
    """

    def __init__(self, pairs: Sequence[Pair], length_ms: int) -> None:
        self.pairs = tuple(pairs)
        self.length_ms = length_ms
        self._symbols = sorted({symbol for pair in pairs for symbol in (pair.y, pair.x)})
        number = {symbol: i for i, symbol in enumerate(self._symbols)}
        self._legs = np.array([[number[p.y] for p in pairs], [number[p.x] for p in pairs]], int)
        self._silence_ms = np.array([p.silence_bars * length_ms for p in pairs], np.int64)
        self._settled_ms = np.zeros(len(pairs), np.int64)
        recipes = [recipe_of(pair, length_ms) for pair in pairs]
        self._groups = [
            _Group.of(recipe, [r == recipe for r in recipes]) for recipe in dict.fromkeys(recipes)
        ]

    def restore(self, legs: Mapping[str, Leg]) -> None:
        """Take in legs kept from before; their rows have been told and are not told again.

        Parameters
        ----------
        legs : by symbol, each reaching back `pairs.reach_ms` before the newest settled row.
        """
        self.advance(legs)

    def advance(self, legs: Mapping[str, Leg]) -> Settled:
        """Give the rows that have settled since the last call, with their figures.

        Parameters
        ----------
        legs : by symbol, as they are now; a symbol that is absent has never been heard of.
        """
        known = [legs.get(symbol, NO_LEG) for symbol in self._symbols]
        until_ms = np.array([leg.known_until_ms for leg in known], np.int64)[self._legs].min(axis=0)
        is_due = until_ms > self._settled_ms
        if not is_due.any():
            return _joined([])
        due = instants(known, self._settled_ms[is_due], until_ms[is_due])
        found = [self._rows(instant, until_ms) for instant in due]
        np.maximum(self._settled_ms, until_ms, out=self._settled_ms)
        return found[0] if len(found) == 1 else _joined(found)

    def window(self, which: int) -> Window:
        """Give the closes of a pair's last window, for the tests of stationarity."""
        group = next(group for group in self._groups if group.place[which] >= 0)
        open_ms, (y, x) = group.rolling.window(int(group.place[which]))
        return Window(open_ms=open_ms, y=y, x=x)

    def _rows(self, instant: Instant, until_ms: Int64s) -> Settled:
        """Give the rows of one time, of the pairs for which it has settled now."""
        open_ms = instant.open_ms
        opens = instant.opens[self._legs]
        oldest_ms, newest_ms = np.minimum(*opens), np.maximum(*opens)
        is_row = (self._settled_ms <= open_ms) & (open_ms < until_ms)
        which = np.flatnonzero(is_row & (newest_ms == open_ms) & (oldest_ms > NEVER_MS))
        rows = _Rows(
            which,
            open_ms,
            instant.closes[self._legs[:, which]],
            open_ms - oldest_ms[which] > self._silence_ms[which],
        )
        for group in self._groups:
            group.advance(rows)
        return rows.settled()


class _Group(NamedTuple):
    """Pairs that share a recipe, and where each pair of the desk stands among them, or -1."""

    recipe: Recipe
    rolling: Rolling
    place: Int64s

    @classmethod
    def of(cls, recipe: Recipe, members: list[bool]) -> _Group:
        count = sum(members)
        place = np.full(len(members), -1)
        place[np.array(members)] = np.arange(count)
        return cls(recipe, Rolling(count, recipe), place)

    def advance(self, rows: _Rows) -> None:
        """Take in its members' rows of one time; fill in their figures."""
        place = self.place[rows.which]
        is_member = place >= 0
        rows.is_stale |= is_member & ~is_usable(rows.closes, self.recipe.prices)
        is_fresh = is_member & ~rows.is_stale
        if is_fresh.all():
            rows.n, rows.table = self.rolling.advance(place, rows.open_ms, rows.closes)
            return
        fresh, stale = np.flatnonzero(is_fresh), np.flatnonzero(is_member & rows.is_stale)
        if len(fresh):
            found = self.rolling.advance(place[fresh], rows.open_ms[fresh], rows.closes[:, fresh])
            rows.n[fresh], rows.table[:, fresh] = found
        if len(stale):
            rows.n[stale] = self.rolling.count(place[stale], rows.open_ms[stale])


class _Rows:
    """The rows of one time, being filled in."""

    def __init__(self, which: Int64s, open_ms: int, closes: Float64s, is_stale: Bools) -> None:
        self.which, self.closes, self.is_stale = which, closes, is_stale
        self.open_ms = np.full(len(which), open_ms)
        self.n = np.zeros(len(which), np.int64)
        self.table = np.full((len(FIGURES), len(which)), np.nan)

    def settled(self) -> Settled:
        figures = Figures(n=self.n, **dict(zip(FIGURES, self.table, strict=True)))
        return Settled(
            which=self.which,
            open_ms=self.open_ms,
            y=self.closes[0],
            x=self.closes[1],
            is_stale=self.is_stale,
            figures=figures,
        )


def _joined(parts: Sequence[Settled]) -> Settled:
    if not parts:
        none = _Rows(np.empty(0, np.int64), 0, np.empty((2, 0)), np.empty(0, bool))
        return none.settled()
    which, open_ms, y, x, is_stale = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("which", "open_ms", "y", "x", "is_stale")
    )
    figures = Figures(
        n=np.concatenate([part.figures.n for part in parts]),
        **{name: np.concatenate([getattr(p.figures, name) for p in parts]) for name in FIGURES},
    )
    return Settled(which=which, open_ms=open_ms, y=y, x=x, is_stale=is_stale, figures=figures)


def recipe_of(pair: Pair, length_ms: int) -> Recipe:
    """Say how a pair is computed on bars of one length.

    Parameters
    ----------
    pair, length_ms : which.
    """
    return Recipe(window=pair.window, length_ms=length_ms, prices=pair.prices, hedge=pair.hedge)


def spreads(desk: Desk, settled: Settled, interval: Interval) -> list[Spread]:
    """Give settled rows as messages, in their order.

    Parameters
    ----------
    desk : whose pairs they are.
    settled : what its `advance` gave.
    interval : its name on the wire.
    """
    return spreads_of(desk.pairs, settled, interval)


def spreads_of(pairs: Sequence[Pair], settled: Settled, interval: Interval) -> list[Spread]:
    """Give rows as messages, in their order.

    Parameters
    ----------
    pairs : that the rows number.
    settled : the rows.
    interval : its name on the wire.
    """
    figures = settled.figures
    columns = (settled.which, settled.open_ms, settled.y, settled.x, settled.is_stale, figures.n)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    values = zip(*(getattr(figures, name).tolist() for name in FIGURES), strict=True)
    return [
        _spread(pairs[which], interval, row, value)
        for (which, *row), value in zip(rows, values, strict=True)
    ]


def _spread(pair: Pair, interval: Interval, row: list[Any], values: tuple[float, ...]) -> Spread:
    open_ms, y_close, x_close, is_stale, n = row
    figures = (value if math.isfinite(value) else None for value in values)
    return Spread(
        pair=pair.id,
        y=pair.y,
        x=pair.x,
        interval=interval,
        open_ms=open_ms,
        y_close=y_close,
        x_close=x_close,
        n=n,
        window=pair.window,
        warm=n >= pair.window,
        stale=is_stale,
        prices=pair.prices,
        hedge=pair.hedge,
        **dict(zip(FIGURES, figures, strict=True)),
    )
