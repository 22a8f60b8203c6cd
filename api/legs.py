"""The name of a pair in a path -> its legs, or the reason why there are none."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from api.backend import Backend
from oddlot import errors
from oddlot.contracts.messages import INTERVAL_MS, Interval
from oddlot.store import views

MAX_PAIR = 41  # characters: two symbols and a tilde


async def legs_of(pair: str, interval: Interval, backend: Backend) -> tuple[str, str]:
    """Name y and x of a pair that is watched, or was: then it has spreads.

    Raises 404 where it is neither, BadRequest where it is not computed on the interval.
    """
    if known := backend.watching.pairs.get(pair):
        if interval not in known.intervals and not await _has_spreads(pair, interval, backend):
            expected = " or ".join(known.intervals)
            raise errors.BadRequest(f"interval: expected {expected} for {pair}, was {interval}")
        return known.y, known.x
    if len(pair) <= MAX_PAIR:
        for any_interval in INTERVAL_MS:
            if legs := await _has_spreads(pair, any_interval, backend):
                return legs
    raise unknown(pair)


async def _has_spreads(pair: str, interval: Interval, backend: Backend) -> tuple[str, str] | None:
    newest = views.spreads(pair, interval)
    found = (await backend.store.ask(lambda reader: reader.latest(newest, limit=1))).rows
    return (found[-1].y, found[-1].x) if found else None


def unknown(pair: str) -> HTTPException:
    """Say that there is no such pair."""
    shown = pair[: 2 * MAX_PAIR]
    return HTTPException(404, f"expected a known pair, was {shown!r}; GET /pairs lists them")
