"""Moving windows: the quick way agrees with whole fits, and with itself, however rows come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.quant import fits, histories
from oddlot.quant.fits import FIGURES
from oddlot.quant.rolling import Recipe, Rolling

SECOND_MS = 1_000
Z_TOLERANCE = 1e-9


def recipe(window=20, prices="level", hedge="ols") -> Recipe:
    return Recipe(window=window, length_ms=SECOND_MS, prices=prices, hedge=hedge)


def walks(rng, n, *, level=65_000.0, gaps=True):
    """Give opens and the closes of a random pair, with gaps of all lengths."""
    steps = rng.choice([1, 1, 1, 1, 2, 5, 70], n) if gaps else np.ones(n, int)
    x = level / 20 * np.exp(1e-4 * rng.normal(size=n).cumsum())
    y = 12 * x + level / 2 * np.exp(2e-4 * rng.normal(size=n).cumsum())
    return steps.cumsum() * SECOND_MS, np.array([y, x])


def assert_agrees_with_whole_fits(found, how, open_ms, closes, rows):
    for i in rows:
        is_young = open_ms[: i + 1] > open_ms[i] - how.span_ms
        n = min(how.window, int(is_young.sum()))
        assert found.n[i] == n
        if n < fits.MIN_CLOSES:
            assert np.isnan(found.z[i])
            continue
        y, x = closes[:, None, i + 1 - n : i + 1]
        whole = fits.fit(y, x, prices=how.prices, hedge=how.hedge)
        for name in FIGURES:
            quick, slow = getattr(found, name)[i], getattr(whole, name)[0]
            unit = {"spread": abs(whole.spread[0] / whole.z[0])}.get(name, 1.0)
            tolerance = Z_TOLERANCE * (unit if np.isfinite(unit) else 1.0)
            assert quick == pytest.approx(slow, rel=1e-9, abs=tolerance, nan_ok=True), (i, name)


def one_by_one(how, open_ms, closes):
    rolling = Rolling(1, how)
    found = [
        rolling.advance(np.array([0]), open_ms[i : i + 1], closes[:, i : i + 1])
        for i in range(len(open_ms))
    ]
    return np.hstack([np.vstack(figures) for figures in found])


def whole(how, open_ms, closes):
    figures = histories.figures(how, open_ms, closes)
    return np.vstack((figures.n, figures.table()))


@given(
    st.integers(0, 2**32),
    st.integers(10, 40),
    st.sampled_from(["level", "log"]),
    st.sampled_from(["ols", "origin"]),
)
@settings(max_examples=40, deadline=None)
def test_a_history_agrees_with_whole_fits(seed, window, prices, hedge):
    how = recipe(window, prices, hedge)
    open_ms, closes = walks(np.random.default_rng(seed), 150)
    found = histories.figures(how, open_ms, closes)
    assert_agrees_with_whole_fits(found, how, open_ms, closes, range(150))


@pytest.mark.parametrize(
    ("prices", "hedge"), [("level", "ols"), ("log", "ols"), ("level", "origin")]
)
def test_after_a_million_rows_the_figures_agree_with_whole_fits(prices, hedge):
    how = recipe(300, prices, hedge)
    open_ms, closes = walks(np.random.default_rng(1), 1_000_000, gaps=False)
    found = histories.figures(how, open_ms, closes)
    rows = [*range(299, 1_000_000, 10_007), *range(999_900, 1_000_000)]
    assert_agrees_with_whole_fits(found, how, open_ms, closes, rows)


@given(
    st.integers(0, 2**32),
    st.integers(10, 30),
    st.sampled_from(["level", "log"]),
    st.sampled_from(["ols", "origin", "kalman"]),
)
@settings(max_examples=20, deadline=None)
def test_rows_one_by_one_give_the_very_numbers_of_a_history(seed, window, prices, hedge):
    how = recipe(window, prices, hedge)
    rows = walks(np.random.default_rng(seed), 200)
    np.testing.assert_array_equal(one_by_one(how, *rows), whole(how, *rows))


@pytest.mark.parametrize("hedge", ["ols", "origin", "kalman"])
def test_pairs_that_advance_together_do_not_touch_each_other(hedge):
    how, rng = recipe(hedge=hedge), np.random.default_rng(2)
    series = [walks(rng, 120) for _ in range(5)]
    rolling, taken = Rolling(5, how), [0] * 5
    found: list[list[np.ndarray]] = [[] for _ in series]
    while min(taken) < 120:
        which = [w for w in range(5) if taken[w] < 120 and rng.random() < 0.7]
        if not which:
            continue
        open_ms = np.array([series[w][0][taken[w]] for w in which])
        closes = np.array([series[w][1][:, taken[w]] for w in which]).T
        figures = rolling.advance(np.array(which), open_ms, closes)
        for column, w in zip(np.vstack(figures).T, which, strict=True):
            found[w].append(column)
            taken[w] += 1
    for rows, columns in zip(series, found, strict=True):
        np.testing.assert_array_equal(np.array(columns).T, whole(how, *rows))


@pytest.mark.parametrize("hedge", ["ols", "origin", "kalman"])
@pytest.mark.parametrize("kept_blocks", [4])
def test_what_came_before_the_reach_changes_nothing(hedge, kept_blocks):
    how = recipe(hedge=hedge)
    open_ms, closes = walks(np.random.default_rng(3), 600)
    last_block = open_ms >= open_ms[-1] // how.block_ms * how.block_ms
    kept = open_ms >= (open_ms[-1] // how.block_ms - kept_blocks + 1) * how.block_ms
    other = np.where(kept, closes, closes[::-1] + 7)
    np.testing.assert_array_equal(
        whole(how, open_ms, closes)[:, last_block], whole(how, open_ms, other)[:, last_block]
    )


def test_an_outlier_that_has_left_the_window_has_left_no_trace():
    how, window = recipe(), 20
    open_ms, closes = walks(np.random.default_rng(4), 200, gaps=False)
    spiked = closes.copy()
    spiked[:, 70] *= 1e9
    rows = range(70 + window + 1, 200)
    found = histories.figures(how, open_ms, spiked)
    assert_agrees_with_whole_fits(found, how, open_ms, closes, rows)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("hedge", ["ols", "origin", "kalman"])
def test_legs_without_a_spread_of_their_own_give_no_z(scale, hedge):
    open_ms, (y, x) = walks(np.random.default_rng(5), 120, gaps=False)
    flat = np.full(120, 7.0)
    through_origin = hedge == "origin"
    cases = [(2.5 * x, x), (y, flat), (flat, flat)]
    if not through_origin:  # else what is left of these is a spread of their own
        cases += [(2.5 * x + 1, x), (flat, x)]
    for legs in cases:
        for prices in ("level", "log"):
            closes = np.array(legs) * scale
            if prices == "log" and not np.ptp(legs[0] - 2.5 * legs[1]) > 1e-3:
                continue  # collinear prices have logarithms that are not
            found = histories.figures(recipe(prices=prices, hedge=hedge), open_ms, closes)
            assert np.isnan(found.z).all()


def test_nearly_collinear_legs_are_fitted_whole():
    how = recipe()
    open_ms, closes = walks(np.random.default_rng(6), 120, gaps=False)
    closes[0] = 3 * closes[1] * (1 + 1e-9 * np.sin(np.arange(120)))
    found = histories.figures(how, open_ms, closes)
    assert_agrees_with_whole_fits(found, how, open_ms, closes, range(40, 120))
    assert np.isfinite(found.z[40:]).all()


def test_rows_closer_than_the_interval_still_fit_into_the_window():
    how = recipe(window=10)
    closes = walks(np.random.default_rng(7), 100, gaps=False)[1]
    open_ms = np.arange(100) * SECOND_MS // 3
    assert_agrees_with_whole_fits(
        histories.figures(how, open_ms, closes), how, open_ms, closes, range(100)
    )
    np.testing.assert_array_equal(one_by_one(how, open_ms, closes), whole(how, open_ms, closes))


@pytest.mark.parametrize("hedge", ["ols", "origin", "kalman"])
def test_a_time_at_which_no_pair_has_a_row_is_taken(hedge):
    none = np.empty(0, np.int64)
    n, found = Rolling(2, recipe(hedge=hedge)).advance(none, none, np.empty((2, 0)))
    assert (len(n), found.shape) == (0, (len(FIGURES), 0))
