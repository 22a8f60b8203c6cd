"""The time -> which trading days are over, at New York's exchanges and at Binance."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from oddlot.contracts.messages import Venue

NEW_YORK = ZoneInfo("America/New_York")
# Providers have the official close half an hour after the bell at four; before, the last row of a
# day is its last trade so far.
US_CLOSE = dt.time(16, 30)
SATURDAY = 5


def is_over(date: dt.date, venue: Venue, now_ms: int) -> bool:
    """Tell whether a session has its official close.

    Examples
    --------
    >>> is_over(dt.date(2024, 8, 8), "us", 1_723_150_000_000)  # that day, 16:46 in New York
    True
    >>> is_over(dt.date(2024, 8, 8), "binance", 1_723_150_000_000)
    False
    """
    return date <= last_session(venue, now_ms)


def last_session(venue: Venue, now_ms: int) -> dt.date:
    """Give the newest session that is over; exchange holidays are not known.

    Examples
    --------
    >>> last_session("us", 1_723_370_000_000)  # a Sunday
    datetime.date(2024, 8, 9)
    """
    now = dt.datetime.fromtimestamp(now_ms / 1_000, dt.UTC)
    if venue == "binance":
        return now.date() - dt.timedelta(days=1)
    there = now.astimezone(NEW_YORK)
    date = there.date() if there.time() >= US_CLOSE else there.date() - dt.timedelta(days=1)
    while date.weekday() >= SATURDAY:
        date -= dt.timedelta(days=1)
    return date


def end_ms(date: dt.date, venue: Venue) -> int:
    """Give when a session has its official close.

    Examples
    --------
    >>> end_ms(dt.date(2024, 8, 8), "us"), end_ms(dt.date(2024, 8, 8), "binance")
    (1723149000000, 1723161600000)
    """
    if venue == "binance":
        end = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), dt.UTC)
    else:
        end = dt.datetime.combine(date, US_CLOSE, NEW_YORK)
    return round(end.timestamp() * 1_000)


def first_date(sessions: int, venue: Venue, now_ms: int) -> dt.date:
    """Give the date from which on there are at most so many weekdays, up to the last session."""
    date = last_session(venue, now_ms)
    left = sessions - 1
    while left > 0:
        date -= dt.timedelta(days=1)
        left -= venue == "binance" or date.weekday() < SATURDAY
    return date
