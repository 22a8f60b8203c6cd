"""Closed bars and lulls -> the legs of pairs, aligned on the bars that either leg has.

What a pair's row says depends only on the bars of its two legs, never on the order in which the
legs' messages arrive: a row is settled once both legs are known up to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """The recent closes of one symbol at one interval.

    Attributes
    ----------
    open_ms : (n,) opens of its bars, increasing.
    close : (n,) their closes.
    known_until_ms : every bar that opens before this venue time is here or does not exist.
    lull_after_ms, lull_until_ms : a lull told before the bar that it follows was read.
    """

    open_ms: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    close: Float64s = field(default_factory=lambda: np.empty(0, np.float64))
    known_until_ms: int = 0
    lull_after_ms: int = 0
    lull_until_ms: int = 0


NO_LEG = Leg()  # of a symbol that has never been heard of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aligned:
    """Two legs on one clock, one row for each bar that either has.

    Attributes
    ----------
    open_ms : (n,) of the rows, increasing.
    y, x : (n,) last closes of the legs at the row's bar.
    is_stale : (n,) a leg has not traded for longer than its limit.
    """

    open_ms: Int64s
    y: Float64s
    x: Float64s
    is_stale: Bools


def add_bar(leg: Leg, open_ms: int, close: float, interval_ms: int) -> Leg:
    """Put a closed bar on a leg; one that is known already changes nothing.

    Parameters
    ----------
    leg : where to.
    open_ms, close : of the bar.
    interval_ms : its length.

    Examples
    --------
    >>> leg = add_bar(Leg(), 60_000, 101.5, 60_000)
    >>> leg.known_until_ms, add_bar(leg, 60_000, 7.0, 60_000) is leg
    (120000, True)
    """
    if open_ms < leg.known_until_ms:
        return leg
    known_until_ms = open_ms + interval_ms
    if leg.lull_after_ms == open_ms:
        known_until_ms = max(known_until_ms, leg.lull_until_ms)
    return replace(
        leg,
        open_ms=np.append(leg.open_ms, open_ms),
        close=np.append(leg.close, close),
        known_until_ms=known_until_ms,
    )


def add_lull(leg: Leg, after_open_ms: int, until_ms: int) -> Leg:
    """Note that no bar opens between a bar and a time, whichever message is read first.

    Parameters
    ----------
    leg : whose.
    after_open_ms : open of the bar before the lull.
    until_ms : its end.

    Examples
    --------
    >>> add_lull(add_bar(Leg(), 1_000, 9.5, 1_000), 1_000, 5_000).known_until_ms
    5000
    >>> add_bar(add_lull(Leg(), 1_000, 5_000), 1_000, 9.5, 1_000).known_until_ms
    5000
    """
    if after_open_ms < leg.known_until_ms:
        return replace(leg, known_until_ms=max(leg.known_until_ms, until_ms))
    return replace(leg, lull_after_ms=after_open_ms, lull_until_ms=until_ms)


def drop_before(leg: Leg, open_ms: int, *, limit: int) -> Leg:
    """Forget the bars before the one that holds at a time, and all but the newest `limit`.

    Parameters
    ----------
    leg : whose.
    open_ms : the last bar that opens at or before it is the oldest to keep: its close is carried.
    limit : bars to keep at most.
    """
    holds = int(np.searchsorted(leg.open_ms, open_ms, side="right")) - 1
    first = max(holds, len(leg.open_ms) - limit)
    if first <= 0:
        return leg
    return replace(leg, open_ms=leg.open_ms[first:], close=leg.close[first:])


def align(y: Leg, x: Leg, *, silence_ms: int) -> Aligned:
    """Put two legs on one clock, up to where both are known.

    A leg without a bar at a row is carried forward; longer than `silence_ms`, the row is stale.

    Parameters
    ----------
    y, x : the legs, of one interval.
    silence_ms : how old a carried close may be.

    Examples
    --------
    >>> y = add_bar(add_bar(Leg(), 0, 10.0, 1_000), 1_000, 11.0, 1_000)
    >>> x = add_lull(add_bar(Leg(), 0, 5.0, 1_000), 0, 2_000)
    >>> rows = align(y, x, silence_ms=30_000)
    >>> rows.open_ms.tolist(), rows.y.tolist(), rows.x.tolist()
    ([0, 1000], [10.0, 11.0], [5.0, 5.0])
    """
    clock = np.union1d(y.open_ms, x.open_ms)
    clock = clock[clock < min(y.known_until_ms, x.known_until_ms)]
    at_y = np.searchsorted(y.open_ms, clock, side="right") - 1
    at_x = np.searchsorted(x.open_ms, clock, side="right") - 1
    both = (at_y >= 0) & (at_x >= 0)
    clock, at_y, at_x = clock[both], at_y[both], at_x[both]
    oldest = np.minimum(y.open_ms[at_y], x.open_ms[at_x])
    return Aligned(
        open_ms=clock, y=y.close[at_y], x=x.close[at_x], is_stale=clock - oldest > silence_ms
    )


def matrix(legs: Sequence[Leg], *, silence_ms: int) -> tuple[Int64s, Float64s]:
    """Put many legs on one clock: a row for each bar that any of them has.

    Parameters
    ----------
    legs : of one interval.
    silence_ms : how old a carried close may be; past it, and before a leg's first bar, it is NaN.

    Returns
    -------
    (T,) opens, (T, S) closes, up to where all legs are known.
    """
    clock = np.unique(np.concatenate([leg.open_ms for leg in legs]))
    clock = clock[clock < min(leg.known_until_ms for leg in legs)]
    closes = np.full((len(clock), len(legs)), np.nan)
    for i, leg in enumerate(legs):
        at = np.searchsorted(leg.open_ms, clock, side="right") - 1
        first = int(np.searchsorted(at, 0))
        held = at[first:]
        is_fresh = clock[first:] - leg.open_ms[held] <= silence_ms
        closes[first:, i] = np.where(is_fresh, leg.close[held], np.nan)
    return clock, closes
