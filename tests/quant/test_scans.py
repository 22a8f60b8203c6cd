"""Scans: every member is in the message, with what is odd about it in plain English."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import Basket, Divergence, MemberScore
from oddlot.quant.closes import History
from oddlot.quant.scans import Scanning, scan_groups
from tests.quant.groups import RULES, SECTORS, Group, made_up, recorded

SCANNING = Scanning(rules=RULES, interval="1d", now_ms=5)


def scanned(group: Group, *, benchmark: str = "M0") -> Divergence:
    basket = Basket(id="g", symbols=group.symbols, benchmark=benchmark)
    return scan_groups([basket], group.histories(), SCANNING)[0]


def member(scan: Divergence, symbol: str) -> MemberScore:
    return next(each for each in scan.members if each.symbol == symbol)


def test_a_group_in_which_nobody_diverges_says_so() -> None:
    group = made_up(noise=0)
    apart = 1 + np.outer(np.arange(12), np.arange(126)) * 1e-5  # evenly
    scan = scanned(group._replace(closes=group.closes * apart))
    assert scan.divergers == scan.loners == ()
    assert scan.text == "Nobody breaks ranks"
    assert (scan.scored, scan.complete, scan.computed_ms) == (12, True, 5)


def test_a_planted_diverger_is_named_labelled_and_counted() -> None:
    group = made_up()
    group.closes[4, -1] *= 1.3
    scan = scanned(group)
    assert scan.divergers[0] == "M4"
    assert member(scan, "M4").verdict == "diverger"
    assert member(scan, "M4").window == 1
    assert member(scan, "M4").label in scan.text
    assert scan.text.startswith("1 of 12 breaks ranks: M4 (")


def test_a_habitual_lone_mover_is_told_apart() -> None:
    group = made_up()
    rng = np.random.default_rng(7)
    group.closes[4] = 50 * np.cumprod(1 + rng.normal(0, 0.03, 126))
    group.closes[4, -1] *= 1.2
    scan = scanned(group)
    assert scan.loners == ("M4",)
    assert member(scan, "M4").label.endswith("but it seldom moves with the group")


def test_a_newcomer_that_crosses_is_neither_accused_nor_acquitted() -> None:
    group = made_up()
    group.closes[4, :100] = np.nan
    group.closes[4, -1] *= 1.3
    found = member(scanned(group), "M4")
    assert (found.verdict, found.usual_correlation) == ("unproven", None)
    assert found.flags == ("short history: 26 of 81 closes",)


def test_who_is_missing_is_flagged_and_not_left_out() -> None:
    group = made_up()
    histories = group.histories()
    del histories["M3"]
    histories["M5"] = History(histories["M5"].open_ms[:-2], histories["M5"].close[:-2])
    basket = Basket(id="g", symbols=group.symbols, benchmark="SPY")
    scan = scan_groups([basket], histories, SCANNING)[0]
    assert [each.symbol for each in scan.members] == [*group.symbols]
    assert (scan.scored, scan.complete) == (10, False)
    assert member(scan, "M3").label == "Not scored: no closes"
    assert member(scan, "M5").flags[0] == "no close for 1970-05-06; the last is of 1970-05-04"
    assert {each.benchmark_return for each in scan.windows} == {None}
    assert "(10 of 12 scored)" in scan.text


def test_what_is_wrong_with_closes_is_said() -> None:
    group = made_up()
    group.closes[1, 60] *= 2
    group.closes[2, :90] *= 3
    group.closes[3, 70] = np.nan
    group.closes[4, 70] = -1
    flags = {each.symbol: each.flags for each in scanned(group).members}
    assert flags["M0"] == ()
    assert flags["M1"][0].startswith("bad print of 1970-03-02 left out: ")
    assert flags["M2"][0].startswith("looks like a split not adjusted for, 1970-04-01: ")
    assert flags["M3"] == ("1 close is missing, the last for 1970-03-12",)
    assert flags["M4"] == ("no price for 1970-03-12: was -1",)


def test_a_long_list_of_errors_is_cut_short() -> None:
    group = made_up()
    group.closes[1, 60:120:6] = -1
    flags = next(each.flags for each in scanned(group).members if each.symbol == "M1")
    assert len(flags) == 4
    assert flags[-1] == "7 more like it"


def test_a_live_scan_names_minutes() -> None:
    group = made_up()
    group.closes[3, -1] = np.nan
    live = Scanning(rules=RULES, interval="1m", now_ms=5)
    basket = Basket(id="g", symbols=group.symbols, benchmark="M0")
    scan = scan_groups([basket], group.histories(), live)[0]
    assert "no close for 1970-05-06 00:00 UTC" in member(scan, "M3").flags[0]


def test_groups_of_a_scan_each_keep_their_own_calendar() -> None:
    long, short = made_up(members=5), made_up(2, members=4, days=30)
    renamed = {f"S{i}": history for i, history in enumerate(short.histories().values())}
    baskets = [
        Basket(id="short", symbols=tuple(renamed), benchmark="S0"),
        Basket(id="nobody", symbols=("X", "Y", "Z"), benchmark="X"),
        Basket(id="long", symbols=long.symbols, benchmark="M0"),
    ]
    found = scan_groups(baskets, {**long.histories(), **renamed}, SCANNING)
    assert [each.group for each in found] == ["short", "long"]
    assert [each.open_ms for each in found] == [int(g.open_ms[-1]) for g in (short, long)]
    assert found[1] == scan_groups(baskets[2:], long.histories(), SCANNING)[0]
    assert found[0].members[0].flags == ("short history: 30 of 81 closes",)
    assert all(window.benchmark_return is not None for window in found[1].windows)


def test_a_scan_of_nothing_is_nothing() -> None:
    assert scan_groups([], {}, SCANNING) == []


@pytest.mark.real_data
@pytest.mark.parametrize("sector", SECTORS)
def test_recorded_groups_make_messages_that_travel(real_data: Path, sector: str) -> None:
    group = recorded(real_data, sector)
    for day in (30, 300, 900, 1_200):
        part = Group(group.symbols, group.open_ms[:day], group.closes[:, :day])
        scan = scanned(part, benchmark=group.symbols[0])
        codec = topics.DIVERGENCE.codec
        assert codec.decode(codec.encode(scan)) == scan
        assert b"NaN" not in msgspec.json.encode(scan)
        # QRVO and CFG were listed in 2014 and 2015.
        late = {each.symbol for each in scan.members if each.verdict == "unscored"}
        assert late <= {"QRVO", "CFG"}
