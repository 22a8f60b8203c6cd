"""Limits of a provider, and the time -> the windows in which its calls are counted.

A short window (second, minute) slides: whatever way the provider cuts its minutes, none of them
holds more than the limit. A long one (day, month) is the provider's own, UTC.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from oddlot.contracts.budgets import Window

SLIDING_MS: dict[Window, int] = {"second": 1_000, "minute": 60_000}
# A call reaches the provider at some time between its start and its end; timers are this coarse.
SLIDING_MARGIN_MS = 1_000
# Two clocks that are kept by NTP differ by less. Around midnight a call counts in both days.
CLOCK_SKEW_MS = 60_000
# A call that was never settled has ended by then: twice what a request may take.
LEASE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many units within any one window of this length."""

    window: Window
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What a provider says of its own count, in one window.

    Attributes
    ----------
    window : which one it speaks of.
    used : units that it has counted; None where it does not say.
    left : units that it would still take; None where it does not say.
    """

    window: Window
    used: int | None
    left: int | None


def start_of(window: Window, at_ms: int) -> int:
    """Give the start of the UTC day or month that a time is in.

    Examples
    --------
    >>> start_of("day", 1_700_000_000_000)
    1699920000000
    >>> start_of("month", 1_700_000_000_000)
    1698796800000
    """
    at = dt.datetime.fromtimestamp(at_ms / 1_000, dt.UTC)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return _ms(midnight.replace(day=1) if window == "month" else midnight)


def end_of(window: Window, at_ms: int) -> int:
    """Give the end of the UTC day or month that a time is in, the start of the next one.

    Examples
    --------
    >>> end_of("month", 1_703_900_000_000) == start_of("month", 1_704_100_000_000)
    True
    """
    start = dt.datetime.fromtimestamp(start_of(window, at_ms) / 1_000, dt.UTC)
    if window == "month":
        return _ms((start + dt.timedelta(days=32)).replace(day=1))
    return _ms(start + dt.timedelta(days=1))


def touched(window: Window, from_ms: int, to_ms: int) -> list[tuple[int, int]]:
    """Give the UTC days or months that a stretch of time is in, as starts and ends."""
    found = []
    at_ms = from_ms
    while at_ms <= to_ms:
        found.append((start_of(window, at_ms), end_of(window, at_ms)))
        at_ms = found[-1][1]
    return found


def _ms(at: dt.datetime) -> int:
    return int(at.timestamp() * 1_000)
