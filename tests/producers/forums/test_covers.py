"""What has been read: stretches merge, holes stay, as a set of milliseconds would have it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from producers.forums.covers import MAX_STRETCHES, Covers

STRETCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12)


@given(STRETCHES, st.integers(0, 40), st.integers(0, 40))
def test_stretches_are_what_a_set_of_times_is(
    stretches: list[tuple[int, int]], from_ms: int, to_ms: int
) -> None:
    covers, times = Covers(), set[int]()
    for start, end in stretches:
        new = set(range(start, end))
        assert covers.add(start, end) == bool(new - times)
        times |= new
    assert {at for start, end in covers.stretches for at in range(start, end)} == times
    assert all(a[1] < b[0] for a, b in zip(covers.stretches, covers.stretches[1:], strict=False))
    if from_ms < to_ms:
        assert covers.covers(from_ms, to_ms) == (set(range(from_ms, to_ms)) <= times)
    assert covers.end_ms == (max(times) + 1 if times else None)


def test_the_oldest_holes_are_forgotten() -> None:
    covers = Covers()
    for hole in range(MAX_STRETCHES + 10):
        covers.add(2 * hole, 2 * hole + 1)
    assert len(covers.stretches) == MAX_STRETCHES
    assert covers.stretches[0] == (20, 21)
