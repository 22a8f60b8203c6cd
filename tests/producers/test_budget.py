"""Budgets: whatever the clocks, restarts and processes, no window of a provider is overspent."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.contracts.messages import Window
from producers.budget import CLOCK_SKEW_MS, LEASE_MS, Limit, Meter, end_of, start_of
from producers.budget_ledger import Ledger, open_ledger, transaction
from tests.conftest import ROOT

NAME = "twelvedata"
LIMITS = (Limit("minute", 8), Limit("day", 800))
NOON_MS = 1_738_756_800_000  # 2025-02-05 12:00 UTC
MIDNIGHT_MS = 1_738_800_000_000
MINUTE_MS = 60_000


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    ledger = open_ledger(tmp_path / "budgets.sqlite3", survives_power_cuts=False)
    yield ledger
    ledger.close()


def spend(ledger: Ledger, units: int, now_ms: int, *limits: Limit, took_ms: int = 100) -> bool:
    reserved = ledger.reserve(NAME, limits or LIMITS, units, now_ms=now_ms)
    if reserved:
        ledger.settle(reserved, now_ms=now_ms + took_ms)
    return reserved is not None


def test_units_come_back_a_minute_after_the_call_has_ended(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    assert spend(ledger, 8, NOON_MS, took_ms=5_000)
    assert not spend(ledger, 1, NOON_MS + MINUTE_MS + 1_000)
    free_ms = ledger.free_ms(NAME, LIMITS[0], NOON_MS + 5_000)
    assert free_ms == NOON_MS + 5_000 + MINUTE_MS + 1_000
    assert not spend(ledger, 1, free_ms - 1)
    assert spend(ledger, 8, free_ms)


def test_a_call_is_counted_from_before_it_is_made(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    assert ledger.reserve(NAME, LIMITS, 8, now_ms=NOON_MS)
    assert ledger.reserve(NAME, LIMITS, 1, now_ms=NOON_MS) is None


def test_what_was_never_settled_stays_spent(db: sqlite3.Connection) -> None:
    """The process died in mid-call: the provider may have counted it at any time of the lease."""
    ledger = Ledger(db)
    assert ledger.reserve(NAME, LIMITS, 8, now_ms=NOON_MS)
    assert not spend(ledger, 1, NOON_MS + LEASE_MS + MINUTE_MS)
    assert spend(ledger, 8, NOON_MS + LEASE_MS + MINUTE_MS + 1_000)
    assert ledger.standing(NAME, LIMITS, NOON_MS + LEASE_MS)[1].used == 16


def test_a_call_that_never_left_is_given_back(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    reserved = ledger.reserve(NAME, LIMITS, 8, now_ms=NOON_MS)
    assert reserved
    ledger.release(reserved)
    assert spend(ledger, 8, NOON_MS)


def test_a_day_begins_at_midnight_utc_and_a_minute_later_for_safety(db: sqlite3.Connection) -> None:
    ledger, day = Ledger(db), Limit("day", 250)
    assert spend(ledger, 250, NOON_MS, day)
    assert ledger.standing(NAME, [day], NOON_MS)[0].resets_ms == MIDNIGHT_MS
    assert not spend(ledger, 1, MIDNIGHT_MS + CLOCK_SKEW_MS - 1, day)
    assert ledger.returns_ms(day, NOON_MS) == MIDNIGHT_MS + CLOCK_SKEW_MS
    assert spend(ledger, 250, MIDNIGHT_MS + CLOCK_SKEW_MS, day)


def test_a_call_around_midnight_counts_in_both_days(db: sqlite3.Connection) -> None:
    ledger, day = Ledger(db), Limit("day", 250)
    assert spend(ledger, 10, MIDNIGHT_MS - 30_000, day)
    assert ledger.room(NAME, [day], MIDNIGHT_MS + 3_600_000) == 240
    assert ledger.standing(NAME, [day], MIDNIGHT_MS - 1)[0].used == 10


def test_a_month_begins_on_its_first_day(db: sqlite3.Connection) -> None:
    ledger, month = Ledger(db), Limit("month", 100)
    assert spend(ledger, 100, NOON_MS, month)
    resets_ms = ledger.standing(NAME, [month], NOON_MS)[0].resets_ms
    assert resets_ms == end_of("month", NOON_MS) == 1_740_787_200_000  # 2025-03-01
    assert not spend(ledger, 1, resets_ms - 1, month)
    assert spend(ledger, 100, resets_ms + CLOCK_SKEW_MS, month)


def test_what_others_spend_on_the_same_key_is_counted(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    assert spend(ledger, 2, NOON_MS)
    ledger.reconcile(NAME, LIMITS, Meter(window="minute", used=7, left=1), now_ms=NOON_MS + 200)
    assert ledger.room(NAME, LIMITS, NOON_MS + 300) == 1
    assert ledger.standing(NAME, LIMITS, NOON_MS + 300)[1].used == 7


def test_a_plan_smaller_than_its_setting_shows_in_what_is_left(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    ledger.reconcile(NAME, LIMITS, Meter(window="minute", used=2, left=0), now_ms=NOON_MS)
    assert ledger.room(NAME, LIMITS, NOON_MS + 1) == 0


def test_a_provider_that_has_counted_less_changes_nothing(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    assert spend(ledger, 8, NOON_MS)
    ledger.reconcile(NAME, LIMITS, Meter(window="minute", used=0, left=8), now_ms=NOON_MS + 1_000)
    assert ledger.room(NAME, LIMITS, NOON_MS + 2_000) == 0


def test_the_providers_no_beats_our_estimate(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    ledger.refused(NAME, "minute", "out of credits", retry_ms=None, now_ms=NOON_MS)
    assert not spend(ledger, 1, NOON_MS + MINUTE_MS)
    block = ledger.block(NAME, NOON_MS)
    assert block
    assert (block.window, block.reason) == ("minute", "out of credits")
    assert spend(ledger, 1, NOON_MS + MINUTE_MS + 1_000)


def test_how_long_it_wants_to_be_left_alone_is_believed(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    ledger.refused(NAME, "minute", "slow down", retry_ms=7_000, now_ms=NOON_MS)
    assert not spend(ledger, 1, NOON_MS + 6_999)
    assert spend(ledger, 1, NOON_MS + 7_000)


def test_a_no_for_the_day_that_we_cannot_explain_is_asked_about_ever_more_seldom(
    db: sqlite3.Connection,
) -> None:
    """Its day may end at another hour than midnight UTC."""
    ledger, asked, now_ms = Ledger(db), [], NOON_MS
    while now_ms < MIDNIGHT_MS:
        asked.append((now_ms - NOON_MS) // 3_600_000)
        ledger.refused(NAME, "day", "Limit Reach", retry_ms=None, now_ms=now_ms)
        block = ledger.block(NAME, now_ms)
        assert block
        now_ms = block.until_ms
    assert asked == [0, 1, 3, 7]
    assert now_ms == MIDNIGHT_MS + CLOCK_SKEW_MS


def test_an_answer_ends_a_no(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)
    ledger.refused(NAME, None, "key refused", retry_ms=None, now_ms=NOON_MS)
    ledger.accepted(NAME)
    assert spend(ledger, 1, NOON_MS)


def test_a_failed_step_leaves_nothing_behind(db: sqlite3.Connection) -> None:
    ledger = Ledger(db)

    def step() -> None:
        with transaction(db):
            spend(ledger, 8, NOON_MS)
            raise RuntimeError("bug")

    with pytest.raises(RuntimeError):
        step()
    assert spend(ledger, 8, NOON_MS)


CALLS = st.lists(
    st.tuples(
        st.integers(0, 20_000),  # pause before it
        st.integers(1, 8),  # units
        st.integers(1, 29_000),  # how long it takes
        st.floats(0, 1),  # when within that the provider counts it
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=60)
@given(CALLS, st.integers(-CLOCK_SKEW_MS, CLOCK_SKEW_MS), st.sampled_from(["minute", "day"]))
def test_no_window_of_a_provider_with_another_clock_is_ever_overspent(
    calls: list[tuple[int, int, int, float]], skew_ms: int, window: Window
) -> None:
    db = open_ledger(Path(":memory:"))
    ledger, limit = Ledger(db), Limit(window, 20 if window == "day" else 8)
    counted: Counter[int] = Counter()
    length_ms = MINUTE_MS if window == "minute" else 86_400_000
    now_ms = MIDNIGHT_MS - 150_000
    for pause_ms, units, took_ms, when in calls:
        now_ms += pause_ms
        reserved = ledger.reserve(NAME, [limit], units, now_ms=now_ms)
        if reserved:
            theirs_ms = now_ms + int(took_ms * when) + skew_ms
            counted[theirs_ms // length_ms] += units
            now_ms += took_ms
            ledger.settle(reserved, now_ms=now_ms)
    assert max(counted.values(), default=0) <= limit.units


SPENDER = """
import sys
from pathlib import Path
from producers.budget import Limit
from producers.budget_ledger import Ledger, open_ledger, transaction

