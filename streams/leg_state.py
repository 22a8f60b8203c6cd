"""The legs of all watched pairs, in a Faust table: one entry a close, one a clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from oddlot.contracts.messages import Interval
from oddlot.contracts.pairs import Pair
from oddlot.contracts.topics import BARS
from oddlot.quant.legs import Leg
from streams.saves import Saves
from streams.worker import Entry, Worker

LegKey = tuple[str, Interval]

PARTITION = 0  # market.bars has one: a pair needs both of its legs in one place
SEPARATOR = "|"


class Legs:
    """Keeps the legs in memory and, now and then, on the changelog.

    A clock is written after the closes that it covers: what is read back after a crash may miss
    the newest clock, never a close that a clock speaks of.
    """

    def __init__(self, app: Worker, watched: Iterable[Pair]) -> None:
        self._table = app.table_for(BARS, "legs")
        self.saves = Saves(app, self._table, unsaved=self._entries, forget=self._forget)
        self._wanted = {
            (symbol, interval)
            for pair in watched
            for symbol in (pair.y, pair.x)
            for interval in pair.intervals
        }
        self._current: dict[LegKey, Leg] | None = None
        self._saved: dict[LegKey, Leg] = {}

    def get(self) -> dict[LegKey, Leg]:
        """Give every wanted leg, an empty one where nothing is known yet."""
        if self._current is None:
            self._current = self._saved = self._read()
        return self._current

    def put(self, after: Mapping[LegKey, Leg]) -> None:
        """Set the legs."""
        self._current = dict(after)

    def _entries(self) -> list[Entry]:
        current = self.get()  # first: it may read what is saved
        before, self._saved = self._saved, current
        changed = ((key, leg) for key, leg in self._saved.items() if leg is not before.get(key))
        return [entry for key, leg in changed for entry in _entries(key, before[key], leg)]

    def _forget(self) -> None:
        self._current, self._saved = None, {}

    def _read(self) -> dict[LegKey, Leg]:
        closes: dict[str, list[tuple[int, float]]] = defaultdict(list)
        clocks: dict[str, list[int]] = {}
        for entry, value in self._table.data.items():
            name, _, open_ms = entry.rpartition(SEPARATOR)
            if open_ms.isdigit():
                closes[name].append((int(open_ms), value))
            else:
                clocks[entry] = value
        return {
            key: _leg(closes[SEPARATOR.join(key)], clocks.get(SEPARATOR.join(key), [0, 0, 0]))
            for key in self._wanted
        }


def _entries(key: LegKey, before: Leg, leg: Leg) -> Iterator[Entry]:
    """Give what turns one leg into the other: new closes, then the clock, then what goes."""
    name = SEPARATOR.join(key)
    added = ~np.isin(leg.open_ms, before.open_ms)
    for open_ms, close in zip(leg.open_ms[added], leg.close[added], strict=True):
        yield Entry(PARTITION, f"{name}{SEPARATOR}{open_ms}", float(close))
    clock = [leg.known_until_ms, leg.lull_after_ms, leg.lull_until_ms]
    yield Entry(PARTITION, name, clock)
    for open_ms in before.open_ms[~np.isin(before.open_ms, leg.open_ms)]:
        yield Entry(PARTITION, f"{name}{SEPARATOR}{open_ms}", None)


def _leg(closes: list[tuple[int, float]], clock: list[int]) -> Leg:
    known_until_ms, lull_after_ms, lull_until_ms = clock
    # A close past the clock was written by a run that died before its clock: it comes again.
    known = sorted(item for item in closes if item[0] < known_until_ms)
    return Leg(
        open_ms=np.array([open_ms for open_ms, _ in known], np.int64),
        close=np.array([close for _, close in known], np.float64),
        known_until_ms=known_until_ms,
        lull_after_ms=lull_after_ms,
        lull_until_ms=lull_until_ms,
    )
