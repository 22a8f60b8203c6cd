"""Daily closes, and who needs which."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from oddlot.contracts.pairs import Symbol

Venue = Literal["binance", "nasdaq", "nyse", "us"]
MAX_SESSIONS = 5_000  # twenty years: what providers hand out in one answer at most
MAX_PRIORITY = 9

Price = Annotated[float, msgspec.Meta(gt=0)]
Volume = Annotated[float, msgspec.Meta(ge=0)]
Sessions = Annotated[int, msgspec.Meta(ge=1, le=MAX_SESSIONS)]
Priority = Annotated[int, msgspec.Meta(ge=0, le=MAX_PRIORITY)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyClose:
    """One official price of one symbol on one trading day; the newest `fetched_ms` of a day counts.

    Attributes
    ----------
    symbol : the name the venue trades under.
    date : of the listing exchange; UTC days for crypto.
    open, high, low : in the venue's currency, unadjusted; None where the provider has none.
    close : the official price, unadjusted.
    volume : units traded; None where the provider has none.
    adjusted_close : the close as if every later split and dividend had been before it.
    provider : who said so.
    fetched_ms : our clock.
    currency, exchange : as the provider names them; empty where it does not.
    """

    symbol: Symbol
    date: dt.date
    open: Price | None
    high: Price | None
    low: Price | None
    close: Price
    volume: Volume | None
    adjusted_close: Price
    provider: str
    fetched_ms: int
    currency: str = ""
    exchange: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """Somebody needs the daily closes of one symbol.

    Attributes
    ----------
    symbol : the name the venue trades under.
    venue : where it trades; `binance` asks Binance itself, the others the providers.
    sessions : how many of the newest trading days are wanted.
    requester : who asks: the id of a scan, or what keeps the closes fresh.
    requested_ms : our clock.
    priority : 0 where nobody waits, up to 9 where a person does; higher ones come first.
    """

    symbol: Symbol
    venue: Venue
    sessions: Sessions
    requester: str
    requested_ms: int
    priority: Priority = 0