db = open_ledger(Path(sys.argv[1]), survives_power_cuts=False)
ledger, spent = Ledger(db), 0
for tries in range(int(sys.argv[3])):
    with transaction(db):
        spent += ledger.reserve("fmp", [Limit("day", 250)], 1, now_ms=int(sys.argv[2])) is not None
print(spent)
"""


def spender(path: Path, tries: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SPENDER, str(path), str(NOON_MS), str(tries)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_processes_at_the_same_time_share_one_budget(tmp_path: Path) -> None:
    path = tmp_path / "budgets.sqlite3"
    spenders = [spender(path, 200) for _ in range(3)]
    spent = [int(each.communicate(timeout=60)[0]) for each in spenders]
    assert sum(spent) == 250


def test_a_restart_does_not_give_the_day_back(tmp_path: Path) -> None:
    path = tmp_path / "budgets.sqlite3"
    first, second = (int(spender(path, 200).communicate(timeout=60)[0]) for _ in range(2))
    assert (first, second) == (200, 50)


def test_a_killed_process_has_spent_what_it_reserved(tmp_path: Path) -> None:
    path = tmp_path / "budgets.sqlite3"
    killed = spender(path, 1_000_000)
    db = open_ledger(path, survives_power_cuts=False)
    ledger = Ledger(db)
    while ledger.room("fmp", [Limit("day", 250)], NOON_MS) > 200:
        assert killed.poll() is None
    killed.kill()
    killed.communicate(timeout=60)
    assert ledger.room("fmp", [Limit("day", 250)], NOON_MS) <= 200
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_windows_start_and_end_at_utc() -> None:
    assert start_of("day", NOON_MS) == MIDNIGHT_MS - 86_400_000
    assert end_of("day", NOON_MS) == MIDNIGHT_MS
