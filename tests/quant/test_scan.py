"""Scans: every pair of a group in its better direction, trials accounted for."""

from __future__ import annotations

import numpy as np
import pytest

from oddlot.quant import legs, scan
from oddlot.quant.legs import Leg

SYMBOLS = [f"S{i}" for i in range(8)]


def group(n=200, seed=1):
    """Give eight walks, the last of which hangs on the first."""
    rng = np.random.default_rng(seed)
    closes = 100 + rng.normal(size=(n, len(SYMBOLS))).cumsum(axis=0)
    closes[:, 7] = 2 * closes[:, 0] + rng.normal(size=n)
    return closes


def found(closes, *, window=200, prices="level"):
    return scan.scan(closes, SYMBOLS, window=window, prices=prices)


def test_the_pair_that_hangs_together_comes_first_and_alone():
    ranking = found(group())
    assert {ranking.candidates[0].y, ranking.candidates[0].x} == {"S0", "S7"}
    assert [row.is_cointegrated for row in ranking.candidates] == [True] + [False] * 27
    assert ranking.trials == 56
    assert ranking.bonferroni_p == pytest.approx(0.05 / 56)
    assert "56 trials" in ranking.corrections


def test_each_pair_agrees_with_statsmodels_in_its_better_direction():
    from statsmodels.tsa.stattools import coint

    closes = group()
    closes[20:40, 1] = np.nan
    closes[5, 2] = np.nan
    for row in found(closes, window=180).candidates:
        y, x = (closes[:, SYMBOLS.index(symbol)] for symbol in (row.y, row.x))
        common = np.flatnonzero(~np.isnan(y + x))[-180:]
        there, back = (
            coint(*legs, maxlag=1, autolag=None)
            for legs in ((y[common], x[common]), (x[common], y[common]))
        )
        assert row.n == len(common)
        assert row.eg_statistic == pytest.approx(there.coint_t, rel=1e-9)
        assert row.eg_p == pytest.approx(there.pvalue, rel=1e-9)
        assert there.coint_t <= back.coint_t


def test_noise_alone_is_hardly_ever_called_cointegrated():
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(20):
        closes = 100 + rng.normal(size=(150, 8)).cumsum(axis=0)
        wrong += any(row.is_cointegrated for row in found(closes).candidates)
    assert wrong <= 3  # one in twenty is expected; uncorrected, nearly every group has one


def test_what_is_told_in_parts_adds_up_and_says_how_far_it_is(monkeypatch):
    monkeypatch.setattr(scan, "CHUNK", 10)
    parts = list(scan.trials(group(), window=200, prices="level"))
    assert [part.done for part in parts] == [10, 20, 30, 40, 50, 56]
    assert {part.total for part in parts} == {56}
    assert scan.rank(parts, SYMBOLS) == found(group())


def test_legs_that_cannot_be_tested_go_last_without_figures():
    closes = group()
    closes[:, 3] = 5.0  # does not move
    closes[:, 4] = 3 * closes[:, 5]  # the same series
    closes[:-20, 6] = np.nan  # too young
    ranking = found(closes)
    none = [row for row in ranking.candidates if row.eg_statistic is None]
    assert ranking.candidates[-len(none) :] == tuple(none)
    assert {"S4", "S5"} in [{row.y, row.x} for row in none]
    assert all(row.eg_p is row.q_value is row.is_cointegrated is None for row in none)
    assert len(none) == 7 + 6 + 1
    assert ranking.trials == 56 - 2 * len(none)


@pytest.mark.parametrize("price", [0.0, -1.0, np.inf])
def test_a_price_that_is_none_is_left_out(price):
    closes = group()
    closes[100, 0] = price
    with np.errstate(all="raise"):
        rows = found(closes, prices="log").candidates
    assert {row.n for row in rows if "S0" in (row.y, row.x)} == {199}
    assert {row.n for row in rows if "S0" not in (row.y, row.x)} == {200}


def test_a_leg_without_a_last_close_has_no_z_now():
    closes = group()
    closes[-1, 1] = np.nan
    for row in found(closes).candidates:
        assert (row.z is None) == ("S1" in (row.y, row.x))
        assert row.eg_p is not None


def test_a_group_of_one_has_no_pairs():
    ranking = scan.scan(group()[:, :1], SYMBOLS[:1], window=200, prices="level")
    assert (ranking.candidates, ranking.trials) == ((), 0)


def test_legs_are_put_on_one_clock_for_a_scan():
    first = Leg(open_ms=np.array([0, 10, 20, 30]), close=np.arange(4.0), known_until_ms=50)
    other = Leg(open_ms=np.array([10, 40]), close=np.array([7.0, 8.0]), known_until_ms=45)
    open_ms, closes = legs.matrix([first, other], silence_ms=15)
    assert open_ms.tolist() == [0, 10, 20, 30, 40]
    np.testing.assert_array_equal(closes[:, 0], [0, 1, 2, 3, 3])
    np.testing.assert_array_equal(closes[:, 1], [np.nan, 7, 7, np.nan, 8])
