"""oddlot.quant.coverage: stretches in any order are the same union."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from oddlot.quant.coverage import Span, add_span, overlap_ms

stretches = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda s: (s[0], s[0] + s[1])),
    max_size=20,
)


def union(spans: list[Span]) -> list[Span]:
    found: list[Span] = []
    for from_ms, to_ms in spans:
        found = add_span(found, from_ms, to_ms)
    return found


@given(stretches)
def test_a_union_holds_what_its_stretches_hold(spans: list[Span]) -> None:
    found = union(spans)
    inside = {ms for span in spans for ms in range(*span)}
    assert {ms for span in found for ms in range(*span)} == inside
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))


@given(stretches, st.randoms(use_true_random=False))
def test_order_and_repetition_never_matter(spans: list[Span], random) -> None:
    again = [*spans, *spans[:5]]
    random.shuffle(again)
    assert union(again) == union(spans)


@given(stretches, st.integers(0, 70), st.integers(0, 20))
def test_an_overlap_is_counted_once(spans: list[Span], since: int, length: int) -> None:
    inside = {ms for span in spans for ms in range(*span)}
    wanted = len(inside & {*range(since, since + length)})
    assert overlap_ms(union(spans), since, since + length) == wanted
