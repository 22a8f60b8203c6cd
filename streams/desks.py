"""Legs and the watchlist -> one desk an interval, in step with both."""

from __future__ import annotations

from collections.abc import Mapping

from oddlot.contracts.messages import INTERVAL_MS, Interval, Pair
from oddlot.quant.desk import Desk
from streams.leg_state import Legs


class Desks:
    """The desks of a worker; made again from the kept legs where these or the pairs changed."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs
        self._forgotten = legs.forgotten
        self._pairs: Mapping[str, Pair] | None = None
        self._desks: dict[Interval, Desk] = {}

    def get(self, pairs: Mapping[str, Pair]) -> Mapping[Interval, Desk]:
        """Give the desk of every interval that a pair is watched on.

        Parameters
        ----------
        pairs : as they are watched now; the same object as long as nothing has changed.
        """
        if self._legs.forgotten != self._forgotten:
            self._forgotten, self._pairs, self._desks = self._legs.forgotten, None, {}
        if pairs is not self._pairs:
            made = {interval: self._desk(interval, pairs) for interval in INTERVAL_MS}
            self._desks = {interval: desk for interval, desk in made.items() if desk.pairs}
            self._legs.watch(pairs.values())
            self._pairs = pairs
        return self._desks

    def _desk(self, interval: Interval, pairs: Mapping[str, Pair]) -> Desk:
        wanted = tuple(pair for pair in pairs.values() if interval in pair.intervals)
        present = self._desks.get(interval)
        if present is not None and present.pairs == wanted:
            return present
        desk = Desk(wanted, INTERVAL_MS[interval])
        desk.restore(self._legs.get()[interval])
        return desk
