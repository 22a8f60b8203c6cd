"""Live scans: a minute is settled once everybody worth waiting for is known up to its end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oddlot.quant.legs import Leg, add_bar
from oddlot.quant.live import (
    FIRST_PATIENCE_MS,
    MAX_MINUTES,
    MINUTE_MS,
    PATIENCE_MS,
    SILENCE_MS,
    histories_at,
    settled_minutes,
    settled_until,
)


def leg(*minutes: int) -> Leg:
    found = Leg()
    for minute in minutes:
        found = add_bar(found, minute * MINUTE_MS, 100.0 + minute, MINUTE_MS)
    return found


def test_the_slowest_member_settles_a_minute() -> None:
    assert settled_until([leg(1, 2, 3), leg(1, 2)]) == 3 * MINUTE_MS
    assert settled_minutes([leg(1), leg(1)], [leg(1, 2, 3), leg(1, 2)]) == [2 * MINUTE_MS]
    assert settled_minutes([leg(1, 2), leg(1)], [leg(1, 2, 3), leg(1)]) == []


def test_several_minutes_are_settled_one_by_one() -> None:
    before, after = [leg(1), leg(1)], [leg(1, 2, 3, 4), leg(1, 4)]
    assert settled_minutes(before, after) == [m * MINUTE_MS for m in (2, 3, 4)]


def test_a_lull_settles_as_a_bar_does() -> None:
    quiet = replace(leg(1), known_until_ms=4 * MINUTE_MS)
    assert settled_minutes([leg(1), leg(1)], [leg(1, 2, 3), quiet])[-1] == 3 * MINUTE_MS


def test_who_has_not_been_seen_is_waited_for_a_while() -> None:
    patience = FIRST_PATIENCE_MS // MINUTE_MS
    waiting = [leg(*range(patience)), Leg()]
    assert settled_minutes([Leg(), Leg()], waiting) == []
    enough = [leg(*range(patience + 1)), Leg()]
    assert len(settled_minutes(waiting, enough)) == patience + 1


def test_who_has_fallen_silent_for_good_is_not_waited_for() -> None:
    patience = PATIENCE_MS // MINUTE_MS
    gone = leg(0)
    assert settled_until([leg(*range(patience + 1)), gone]) == MINUTE_MS
    assert settled_until([leg(*range(patience + 2)), gone]) == (patience + 2) * MINUTE_MS


def test_nobody_is_nothing() -> None:
    assert settled_minutes([Leg()], [Leg()]) == []


def test_a_long_absence_is_made_up_for_by_the_newest_minutes() -> None:
    after = [leg(1, 500), leg(1, 500)]
    minutes = settled_minutes([leg(1), leg(1)], after)
    assert (len(minutes), minutes[-1]) == (MAX_MINUTES, 500 * MINUTE_MS)


def test_bar_by_bar_or_all_at_once_the_same_minutes_are_settled() -> None:
    rng = np.random.default_rng(3)
    whole = [leg(*np.flatnonzero(rng.random(60) < 0.8)) for _ in range(4)]
    one_by_one: list[int] = []
    at = [Leg()] * 4
    bars = [(int(ms), i) for i, each in enumerate(whole) for ms in each.open_ms]
    for ms, i in sorted(bars, key=lambda bar: bar[0] + 90_000 * bar[1]):
        after = [*at]
        after[i] = add_bar(at[i], ms, 1.0, MINUTE_MS)
        one_by_one += settled_minutes(at, after)
        at = after
    assert one_by_one == settled_minutes([Leg()] * 4, whole)


@pytest.mark.parametrize("late_ms", [0, MINUTE_MS])
def test_a_last_price_stands_for_silent_minutes_up_to_a_limit(late_ms: int) -> None:
    open_ms = MINUTE_MS + SILENCE_MS + late_ms
    (history,) = histories_at({"A": leg(1)}, open_ms, bars=3).values()
    assert (open_ms in history.open_ms) == (not late_ms)
    assert set(history.close) <= {101.0}


def test_what_comes_after_the_minute_is_not_looked_at() -> None:
    (history,) = histories_at({"A": leg(1, 2, 3)}, 2 * MINUTE_MS, bars=5).values()
    np.testing.assert_array_equal(history.close, [101.0, 102.0])
