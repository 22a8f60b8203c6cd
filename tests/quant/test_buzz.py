"""oddlot.quant.buzz: hours against their baselines, whatever came first, late or twice."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.contracts.messages import Buzz, ForumScan, Post
from oddlot.errors import BadMessage
from oddlot.quant import buzz as module
from oddlot.quant.buzz import CORRECTED_HOURS, CROWDS, Crowds
from oddlot.quant.hours import HELD_HOURS, HOUR_MS, RING
from tests.quant.crowds import FIRST, Literal, by_symbol, made_up, post, scan

DAY = 24
NOW = FIRST + 20 * DAY  # an hour in the middle of things


def told(*messages: Post | ForumScan) -> Crowds:
    crowds = Crowds()
    for message in messages:
        if isinstance(message, Post):
            crowds.add_post(message)
        else:
            crowds.add_scan(message)
    return crowds


def rows(crowds: Crowds, hour: int = NOW) -> dict[str, Buzz]:
    return by_symbol(crowds.rows("reddit", hour, 0))


def posts(symbol: str, hour: int, count: int) -> list[Post]:
    return [post(symbol, hour + n / 100, f"{hour}-{n}") for n in range(count)]


def usual(symbol: str, counts: list[int], hour: int = NOW) -> list[Post]:
    """Give posts in the same hour of the days before, the latest first."""
    return [p for day, n in enumerate(counts, 1) for p in posts(symbol, hour - DAY * day, n)]


ALL_READ = scan(NOW - 10 * DAY, NOW + 1)


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_the_literal_definitions(seed: int) -> None:
    some, scans = made_up(seed)
    crowds, literal = told(*some, *scans), Literal(some, scans)
    checked = 0
    for hour in range(FIRST + 9 * DAY + 5, FIRST + 12 * DAY, 7):
        for crowd in CROWDS:
            found = by_symbol(crowds.rows(crowd, hour, 5))
            wanted = literal.rows(crowd, hour)
            assert [*found] == [row["symbol"] for row in wanted]
            for row in wanted:
                assert asdict(found[row["symbol"]]) == pytest.approx(row | {"revision": 5}), row
                checked += row["z"] is not None
    assert checked > 10


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 3))
def test_order_and_repetition_never_matter(random, seed: int) -> None:
    some, scans = made_up(seed, days=6)
    messages = [*some, *scans]
    shuffled = [*messages, *random.sample(messages, 40)]
    random.shuffle(shuffled)
    one, other = told(*messages), told(*shuffled)
    for hour in range(FIRST, FIRST + 6 * DAY, 7):
        for crowd in CROWDS:
            assert [*one.rows(crowd, hour, 0)] == [*other.rows(crowd, hour, 0)]


def test_a_burst_of_a_quiet_symbol_outranks_one_that_is_always_loud() -> None:
    loud = usual("LOUD", [40, 44, 38, 41, 39, 42, 40, 43, 37, 40])
    quiet = usual("QUIET", [1, 0, 0, 2, 0, 1, 0, 0, 1, 0])
    found = rows(told(*loud, *quiet, *posts("LOUD", NOW, 42), *posts("QUIET", NOW, 12), ALL_READ))
    assert (found["QUIET"].rank, found["LOUD"].rank) == (1, 2)
    assert found["QUIET"].z == 12  # nothing is usual, and the scale is never below one
    assert found["LOUD"].z is not None
    assert abs(found["LOUD"].z) < 1
    assert found["LOUD"].multiple == pytest.approx(42 / 40)
    assert found["QUIET"].multiple is None


def test_a_late_post_corrects_its_hour_and_the_baselines_after_it() -> None:
    read = scan(NOW - 3 * DAY, NOW + 1)
    on_time = told(*usual("A", [3, 4, 5]), *posts("A", NOW, 5), read)
    before = rows(on_time)["A"]
    for late in posts("A", NOW - 2 * DAY, 9)[4:]:
        on_time.add_post(late)
    assert rows(on_time, NOW - 2 * DAY)["A"].mentions == 9
    after = rows(on_time)["A"]
    assert (before.baseline, before.z) != (after.baseline, after.z)
    assert after == rows(told(*usual("A", [3, 9, 5]), *posts("A", NOW, 5), read))["A"]


def test_an_hour_that_was_not_read_is_missing_and_not_zero() -> None:
    some = [*usual("A", [4, 4, 0, 0]), *posts("A", NOW, 4)]
    hole = (NOW - 4 * DAY, NOW - 3 * DAY + 1)
    holed = told(*some, scan(NOW - 5 * DAY, hole[0]), scan(hole[1], NOW + 1))
    assert (rows(holed)["A"].baseline, rows(holed)["A"].baseline_days) == (4, 3 - 0)
    assert rows(told(*some, scan(NOW - 5 * DAY, NOW + 1)))["A"].baseline == 0


def test_nothing_is_compared_on_the_first_day() -> None:
    row = rows(told(*posts("A", NOW, 8), scan(NOW - 2, NOW + 1)))["A"]
    assert (row.mentions, row.covered, row.baseline_days) == (8, 1.0, 0)
    assert [row.baseline, row.z, row.log_ratio, row.multiple, row.momentum, row.rank] == [None] * 6


def test_what_is_expected_goes_with_what_was_read_of_the_hour() -> None:
    some = [*usual("A", [10] * 8), *posts("A", NOW, 5)]
    row = rows(told(*some, scan(NOW - 9 * DAY, NOW + 0.25)))["A"]
    assert (row.covered, row.baseline, row.expected, row.multiple) == (0.25, 10, 2.5, 2.0)
    assert row.is_warm


def test_of_an_hour_that_nobody_has_read_yet_nothing_is_expected() -> None:
    row = rows(told(*usual("A", [10] * 8), *posts("A", NOW, 5), scan(NOW - 9 * DAY, NOW)))["A"]
    assert (row.covered, row.baseline, row.expected, row.z) == (0.0, 10, None, None)


def test_momentum_is_what_changed_since_the_hour_before() -> None:
    then = [*usual("A", [3] * 9, NOW - 1), *posts("A", NOW - 1, 1)]
    row = rows(told(*usual("A", [1] * 9), *posts("A", NOW, 7), *then, ALL_READ))["A"]
    assert row.log_ratio == pytest.approx(math.log(8 / 2))
    assert row.momentum == pytest.approx(math.log(8 / 2) - math.log(2 / 4))


def test_one_or_two_mentions_are_not_ranked() -> None:
    some = [*usual("A", [0] * 8), *posts("A", NOW, 2), *posts("B", NOW, 3)]
    found = rows(told(*some, ALL_READ))
    assert (found["A"].rank, found["B"].rank) == (None, 1)


def test_a_symbol_is_seen_first_within_thirty_days() -> None:
    early = post("A", NOW - 10 * DAY, "early")
    found = rows(told(early, *posts("A", NOW, 3), *posts("B", NOW, 3), ALL_READ))
    assert found["A"].first_seen_ms == early.event_ms
    assert found["B"].first_seen_ms == NOW * HOUR_MS


def test_places_are_read_apart_and_count_alike() -> None:
    some = [*usual("A", [2] * 8), *posts("A", NOW, 2)]
    both = told(*some, ALL_READ, scan(NOW - 0.5, NOW + 0.5, place="another"))
    assert rows(both)["A"].covered == 0.75
    left = told(*some, ALL_READ, scan(NOW - 4 * DAY, NOW - 2 * DAY, place="another"))
    assert rows(left)["A"].covered == 1.0  # nobody has read it for a day


def test_a_symbol_with_a_stream_of_its_own_is_covered_by_that() -> None:
    stream = scan(NOW - DAY, NOW + 0.5, forum="stocktwits", place="A", symbol="A")
    some = [post("A", NOW, "1", forum="stocktwits"), post("B", NOW, "2"), post("A", NOW, "3")]
    crowds = told(*some, stream, ALL_READ)
    found = {crowd: by_symbol(crowds.rows(crowd, NOW, 0)) for crowd in CROWDS}
    assert found["stocktwits"]["A"].covered == 0.5
    assert found["all"]["B"].covered == 1.0
    assert found["all"]["A"].mentions == 2


def test_two_forums_that_are_both_known_are_covered_as_their_mean() -> None:
    stream = scan(NOW - 9 * DAY, NOW + 0.5, forum="stocktwits", place="A", symbol="A")
    some = [post("A", NOW, "1", forum="stocktwits"), post("A", NOW, "2")]
    row = by_symbol(told(*some, stream, ALL_READ).rows("all", NOW, 0))["A"]
    assert (row.covered, row.baseline_days) == (0.75, 9)


def test_a_forum_whose_usual_is_not_known_yet_has_no_part_in_what_is_abnormal() -> None:
    """A stream read since yesterday is not news, however many write there."""
    stream = scan(NOW - DAY, NOW + 1, forum="stocktwits", place="A", symbol="A")
    loud = [post("A", NOW + n / 50, str(n), forum="stocktwits") for n in range(20)]
    crowds = told(*usual("A", [2] * 10), *posts("A", NOW, 3), *loud, stream, ALL_READ)
    row = by_symbol(crowds.rows("all", NOW, 0))["A"]
    assert (row.mentions, row.baseline_days, row.baseline, row.expected) == (23, 10, 2, 22)
    assert row.z == pytest.approx((3 - 2) / math.sqrt(2))
    assert row.multiple == pytest.approx(23 / 22)
    assert row.covered == 1.0


def test_who_reads_only_one_forum_has_a_baseline_of_all() -> None:
    stream = scan(NOW - 9 * DAY, NOW + 1, forum="stocktwits", place="A", symbol="A")
    some = [post("A", NOW - DAY * day, str(day), forum="stocktwits") for day in range(9)]
    row = by_symbol(told(*some, stream).rows("all", NOW, 0))["A"]
    assert (row.covered, row.baseline_days, row.baseline) == (1.0, 9, 1)


@pytest.mark.parametrize("jump", [1, DAY, HELD_HOURS, RING, HELD_HOURS + RING - 37, 3 * RING])
def test_hours_that_go_leave_nothing_behind(jump: int) -> None:
    some, scans = made_up(1, days=3)
    later = FIRST + 3 * DAY + jump
    fresh = [*posts("S1", later, 4), scan(later - 1, later + 1)]
    crowds = told(*some, *scans, *fresh)
    oldest = later - HELD_HOURS + 1
    for hour in range(FIRST, FIRST + 3 * DAY):
        assert any(crowds.rows("all", hour, 0)) <= (hour >= oldest)
    kept = [m for m in some if m.event_ms >= oldest * HOUR_MS]
    kept += [s for s in scans if s.to_ms > oldest * HOUR_MS]
    for hour in (later, oldest):
        assert rows(crowds, hour) == rows(told(*kept, *fresh), hour)
    assert not crowds.add_post(post("S1", oldest - 1))


def test_hours_of_a_symbol_are_those_that_mention_it() -> None:
    crowds = told(post("A", NOW - 3), post("A", NOW, forum="stocktwits"), post("B", NOW - 1))
    assert [*crowds.hours("A", 0)] == [NOW - 3, NOW]
    assert [*crowds.hours("A", NOW - 2)] == [NOW]
    assert [*crowds.hours(None, NOW - 2)] == [NOW - 2, NOW - 1, NOW]
    assert [*crowds.hours("C", 0)] == [*crowds.hours("A", NOW + 1)] == []
    assert [*Crowds().hours(None, 0)] == []


def test_only_hours_with_all_of_their_baseline_are_corrected() -> None:
    young = told(post("A", NOW), scan(NOW - 20 * DAY, NOW + 1))
    assert young.first_open == NOW - HELD_HOURS + 1
    old = told(post("A", NOW), scan(NOW - 40 * DAY, NOW + 1))
    assert old.first_open == NOW - CORRECTED_HOURS + 1
    assert Crowds().first_open == 0
    assert CORRECTED_HOURS >= 3 * DAY


def test_a_time_that_cannot_be_is_refused() -> None:
    good, read = post("A", NOW), scan(NOW - 1, NOW)
    bad = [
        replace(good, event_ms=good.seen_ms + 2 * HOUR_MS),
        replace(good, event_ms=-1),
        replace(read, to_ms=read.from_ms - 1),
        replace(read, to_ms=read.scanned_ms + 2 * HOUR_MS),
    ]
    for message in bad:
        with pytest.raises(BadMessage, match=r"expected .* was"):
            told(message)


def test_a_scan_that_read_nothing_changes_nothing() -> None:
    refused = scan(NOW, NOW)
    crowds = told(refused)
    assert crowds.newest is None


def test_symbols_and_places_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.MAX_SYMBOLS >= 3_000
    monkeypatch.setattr(module, "MAX_SYMBOLS", 2)
    monkeypatch.setattr(module, "MAX_PLACES", 1)
    crowds = told(*(post(symbol, NOW, symbol) for symbol in "ABCA"), ALL_READ)
    crowds.add_scan(scan(NOW - 1, NOW, place="another"))
    assert [*rows(crowds)] == ["A", "B"]
    assert crowds.refused == 2


def test_symbols_that_nobody_mentions_any_more_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SYMBOLS", 2)
    stream = scan(NOW - 9, NOW, forum="stocktwits", place="A", symbol="A")
    crowds = told(*posts("A", NOW, 3), stream, *posts("B", NOW, 2))
    later = NOW + HELD_HOURS
    fresh = [*posts("B", later, 1), *posts("C", later, 2), scan(later - 1, later + 1)]
    for message in fresh:
        crowds.add_scan(message) if isinstance(message, ForumScan) else crowds.add_post(message)
    crowds.add_post(post("D", later))
    assert rows(crowds, later) == rows(told(*fresh), later)
    assert [*rows(crowds, later)] == ["B", "C"]
    assert crowds.refused == 1


def test_many_symbols_are_as_few() -> None:
    symbols = [f"S{i}" for i in range(40)]
    some = [p for i, symbol in enumerate(symbols) for p in usual(symbol, [i] * 8)]
    found = rows(told(*some, *(post(s, NOW, "1") for s in symbols), ALL_READ))
    assert [found[symbol].baseline for symbol in symbols] == [*range(40)]
