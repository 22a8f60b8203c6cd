"""Closes: one symbol's in order, a group's on the calendar of its majority."""

from __future__ import annotations

import datetime as dt

import numpy as np

from oddlot.contracts.messages import DailyClose
from oddlot.quant.closes import DAY_MS, History, align, history_of, midnight_ms


def a_close(day: int, adjusted_close: float, fetched_ms: int = 1) -> DailyClose:
    return DailyClose(
        symbol="ACME",
        date=dt.date(2024, 11, day),
        open=None,
        high=None,
        low=None,
        close=10.0,
        volume=None,
        adjusted_close=adjusted_close,
        provider="fmp",
        fetched_ms=fetched_ms,
    )


def history(days: list[int], close: float = 1.0) -> History:
    return History(np.array(days, np.int64), np.full(len(days), close))


def test_a_history_is_in_order_and_of_each_date_the_last_fetched_counts() -> None:
    found = history_of([a_close(5, 2.0, 7), a_close(4, 1.0), a_close(5, 3.0, 8), a_close(5, 4.0)])
    assert found.open_ms.tolist() == [midnight_ms(dt.date(2024, 11, day)) for day in (4, 5)]
    assert found.close.tolist() == [1.0, 3.0]


def test_a_symbols_stray_date_makes_no_hole_in_the_others() -> None:
    calendar, closes = align(
        [history([1, 2, 4]), history([1, 2, 3, 4]), history([1, 2, 4])], bars=9
    )
    assert calendar.tolist() == [1, 2, 4]
    assert not np.isnan(closes).any()


def test_a_scan_ends_with_the_day_that_most_have() -> None:
    calendar, closes = align([history([1, 2]), history([1, 2]), history([1, 2, 3])], bars=9)
    assert calendar.tolist() == [1, 2]
    calendar, closes = align([history([1, 2]), history([1, 2, 3]), history([1, 2, 3])], bars=9)
    assert calendar.tolist() == [1, 2, 3]
    assert np.isnan(closes[:, -1]).tolist() == [True, False, False]


def test_days_before_the_others_were_listed_are_on_the_calendar() -> None:
    calendar, _ = align([history([1, 2, 3, 4]), history([4]), history([4])], bars=9)
    assert calendar.tolist() == [1, 2, 3, 4]


def test_only_the_last_bars_are_kept_and_empty_histories_stay_rows() -> None:
    calendar, closes = align([history([1, 2, 3]), history([])], bars=2)
    assert calendar.tolist() == [2, 3]
    assert closes.shape == (2, 2)
    assert align([history([])], bars=2).closes.shape == (1, 0)


def test_days_are_midnights() -> None:
    assert midnight_ms(dt.date(1970, 1, 3)) == 2 * DAY_MS
