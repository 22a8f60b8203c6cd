"""Rows as a provider gave them -> one symbol's history: in order, finished sessions, no seam."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

from oddlot.contracts.messages import DailyClose, Venue
from oddlot.errors import BadMessage
from oddlot.quant.sessions import is_over
from producers.budget import Meter
from producers.providers.adapter import Found, Refusal
from producers.providers.seams import find_seam


def history(
    rows: Iterable[DailyClose | None], *, venue: Venue, sessions: int, now_ms: int
) -> tuple[DailyClose, ...] | Refusal:
    """Put rows in order and keep the newest sessions that are over.

    Of two rows with one date, which some providers do send, the first one holds.

    Parameters
    ----------
    rows : in any order; None is a row without a close.
    venue : whose sessions they are.
    sessions : how many are wanted.
    now_ms : our clock.
    """
    by_date: dict[dt.date, DailyClose] = {}
    for row in rows:
        if row is not None and is_over(row.date, venue, now_ms):
            by_date.setdefault(row.date, row)
    if not by_date:
        return Refusal("empty", "no sessions in the last months")
    closes = tuple(by_date[date] for date in sorted(by_date))[-sessions:]
    seam = None if venue == "binance" else find_seam(closes)
    if seam is not None:
        return Refusal("seam", f"raw and adjusted prices mixed: {seam}")
    return closes


def found_of(
    read: Mapping[str, tuple[DailyClose, ...] | Refusal], *, meters: tuple[Meter, ...] = ()
) -> Found:
    """Part what was read of each symbol into histories and refusals."""
    refusals = {symbol: each for symbol, each in read.items() if isinstance(each, Refusal)}
    histories = {symbol: each for symbol, each in read.items() if not isinstance(each, Refusal)}
    return Found(histories=histories, refusals=refusals, meters=meters)


def price(value: Any) -> float | None:
    """Read a price; None where it is missing, not a number, or not above zero.

    Examples
    --------
    >>> price("12.50"), price(None), price("nan"), price(0)
    (12.5, None, None, None)
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) and found > 0 else None


def volume(value: Any) -> float | None:
    """Read a volume; None where it is missing or not a number."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) and found >= 0 else None


def date_of(value: Any) -> dt.date:
    """Read the date that a text begins with; raise BadMessage where there is none.

    Examples
    --------
    >>> date_of("2025-01-31T00:00:00+0000")
    datetime.date(2025, 1, 31)
    """
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError as e:
        raise BadMessage(f"date: expected YYYY-MM-DD, was {str(value)[:40]!r}") from e
