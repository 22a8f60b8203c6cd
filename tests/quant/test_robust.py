"""Robust z-scores are those of the definition, whoever is missing or alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from oddlot.contracts.messages import Float64s
from oddlot.quant.robust import against_others, center_and_sigma, robust_zscores
from tests.quant import literal

# Values on a grid, so that ties are common, and some of them missing.
GRID = st.integers(-20, 20).map(lambda step: step / 100)
VALUES = arrays(np.float64, st.integers(1, 13), elements=GRID | st.just(np.nan))


@given(VALUES)
def test_every_score_is_that_of_the_definition(values: Float64s) -> None:
    np.testing.assert_allclose(
        robust_zscores(values), literal.robust_z(values.tolist()), rtol=1e-12, atol=1e-12
    )


@given(arrays(np.float64, (3, 4, 7), elements=st.floats(-1, 1) | st.just(np.nan)))
def test_groups_side_by_side_do_not_meet(values: Float64s) -> None:
    together = robust_zscores(values)
    for i, j in np.ndindex(3, 4):
        np.testing.assert_array_equal(together[i, j], robust_zscores(values[i, j]))


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_the_members_does_not_matter(values: Float64s, random: object) -> None:
    order = list(range(len(values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(robust_zscores(values[order]), robust_zscores(values)[order])


@given(VALUES, st.sampled_from([0.5, 2.0, 4.0]), st.integers(-8, 8))
def test_scores_do_not_change_with_scale_and_shift(
    values: Float64s, scale: float, shift: int
) -> None:
    np.testing.assert_allclose(
        robust_zscores(values * scale + shift / 8), robust_zscores(values), rtol=1e-9, atol=1e-9
    )


@given(VALUES)
def test_a_missing_member_changes_nobodys_score(values: Float64s) -> None:
    with_one_more = robust_zscores(np.append(values, np.nan))
    np.testing.assert_array_equal(with_one_more[:-1], robust_zscores(values))
    assert np.isnan(with_one_more[-1])


def test_a_large_mover_does_not_hide_itself() -> None:
    quiet = np.array([0.010, 0.012, 0.009, 0.011])
    scores = robust_zscores(np.append(quiet, 5.0))
    assert scores[-1] > 1_000
    # and it bends the others' scores no more than any other value above the middle would
    np.testing.assert_array_equal(scores[:-1], robust_zscores(np.append(quiet, 0.02))[:-1])


def test_others_that_all_moved_alike_give_no_score() -> None:
    assert np.isnan(robust_zscores(np.array([0.3, 0.1, 0.1, 0.1]))[0])


@given(VALUES)
def test_the_group_as_a_whole_has_the_median_and_mad_of_its_known_members(
    values: Float64s,
) -> None:
    known = values[~np.isnan(values)]
    center, sigma = center_and_sigma(values)
    if not len(known):
        assert np.isnan(center)
        return
    assert center == np.median(known)
    mad = np.median(np.abs(known - np.median(known)))
    assert sigma == pytest.approx(1.4826 * mad) or len(known) == 1


def test_what_is_given_is_left_as_it_was() -> None:
    values = np.array([0.1, np.nan, 0.3, 0.2])
    before = values.copy()
    against_others(values)
    np.testing.assert_array_equal(values, before)
