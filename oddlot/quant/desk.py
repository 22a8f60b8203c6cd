"""Legs of one interval -> the rows that have settled, with the figures of every watched pair.

The live side of the maths: a desk holds the windows of all pairs of one interval and is told the
legs as they grow. What it says of a row depends only on the closes of a bounded stretch before it
(`pairs.reach_ms`), never on batches, restarts or the order in which the legs came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oddlot.contracts.messages import Bools, Float64s, Int64s, Interval, Spread
from oddlot.contracts.pairs import Pair
from oddlot.quant.legs import Leg
from oddlot.quant.rolling import Figures


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
    pairs : any windows, prices and ways to hedge; those not watched on this interval may be among
        them if their legs are given.
    length_ms : of the bars.
    """

    def __init__(self, pairs: Sequence[Pair], length_ms: int) -> None:
        self.pairs = tuple(pairs)
        self.length_ms = length_ms

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
        raise NotImplementedError

    def window(self, which: int) -> Window:
        """Give the closes of a pair's last window, for the tests of stationarity."""
        raise NotImplementedError


def spreads(desk: Desk, settled: Settled, interval: Interval) -> list[Spread]:
    """Give settled rows as messages, in their order.

    Parameters
    ----------
    desk : whose pairs they are.
    settled : what its `advance` gave.
    interval : its name on the wire.
    """
    raise NotImplementedError
