"""Query parameters from, to and limit -> a stretch of time, in ms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import Field

from oddlot import errors
from oddlot.store.reader import MAX_ROWS

DEFAULT_ROWS = 500
MIN_RESOLUTION = 10
MAX_CHARACTERS = 40  # the longest ISO 8601 time with an offset has 32
MAX_MS = 253_402_300_800_000  # the end of the year 9999, where ISO 8601 ends

_EXAMPLES = ["1723075200000", "2024-08-08T00:00:00Z"]
_FORMATS = "Integer ms UTC, or ISO 8601 (UTC unless an offset is given)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """[from_ms, to_ms); None is open."""

    from_ms: int | None
    to_ms: int | None


def stretch(
    from_: Annotated[
        str | None,
        Query(
            alias="from",
            max_length=MAX_CHARACTERS,
            description=f"Start, included. {_FORMATS}",
            examples=_EXAMPLES,
        ),
    ] = None,
    to: Annotated[
        str | None,
        Query(
            max_length=MAX_CHARACTERS,
            description=f"End, excluded. {_FORMATS}",
            examples=_EXAMPLES,
        ),
    ] = None,
) -> Stretch:
    """Read both bounds; raise BadRequest where one is no time, or the end is before the start."""
    from_ms = None if from_ is None else parse_ms("from", from_)
    to_ms = None if to is None else parse_ms("to", to)
    if from_ms is not None and to_ms is not None and from_ms > to_ms:
        raise errors.BadRequest(f"expected from before to, was from={from_} and to={to}")
    return Stretch(from_ms=from_ms, to_ms=to_ms)


StretchDep = Annotated[Stretch, Depends(stretch)]
Limit = Annotated[
    int, Query(ge=1, le=MAX_ROWS, description="How many at most; the newest ones are given.")
]

Resolution = Annotated[
    int | None,
    Query(
        ge=MIN_RESOLUTION,
        le=MAX_ROWS,
        description="How many rows at most are to stand for all of [from, to), instead of limit.",
    ),
]
NextTo = Annotated[
    int | None,
    Field(description="Ask again with to=next_to for the rows before; null: there are none."),
]


def parse_ms(name: str, text: str) -> int:
    """Read a time; raise BadRequest on anything else.

    >>> parse_ms("from", "2024-08-08")
    1723075200000
    """
    found = int(text) if text.isascii() and text.isdecimal() else _parse_iso(name, text)
    if not 0 <= found <= MAX_MS:
        raise errors.BadRequest(f"{name}: expected a time from 1970 to 9999, was {text!r}")
    return found


def _parse_iso(name: str, text: str) -> int:
    # A plus sign that was not escaped arrives as a space.
    repaired = "+".join(text.rsplit(" ", 1)) if "T" in text else text
    try:
        found = datetime.fromisoformat(repaired)
    except ValueError as e:
        raise errors.BadRequest(
            f"{name}: expected integer ms UTC or ISO 8601, such as {' or '.join(_EXAMPLES)}, "
            f"was {text!r}"
        ) from e
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1_000)
