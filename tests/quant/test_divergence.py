"""Divergence: the definition on recorded groups, planted cases, what must not change a score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.contracts.messages import Float64s
from oddlot.quant.divergence import Rules, Scores, score
from tests.quant import literal
from tests.quant.groups import RULES, SECTORS, made_up, recorded

STEP_DAYS = 131  # between recorded days that are tried


def scored(closes: Float64s, rules: Rules = RULES) -> Scores:
    return score(closes, np.array([len(closes)]), rules=rules)


def assert_is_the_definition(closes: Float64s) -> None:
    found = scored(closes)
    expected = literal.divergence(
        closes, windows=RULES.windows, lookback=RULES.lookback, min_bars=RULES.min_bars
    )
    np.testing.assert_allclose(found.others.z, expected.z, rtol=1e-12, atol=1e-12)
    for ours, theirs in (
        (found.now.correlation, expected.correlation),
        (found.now.beta, expected.beta),
        (found.usual.correlation, expected.usual_correlation),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.real_data
@pytest.mark.parametrize("sector", SECTORS)
def test_scores_of_recorded_groups_are_those_of_the_definition(
    real_data: Path, sector: str
) -> None:
    closes = recorded(real_data, sector).closes
    for day in range(40, closes.shape[1], STEP_DAYS):
        assert_is_the_definition(closes[:, :day])


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(3, 12), st.sampled_from([0.01, 0.2]))
def test_holes_are_treated_as_the_definition_treats_them(
    seed: int, members: int, missing: float
) -> None:
    closes = made_up(seed, members=members, days=90).closes
    closes[np.random.default_rng(seed).random(closes.shape) < missing] = np.nan
    assert_is_the_definition(closes)


@pytest.mark.parametrize("move", [-0.15, -0.06, 0.06, 0.15, 0.5])
def test_a_planted_diverger_is_found_and_confirmed(move: float) -> None:
    closes = made_up().closes
    closes[4, -1] *= 1 + move
    found = scored(closes)
    assert found.confirmed[4, 0]
    assert np.sign(found.others.z[4, 0]) == np.sign(move)


def test_a_move_does_not_hide_behind_the_correlation_that_it_spoils() -> None:
    closes = made_up().closes
    closes[4, -1] *= 1.5
    found = scored(closes)
    assert found.now.correlation[4] < RULES.min_correlation < found.usual.correlation[4]
    assert found.confirmed[4, 0]


def test_a_planted_habitual_lone_mover_crosses_but_is_not_confirmed() -> None:
    group = made_up()
    rng = np.random.default_rng(7)
    group.closes[4] = 50 * np.cumprod(1 + rng.normal(0, 0.03, group.closes.shape[1]))
    group.closes[4, -1] *= 1.2
    found = scored(group.closes)
    assert found.crosses[4, 0]
    assert not found.confirmed[4].any()


def test_a_slow_drift_is_seen_over_the_longest_window_and_not_in_a_day() -> None:
    closes = made_up(noise=0.003).closes
    closes[4, -20:] *= 1.006 ** np.arange(1, 21)
    found = scored(closes)
    assert found.confirmed[4, 2]
    assert not found.crosses[4, 0]


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_the_order_of_the_members_does_not_matter(seed: int, random: object) -> None:
    closes = made_up(seed, members=7).closes
    order = list(range(7))
    random.shuffle(order)  # type: ignore[attr-defined]
    found, shuffled = scored(closes), scored(closes[order])
    np.testing.assert_array_equal(shuffled.others.z, found.others.z[order])
    np.testing.assert_allclose(
        shuffled.usual.correlation, found.usual.correlation[order], atol=1e-12
    )


@given(st.integers(0, 2**32), st.lists(st.floats(0.01, 1_000), min_size=7, max_size=7))
def test_what_a_share_costs_does_not_matter(seed: int, factors: list[float]) -> None:
    closes = made_up(seed, members=7).closes
    found, scaled = scored(closes), scored(closes * np.array(factors)[:, None])
    np.testing.assert_allclose(scaled.others.z, found.others.z, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(scaled.now.beta, found.now.beta, rtol=1e-9, atol=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_groups_scanned_together_are_as_if_scanned_apart(seed: int, sizes: list[int]) -> None:
    groups = [made_up(seed + i, members=size, days=90).closes for i, size in enumerate(sizes)]
    together = score(np.vstack(groups), np.array(sizes), rules=RULES)
    row = 0
    for i, group in enumerate(groups):
        alone = scored(group)
        part = together.of_group(slice(row, row + len(group)), i)
        np.testing.assert_array_equal(part.others.z, alone.others.z)
        np.testing.assert_array_equal(part.medians, alone.medians)
        np.testing.assert_array_equal(part.dispersions, alone.dispersions)
        np.testing.assert_allclose(part.now.beta, alone.now.beta, atol=1e-12)
        row += len(group)


def test_what_is_older_than_a_scan_looks_back_has_no_say() -> None:
    closes = made_up(days=200).closes
    wild = closes.copy()
    wild[:, : -RULES.bars] = np.nan
    for ours, theirs in zip(scored(wild), scored(closes), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("days", [1, 2, 6, 21, 40])
def test_a_short_history_gives_what_it_can(days: int) -> None:
    found = scored(made_up(days=days).closes)
    assert (~np.isnan(found.others.z)).all(axis=0).tolist() == [days > w for w in RULES.windows]
    assert np.isnan(found.usual.correlation).all()
    assert not found.confirmed.any()


def test_one_short_history_does_not_touch_the_others() -> None:
    closes = made_up(members=8).closes
    short = closes.copy()
    short[0, :-10] = np.nan
    found, whole = scored(short), scored(closes)
    assert np.isnan(found.usual.correlation[0])
    assert not np.isnan(found.usual.correlation[1:]).any()
    np.testing.assert_allclose(found.others.z[:, :2], whole.others.z[:, :2])


def test_no_return_is_taken_across_a_break() -> None:
    closes = made_up(members=6).closes
    breaks = np.zeros(closes.shape, np.bool_)
    breaks[2, -3] = True
    closes[2, :-3] *= 2  # a split not adjusted for
    found = score(closes, np.array([6]), rules=RULES, breaks=breaks)
    assert np.isnan(found.returns[2]).tolist() == [False, True, True]
    assert found.now.bars.tolist() == [60, 60, 59, 60, 60, 60]


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="windows"):
        Rules(windows=(5, 1))
    with pytest.raises(ValueError, match="min_bars"):
        Rules(min_bars=61)
    with pytest.raises(ValueError, match="enter_z"):
        Rules(enter_z=0)


def test_sizes_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 12 rows"):
        score(made_up().closes, np.array([5, 6]), rules=RULES)
