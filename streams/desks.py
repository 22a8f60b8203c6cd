"""Legs and the watchlist -> one desk an interval, in step with both."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from oddlot.contracts.messages import INTERVAL_MS, Interval, Pair
from oddlot.quant.desk import Desk
from streams.leg_state import ByInterval, Legs

ByName = Mapping[str, Pair]
OfIntervals = Mapping[Interval, Desk]


class Desks:
    """The desks of a worker.

    To take in the kept legs costs a desk a tenth of a second or more. Where pairs change while
    rows are being told, new desks do that in a thread, and the old ones serve until then.
    """

    def __init__(self, legs: Legs) -> None:
        self._legs = legs
        self._forgotten = legs.forgotten
        self._pairs: ByName | None = None
        self._desks: OfIntervals = {}
        self._coming: asyncio.Future[OfIntervals] | None = None

    def get(self, pairs: ByName) -> OfIntervals:
        """Give the desk of every interval that a pair is watched on.

        Parameters
        ----------
        pairs : as they are watched now; the same object as long as nothing has changed.
        """
        kept = self._legs.get()
        if self._legs.forgotten != self._forgotten:  # they may tell of rows that never were said
            self._forgotten, self._pairs, self._coming = self._legs.forgotten, None, None
        if self._pairs is None:
            self._desks = _made(pairs, kept, {})
            self._note(pairs)
        if self._coming is not None and self._coming.done():
            self._desks, self._coming = self._coming.result(), None
            for interval, desk in self._desks.items():
                desk.restore(kept[interval])  # what has been told meanwhile
        if pairs is not self._pairs and self._coming is None:
            snapshot = {interval: dict(of_interval) for interval, of_interval in kept.items()}
            making = asyncio.to_thread(_made, pairs, snapshot, dict(self._desks))
            self._coming = asyncio.ensure_future(making)
            self._note(pairs)
        return self._desks

    async def ready(self) -> None:
        """Return once the next `get` gives desks of the pairs that it was last asked for."""
        if self._coming is not None:
            await asyncio.wait([self._coming])

    def _note(self, pairs: ByName) -> None:
        self._pairs = pairs
        self._legs.watch(pairs.values())


def _made(pairs: ByName, kept: ByInterval, present: OfIntervals) -> OfIntervals:
    """Give desks of all pairs: those that are there if they fit, else new ones."""
    made: dict[Interval, Desk] = {}
    for interval, length_ms in INTERVAL_MS.items():
        wanted = tuple(pair for pair in pairs.values() if interval in pair.intervals)
        desk = present.get(interval)
        if desk is None or desk.pairs != wanted:
            desk = Desk(wanted, length_ms)
            if wanted:
                desk.restore(kept[interval])
        if wanted:
            made[interval] = desk
    return made
