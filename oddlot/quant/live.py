"""Minute bars of a group that streams -> closes to scan it by, at each minute that is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from oddlot.contracts.messages import INTERVAL_MS
from oddlot.contracts.pairs import DEFAULT_SILENCE_BARS
from oddlot.quant.closes import History
from oddlot.quant.legs import Leg

MINUTE_MS = INTERVAL_MS["1m"]
# Of the venue's time. A member behind the others by more is not waited for: it has left the venue.
PATIENCE_MS = 60 * MINUTE_MS
FIRST_PATIENCE_MS = 15 * MINUTE_MS  # for one that has not been seen at all
SILENCE_MS = DEFAULT_SILENCE_BARS * MINUTE_MS  # how long a last price stands for a silent member
MAX_MINUTES = 120  # scanned in one go; legs reach back five hours


def settled_until(legs: Sequence[Leg]) -> int | None:
    """Give up to when all members are known whom there is a point in waiting for.

    Parameters
    ----------
    legs : one a member, on bars of a minute; empty where nothing has been heard of it.

    Returns
    -------
    venue time in ms; None where nobody is known.

    Examples
    --------
    >>> bar = np.array([60_000])
    >>> a, b = Leg(open_ms=bar, known_until_ms=240_000), Leg(open_ms=bar, known_until_ms=180_000)
    >>> settled_until([a, b]), settled_until([a, b, Leg()]), settled_until([Leg()])
    (180000, 60000, None)
    """
    seen = [leg for leg in legs if len(leg.open_ms)]
    if not seen:
        return None
    lead_ms = max(leg.known_until_ms for leg in seen)
    waited_for = [leg.known_until_ms for leg in seen if lead_ms - leg.known_until_ms <= PATIENCE_MS]
    since_ms = min(int(leg.open_ms[0]) for leg in seen)
    if len(seen) < len(legs) and lead_ms - since_ms <= FIRST_PATIENCE_MS:
        return since_ms
    return min(waited_for)


def settled_minutes(before: Sequence[Leg], after: Sequence[Leg]) -> list[int]:
    """Give the minutes that are settled now and were not before, by their opens.

    Parameters
    ----------
    before, after : the legs of the same members.

    Examples
    --------
    >>> a = Leg(open_ms=np.array([60_000]), close=np.ones(1), known_until_ms=120_000)
    >>> settled_minutes([Leg()], [a])
    [60000]
    """
    until_ms = settled_until(after)
    if until_ms is None:
        return []
    last = until_ms // MINUTE_MS
    known_ms = settled_until(before)
    if known_ms is None:
        known_ms = min(int(leg.open_ms[0]) for leg in after if len(leg.open_ms))
    first = max(known_ms // MINUTE_MS, last - MAX_MINUTES)
    return [minute * MINUTE_MS for minute in range(first, last)]


def histories_at(legs: Mapping[str, Leg], open_ms: int, *, bars: int) -> dict[str, History]:
    """Give every member's last prices, one a minute, up to a minute.

    A minute without a trade has the last price before it, as long as the silence is not too long.

    Parameters
    ----------
    legs : by symbol.
    open_ms : the last minute.
    bars : how many minutes.

    Examples
    --------
    >>> leg = Leg(open_ms=np.array([60_000, 180_000]), close=np.array([5.0, 6.0]))
    >>> histories_at({"A": leg}, 180_000, bars=3)["A"].close
    array([5., 5., 6.])
    """
    minutes = open_ms + MINUTE_MS * np.arange(1 - bars, 1)
    found = {}
    for symbol, leg in legs.items():
        at = np.searchsorted(leg.open_ms, minutes, side="right") - 1
        known = at >= 0
        known[known] = minutes[known] - leg.open_ms[at[known]] <= SILENCE_MS
        found[symbol] = History(minutes[known], leg.close[at[known]])
    return found
