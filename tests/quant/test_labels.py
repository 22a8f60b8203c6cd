"""Labels say in plain English which way a member differed from its group."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oddlot.quant.labels import label_of

SIGMA = 0.01
RETURNS = st.floats(-0.5, 0.5)
AHEAD = {
    "Broke out alone",
    "Outran group rally",
    "Rose while group fell",
    "Held up while group fell",
}


@pytest.mark.parametrize(
    ("own", "others", "label"),
    [
        (-0.001, -0.05, "Held up while group fell"),
        (0.02, -0.05, "Rose while group fell"),
        (-0.15, -0.05, "Fell harder than group"),
        (0.001, 0.05, "Lagged group rally"),
        (-0.02, 0.05, "Fell while group rallied"),
        (0.15, 0.05, "Outran group rally"),
        (0.06, 0.002, "Broke out alone"),
        (-0.06, 0.002, "Sold off alone"),
    ],
)
def test_a_label_says_what_happened(own: float, others: float, label: str) -> None:
    assert label_of(own, others, SIGMA) == label


@given(RETURNS, RETURNS, st.floats(0, 0.1))
def test_a_label_is_on_the_side_of_the_score(own: float, others: float, sigma: float) -> None:
    assume(own != others)
    assert (label_of(own, others, sigma) in AHEAD) == (own > others)


@given(RETURNS, RETURNS)
def test_scale_does_not_matter(own: float, others: float) -> None:
    assert label_of(own, others, SIGMA) == label_of(own * 4, others * 4, SIGMA * 4)
