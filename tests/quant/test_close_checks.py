"""Closes: bad prints, splits and non-prices are set aside and said; true moves are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddlot.contracts.messages import Float64s
from oddlot.quant.close_checks import check
from oddlot.quant.divergence import score
from tests.quant.groups import RULES, SECTORS, made_up, recorded

SIZES = np.array([12])


@pytest.mark.parametrize("factor", [2.0, 0.5, 1.3, 0.7, 10.0])
@pytest.mark.parametrize("day", [1, 60, 124])
def test_a_single_bad_print_is_taken_out_and_nothing_else(factor: float, day: int) -> None:
    closes = made_up().closes
    whole = closes.copy()
    closes[3, day] *= factor
    found = check(closes, SIZES)
    assert [(odd.row, odd.bar, odd.kind) for odd in found.oddities] == [(3, day, "bad print")]
    whole[3, day] = np.nan
    np.testing.assert_array_equal(found.closes, whole)


def test_a_bad_print_costs_a_symbol_two_returns_instead_of_its_correlation() -> None:
    group = made_up()
    expected = score(group.closes, SIZES, rules=RULES).now
    group.closes[3, 100] *= 2
    spoiled = score(group.closes, SIZES, rules=RULES).now
    found = check(group.closes, SIZES)
    cured = score(found.closes, SIZES, rules=RULES, breaks=found.breaks).now
    assert spoiled.correlation[3] < 0.4 < expected.correlation[3]
    assert cured.correlation[3] == pytest.approx(expected.correlation[3], abs=0.05)
    assert cured.bars.tolist() == [58 if i == 3 else 60 for i in range(12)]
    np.testing.assert_allclose(cured.correlation[4:], expected.correlation[4:], atol=0.05)


@pytest.mark.parametrize("factor", [2, 3, 10, 1 / 2, 1 / 4, 1 / 20])
def test_a_split_not_adjusted_for_breaks_the_history_without_losing_it(factor: float) -> None:
    closes = made_up().closes
    closes[3, :90] *= factor
    found = check(closes, SIZES)
    assert [(odd.row, odd.bar, odd.kind) for odd in found.oddities] == [(3, 90, "split")]
    assert np.argwhere(found.breaks).tolist() == [[3, 90]]
    np.testing.assert_array_equal(found.closes, closes)


@pytest.mark.parametrize("move", [-0.3, -0.2, 0.2, 0.52, 1.2])
def test_a_true_move_that_stays_is_left_alone(move: float) -> None:
    closes = made_up().closes
    closes[3, 90:] *= 1 + move
    assert check(closes, SIZES).oddities == ()


def test_a_crash_that_all_share_and_get_over_is_no_bad_print() -> None:
    closes = made_up().closes
    closes[:, 90] *= 0.7
    assert check(closes, SIZES).oddities == ()


def test_a_symbol_that_always_jumps_about_has_no_bad_prints() -> None:
    closes = made_up().closes
    closes[3] = 5 * np.exp(np.random.default_rng(3).normal(0, 0.2, closes.shape[1]))
    assert check(closes, SIZES).oddities == ()


def test_a_bad_print_beside_a_hole_is_found() -> None:
    closes = made_up().closes
    closes[3, 59], closes[3, 60], closes[3, 61] = np.nan, 3 * closes[3, 60], np.nan
    assert [(odd.bar, odd.kind) for odd in check(closes, SIZES).oddities] == [(60, "bad print")]


@pytest.mark.parametrize("price", [0.0, -5.0, np.inf, -np.inf])
def test_what_is_no_price_is_taken_out(price: float) -> None:
    closes = made_up().closes
    closes[3, 60] = price
    found = check(closes, SIZES)
    assert [(odd.bar, odd.kind, odd.at) for odd in found.oddities] == [(60, "not a price", price)]
    assert np.argwhere(np.isnan(found.closes)).tolist() == [[3, 60]]


def test_what_is_given_is_left_as_it_was() -> None:
    closes = made_up().closes
    closes[3, 60] *= 2
    closes[4, 60] = -1
    before = closes.copy()
    check(closes, SIZES)
    np.testing.assert_array_equal(closes, before)


PRICES = st.sampled_from([np.nan, np.inf, -1.0, 0.0, 1e-300, 1e300, 1.0, 1.01, 2.0, 0.5])


@given(st.lists(st.lists(PRICES, min_size=8, max_size=8), min_size=1, max_size=6))
def test_nothing_of_what_remains_is_no_price(rows: list[list[float]]) -> None:
    closes = np.array(rows)
    found = check(closes, np.array([len(rows)]))
    remaining = found.closes[~np.isnan(found.closes)]
    assert ((remaining > 0) & np.isfinite(remaining)).all()


@pytest.mark.real_data
@pytest.mark.parametrize("sector", SECTORS)
def test_recorded_groups_hold_true_moves_of_half_and_no_bad_print(
    real_data: Path, sector: str
) -> None:
    closes: Float64s = recorded(real_data, sector).closes
    assert check(closes, np.array([len(closes)])).oddities == ()
