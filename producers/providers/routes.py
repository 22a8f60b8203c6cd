"""What providers can give, and a symbol's place in their queues -> who is asked for it, and when.

The cheapest provider gets a symbol, unless it would keep it waiting for longer than a dearer one
is patient. Dear are those whose plans give few symbols in a month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

MINUTE_MS = 60_000

Cause = Literal["ready", "turn", "quota", "no", "trouble"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one provider can give, in symbols.

    Attributes
    ----------
    provider : its name.
    patience_ms : how long a symbol waits for cheaper ones before this one is asked.
    now : how many it would take at once.
    next_ms : when it takes the next one; now, if there is room.
    per_minute : how many it takes in a minute from then on; None without such a limit.
    left : how many until its day or month is over; None without such a limit.
    returns_ms : when that begins anew.
    blocked_ms : until when it is left alone; None if it may be asked.
    cause : why it is left alone.
    """

    provider: str
    patience_ms: int
    now: int
    next_ms: int
    per_minute: int | None
    left: int | None
    returns_ms: int
    blocked_ms: int | None
    cause: Cause


class Route(NamedTuple):
    """Who is asked for a symbol, when, why not before, and when that was found out."""

    provider: str
    at_ms: int
    cause: Cause
    decided_ms: int


def expected(standing: Standing, place: int, now_ms: int) -> Route:
    """Say when a provider comes to the symbol at some place of its queue.

    Parameters
    ----------
    standing : what it can give.
    place : how many symbols come before.
    now_ms : our clock.
    """
    name = standing.provider
    if standing.blocked_ms is not None:
        return Route(name, standing.blocked_ms, standing.cause, now_ms)
    if standing.left is not None and place >= standing.left:
        return Route(name, standing.returns_ms, "quota", now_ms)
    if place < standing.now:
        return Route(name, now_ms, "ready", now_ms)
    if standing.per_minute is None:
        return Route(name, standing.next_ms, "turn", now_ms)
    minutes = (place - standing.now) // max(1, standing.per_minute)
    return Route(name, standing.next_ms + minutes * MINUTE_MS, "turn", now_ms)


def choose(standings: Sequence[Standing], places: Mapping[str, int], now_ms: int) -> Route:
    """Choose among the providers that have a symbol.

    Parameters
    ----------
    standings : of those providers, at least one, cheapest first.
    places : how many symbols come before, by provider.
    now_ms : our clock.
    """
    best = expected(standings[0], places[standings[0].provider], now_ms)
    for standing in standings[1:]:
        if best.at_ms - now_ms > standing.patience_ms:
            route = expected(standing, places[standing.provider], now_ms)
            best = min(best, route, key=lambda each: each.at_ms)
    return best
