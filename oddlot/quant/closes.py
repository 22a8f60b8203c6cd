"""Daily closes of many symbols -> one matrix on one calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import DailyClose, Float64s, Int64s

DAY_MS = 86_400_000


class History(NamedTuple):
    """Closes of one symbol.

    Attributes
    ----------
    open_ms : (k,) increasing.
    close : (k,) adjusted.
    """

    open_ms: Int64s
    close: Float64s


class Aligned(NamedTuple):
    """Closes of several symbols on one calendar.

    Attributes
    ----------
    open_ms : (t,) increasing.
    closes : (s, t) NaN where a symbol has none.
    """

    open_ms: Int64s
    closes: Float64s


def history_of(closes: Iterable[DailyClose]) -> History:
    """Line up one symbol's daily closes, adjusted; of each date the one fetched last counts.

    Parameters
    ----------
    closes : of one symbol, in any order.
    """
    newest: dict[int, DailyClose] = {}
    for close in closes:
        day_ms = midnight_ms(close.date)
        if day_ms not in newest or newest[day_ms].fetched_ms <= close.fetched_ms:
            newest[day_ms] = close
    days = sorted(newest)
    return History(
        np.array(days, np.int64), np.array([newest[day].adjusted_close for day in days], np.float64)
    )


def midnight_ms(date: dt.date) -> int:
    """Give midnight UTC of a date.

    Examples
    --------
    >>> midnight_ms(dt.date(1970, 1, 2))
    86400000
    """
    return (date.toordinal() - dt.date(1970, 1, 1).toordinal()) * DAY_MS


def align(histories: Sequence[History], *, bars: int) -> Aligned:
    """Put histories on the calendar of their majority, and keep its last bars.

    A bar is on the calendar if more than half of the symbols listed by then have it. So one
    symbol's stray date makes no hole in the others, and a scan ends with the last day that most
    have rather than with the first one fetched.

    Parameters
    ----------
    histories : one a symbol; empty ones have no say.
    bars : how many are kept at most.

    Examples
    --------
    >>> a, b = History(np.array([1, 2, 3]), np.ones(3)), History(np.array([1, 3]), np.ones(2))
    >>> align([a, a, b], bars=2).closes
    array([[ 1.,  1.],
           [ 1.,  1.],
           [nan,  1.]])
    """
    filled = [each for each in histories if len(each.open_ms)]
    if not filled:
        return Aligned(np.empty(0, np.int64), np.empty((len(histories), 0)))
    times, have = np.unique(np.concatenate([each.open_ms for each in filled]), return_counts=True)
    firsts = np.sort([each.open_ms[0] for each in filled])
    listed = np.searchsorted(firsts, times, side="right")
    calendar = times[2 * have > listed][-bars:]
    return Aligned(calendar, np.array([closes_on(calendar, each) for each in histories]))


def closes_on(calendar: Int64s, history: History) -> Float64s:
    """Give one symbol's closes on a calendar, (t,); NaN where it has none.

    Parameters
    ----------
    calendar : (t,) increasing.
    history : of the symbol; what is not on the calendar is left out.

    Examples
    --------
    >>> closes_on(np.array([1, 2, 3]), History(np.array([2, 9]), np.array([5.0, 6.0])))
    array([nan,  5., nan])
    """
    closes = np.full(len(calendar), np.nan)
    at = np.searchsorted(calendar, history.open_ms)
    inside = at < len(calendar)
    inside[inside] = calendar[at[inside]] == history.open_ms[inside]
    closes[at[inside]] = history.close[inside]
    return closes
