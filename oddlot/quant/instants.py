"""Legs of one interval -> the newest bars of all of them at each time one of them has a bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import Float64s, Int64s
from oddlot.quant.legs import Leg

NEVER_MS = int(np.iinfo(np.int64).min)


class Instant(NamedTuple):
    """The newest bars of all legs as of one time, a bar of some of them.

    Attributes
    ----------
    open_ms : that time.
    opens, closes : (S,) of the newest bars that do not open after it; NEVER_MS before the first.
    """

    open_ms: int
    opens: Int64s
    closes: Float64s


def instants(legs: Sequence[Leg], since_ms: Int64s, until_ms: Int64s) -> Iterator[Instant]:
    """Give every instant in some stretches of time, in order.

    Parameters
    ----------
    legs : of one interval.
    since_ms, until_ms : (k,) the stretches, at least one; their ends are left out.
    """
    first_ms, end_ms = int(since_ms.min()), int(until_ms.max())
    newest = _newest(legs, first_ms)
    if newest is not None:
        if newest.open_ms < end_ms:
            yield newest
        return
    tails = [leg.open_ms[np.searchsorted(leg.open_ms, first_ms) :] for leg in legs]
    clock = np.unique(np.concatenate(tails))
    clock = clock[: np.searchsorted(clock, end_ms)]
    # A leg far behind the others must not have everything since gone through at each of its bars.
    clock = clock[((clock >= since_ms[:, None]) & (clock < until_ms[:, None])).any(axis=0)]
    opens, closes = (
        np.full((len(clock), len(legs)), NEVER_MS),
        np.full((len(clock), len(legs)), np.nan),
    )
    for i, leg in enumerate(legs):
        at = np.searchsorted(leg.open_ms, clock, side="right") - 1
        first = int(np.searchsorted(at, 0))
        opens[first:, i], closes[first:, i] = leg.open_ms[at[first:]], leg.close[at[first:]]
    for i, open_ms in enumerate(clock.tolist()):
        yield Instant(open_ms, opens[i], closes[i])


def _newest(legs: Sequence[Leg], since_ms: int) -> Instant | None:
    """Give the one instant since a time, quickly; None where there are several, or none."""
    opens, closes, found = [], [], None
    for leg in legs:
        if not len(leg.open_ms):
            opens.append(NEVER_MS)
            closes.append(np.nan)
            continue
        open_ms = int(leg.open_ms[-1])
        if open_ms >= since_ms:
            if found not in (None, open_ms) or (
                len(leg.open_ms) > 1 and leg.open_ms[-2] >= since_ms
            ):
                return None
            found = open_ms
        opens.append(open_ms)
        closes.append(leg.close[-1])
    if found is None:
        return None
    return Instant(found, np.array(opens, np.int64), np.array(closes, np.float64))
