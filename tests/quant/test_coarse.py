"""Coarser bars: what a slow, literal fold of each stretch gives, and nothing lost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddlot.quant.coarse import coarse

SECOND_MS = 1_000
FIGURE = st.one_of(st.just(math.nan), st.floats(-1e6, 1e6))


def literally(steps: list[int], values: list[float], most: int, role: str) -> list[float]:
    """Fold with plain loops."""
    times = np.cumsum(steps) * SECOND_MS
    if len(times) <= most:
        return values
    width = int(times[-1] - times[0]) // most + 1
    parts: dict[int, list[float]] = {}
    for time, value in zip(times, values, strict=True):
        part = parts.setdefault(int(time - times[0]) // width, [])
        if not math.isnan(value):
            part.append(value)
    fold = {"open": lambda p: p[0], "high": max, "low": min, "close": lambda p: p[-1]}
    return [fold.get(role, math.fsum)(part) if part else math.nan for part in parts.values()]


@given(
    st.lists(st.tuples(st.integers(1, 40), FIGURE), min_size=1, max_size=60),
    st.integers(1, 20),
    st.sampled_from(["open", "high", "low", "close", "volume"]),
)
def test_each_role_is_folded_as_by_plain_loops(
    bars: list[tuple[int, float]], most: int, role: str
) -> None:
    steps, values = [step for step, _ in bars], [value for _, value in bars]
    times, folded = coarse(np.cumsum(steps) * SECOND_MS, {role: np.array(values)}, most)
    assert len(times) <= most
    expected = literally(steps, values, most, role)
    assert folded[role].tolist() == pytest.approx(expected, rel=1e-9, abs=1e-6, nan_ok=True)


def test_few_bars_stay_as_they_are() -> None:
    times, close = np.array([0, 1]), np.array([1.0, 2.0])
    found, folded = coarse(times, {"close": close}, 2)
    assert found is times
    assert folded["close"] is close


def test_none_cannot_stand_for_all() -> None:
    with pytest.raises(ValueError, match="most must be positive, was 0"):
        coarse(np.array([0]), {}, 0)
