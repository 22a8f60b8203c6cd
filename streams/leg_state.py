"""The legs that pairs are made of, in a Faust table: one entry a close, one a clock.

Every symbol that has bars is kept, watched or not, so that a pair added later is warm at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import numpy as np

from oddlot.contracts.messages import INTERVAL_MS, Bools, Int64s, Interval
from oddlot.contracts.pairs import DEFAULT_SILENCE_BARS, DEFAULT_WINDOW, Pair
from oddlot.contracts.topics import BARS
from oddlot.quant import legs, pairs
from oddlot.quant.legs import NO_LEG, Leg
from streams.saves import Saves
from streams.worker import Entry, Worker

LegKey = tuple[str, Interval]
ByInterval = Mapping[Interval, Mapping[str, Leg]]  # then by symbol

PARTITION = 0  # market.bars has one: a pair needs both of its legs in one place
SEPARATOR = "|"
MAX_BARS = 20_000  # a leg keeps that many at most, should its partner never speak
# A leg is trimmed once it has grown that much: a copy now and then instead of at each bar.
SLACK_BARS = 64
KEPT = Pair(y="Y", x="X", window=DEFAULT_WINDOW, silence_bars=DEFAULT_SILENCE_BARS)


class Legs:
    """Keeps the legs in memory and, now and then, on the changelog.

    A clock is written after the closes that it covers: what is read back after a crash may miss
    the newest clock, never a close that a clock speaks of.
    """

    def __init__(self, app: Worker) -> None:
        self._table = app.table_for(BARS, "legs")
        self.saves = Saves(app, self._table, unsaved=self._entries, forget=self.forget)
        self._current: dict[Interval, dict[str, Leg]] | None = None
        self._saved: dict[LegKey, Leg] = {}
        self._reaches: dict[LegKey, Reach] = {}
        self._watched: tuple[Pair, ...] = ()
        self.forgotten = 0  # how often: whatever was computed from the legs is void then

    def get(self) -> ByInterval:
        """Give every leg that is kept."""
        if self._current is None:
            self._current = self._read()
            self._saved = _flat(self._current)
        return self._current

    def put(self, changed: ByInterval) -> None:
        """Set the legs that have changed."""
        assert self._current is not None, "what is set was given before"
        grown = False
        for interval, changed_legs in changed.items():
            kept = self._current[interval]
            grown |= not changed_legs.keys() <= kept.keys()
            kept |= changed_legs
        if grown:
            self.watch(self._watched)

    def watch(self, watched: Iterable[Pair]) -> None:
        """Keep from now on what these pairs need, and of every leg what a pair added may need."""
        self._watched = tuple(watched)
        self._reaches = reaches(_flat(self.get()), self._watched)

    def forget(self) -> None:
        """Go back to what is saved."""
        self._current, self._saved = None, {}
        self.forgotten += 1

    def _entries(self) -> list[Entry]:
        if self._current is None:
            return []
        for (symbol, interval), leg in trimmed(_flat(self._current), self._reaches).items():
            self._current[interval][symbol] = leg
        before, self._saved = self._saved, _flat(self._current)
        return [
            entry
            for key, leg in self._saved.items()
            for was in [before.get(key, NO_LEG)]
            if leg is not was
            for entry in _entries(key, was, leg)
        ]

    def _read(self) -> dict[Interval, dict[str, Leg]]:
        closes: dict[str, list[tuple[int, float]]] = defaultdict(list)
        clocks: dict[str, list[int]] = {}
        for entry, value in self._table.data.items():
            name, _, open_ms = entry.rpartition(SEPARATOR)
            if open_ms.isdigit():
                closes[name].append((int(open_ms), value))
            else:
                clocks[entry] = value
        current: dict[Interval, dict[str, Leg]] = {interval: {} for interval in INTERVAL_MS}
        for name, clock in clocks.items():  # a leg without one is of a run that died before it
            symbol, _, interval = name.rpartition(SEPARATOR)
            current[cast("Interval", interval)][symbol] = _leg(closes[name], clock)
        return current


class Reach:
    """What is kept of a leg.

    Attributes
    ----------
    reach_ms : before the newest row that is settled.
    partners : legs that have to be known for a row to be settled; itself among them.
    limit : bars from which on it is worth a look.
    """

    __slots__ = ("limit", "partners", "reach_ms")

    def __init__(self, key: LegKey) -> None:
        self.partners = {key}
        self.reach_ms, self.limit = 0, SLACK_BARS
        self.stretch(key, KEPT)

    def stretch(self, partner: LegKey, pair: Pair) -> None:
        """Take in what a pair needs."""
        self.partners.add(partner)
        self.reach_ms = max(self.reach_ms, pairs.reach_ms(pair, partner[1]))
        self.limit = self.reach_ms // INTERVAL_MS[partner[1]] + SLACK_BARS


def reaches(kept: Iterable[LegKey], watched: Iterable[Pair]) -> dict[LegKey, Reach]:
    """Give what has to be kept of each leg."""
    found = {key: Reach(key) for key in kept}
    for pair in watched:
        for interval in pair.intervals:
            y, x = (pair.y, interval), (pair.x, interval)
            if y in found and x in found:
                found[y].stretch(x, pair)
                found[x].stretch(y, pair)
    return found


def trimmed(current: Mapping[LegKey, Leg], kept: Mapping[LegKey, Reach]) -> dict[LegKey, Leg]:
    """Give the legs that are too long, without the bars that no row to come can need."""
    found = {}
    for key, reach in kept.items():
        leg = current[key]
        if len(leg.open_ms) > reach.limit:
            settled_ms = min(current[partner].known_until_ms for partner in reach.partners)
            found[key] = legs.drop_before(leg, settled_ms - reach.reach_ms, limit=MAX_BARS)
    return found


def _flat(by_interval: ByInterval) -> dict[LegKey, Leg]:
    return {(s, interval): leg for interval, kept in by_interval.items() for s, leg in kept.items()}


def _name(symbol: str, interval: Interval) -> str:
    return f"{symbol}{SEPARATOR}{interval}"


def _entries(key: LegKey, before: Leg, leg: Leg) -> Iterator[Entry]:
    """Give what turns one leg into the other: new closes, then the clock, then what goes."""
    name = _name(*key)
    added = _not_among(before.open_ms, leg.open_ms)
    for open_ms, close in zip(leg.open_ms[added], leg.close[added], strict=True):
        yield Entry(PARTITION, f"{name}{SEPARATOR}{open_ms}", float(close))
    clock = [leg.known_until_ms, leg.lull_after_ms, leg.lull_until_ms]
    yield Entry(PARTITION, name, clock)
    for open_ms in before.open_ms[_not_among(leg.open_ms, before.open_ms)]:
        yield Entry(PARTITION, f"{name}{SEPARATOR}{open_ms}", None)


def _not_among(those: Int64s, these: Int64s) -> Bools:
    """Mark what is not among those; both are sorted, which makes this quicker than `isin`."""
    first, end = (np.searchsorted(those, these, side=side) for side in ("left", "right"))
    return first == end  # type: ignore[no-any-return]


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
