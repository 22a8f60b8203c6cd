"""Correlation and beta against the mean of the others are those of the definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oddlot.contracts.messages import Float64s
from oddlot.quant.comovement import BLOCK_ROWS, blocks, comovement
from tests.quant import literal

MIN_BARS = 20


def some_returns(seed: int, members: int, *, missing: float) -> Float64s:
    rng = np.random.default_rng(seed)
    returns = rng.normal(0, 0.01, 60) + rng.normal(0, 0.01, (members, 60))
    returns[rng.random(returns.shape) < missing] = np.nan
    return returns


@given(
    st.integers(0, 2**32), st.lists(st.integers(1, 7), min_size=1), st.sampled_from([0, 0.02, 0.5])
)
def test_every_figure_is_that_of_the_definition(
    seed: int, sizes: list[int], missing: float
) -> None:
    groups = [some_returns(seed + i, size, missing=missing) for i, size in enumerate(sizes)]
    if len(groups) > 1:  # one group without holes amid others
        groups[0] = some_returns(seed, sizes[0], missing=0)
    found = comovement(np.vstack(groups), np.array(sizes), min_bars=MIN_BARS)
    expected = [
        literal.co_movement(group, i, MIN_BARS) for group in groups for i in range(len(group))
    ]
    np.testing.assert_allclose(found.correlation, [c for c, _ in expected], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.beta, [b for _, b in expected], rtol=1e-12, atol=1e-12)


def test_a_wild_member_costs_no_digits() -> None:
    returns = some_returns(1, 6, missing=0)
    returns[2] *= 1_000
    found = comovement(returns, np.array([6]), min_bars=MIN_BARS)
    expected = [literal.co_movement(returns, i, MIN_BARS) for i in range(6)]
    np.testing.assert_allclose(found.correlation, [c for c, _ in expected], rtol=0, atol=1e-12)


def test_a_symbol_that_stands_still_has_a_beta_of_nothing_and_no_correlation() -> None:
    returns = some_returns(1, 4, missing=0)
    returns[0] = 0.0
    found = comovement(returns, np.array([4]), min_bars=MIN_BARS)
    assert np.isnan(found.correlation[0])
    assert found.beta[0] == 0


def test_too_few_common_bars_give_no_figure() -> None:
    returns = some_returns(1, 4, missing=0)
    returns[1, : 60 - MIN_BARS + 1] = np.nan
    found = comovement(returns, np.array([4]), min_bars=MIN_BARS)
    assert found.bars.tolist() == [60, MIN_BARS - 1, 60, 60]
    assert np.isnan(found.correlation[1])


def test_a_member_with_a_single_other_has_no_index() -> None:
    found = comovement(some_returns(1, 2, missing=0), np.array([2]), min_bars=MIN_BARS)
    assert found.bars.tolist() == [0, 0]
    assert np.isnan(found.beta).all()


@given(st.lists(st.integers(1, 2 * BLOCK_ROWS), min_size=1, max_size=12))
def test_blocks_cover_every_group_once_and_cut_none(sizes: list[int]) -> None:
    cut = [*blocks(np.array(sizes))]
    assert [size for _, part in cut for size in part.tolist()] == sizes
    assert [rows.start for rows, _ in cut] == [0, *(rows.stop for rows, _ in cut[:-1])]
    assert all(rows.stop - rows.start == part.sum() for rows, part in cut)
    assert all(part.sum() <= BLOCK_ROWS or len(part) == 1 for _, part in cut)
