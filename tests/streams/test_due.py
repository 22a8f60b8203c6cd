"""streams.due: bursts of changes are one thing to do."""

from __future__ import annotations

from streams.due import Due


def due(*noted_s: float) -> Due[str]:
    found = Due[str](quiet_s=1.0, longest_s=3.0)
    for now_s in noted_s:
        found.note(["a"], now_s)
    return found


def test_it_is_due_once_it_has_been_quiet() -> None:
    burst = due(0.0, 0.5)
    assert burst.take(1.4) == []
    assert burst.take(1.5) == ["a"]
    assert burst.take(9.0) == []


def test_a_burst_without_an_end_does_not_put_it_off_for_ever() -> None:
    burst = due(0.0, 0.9, 1.8, 2.7)
    assert burst.take(2.9) == []
    assert burst.take(3.0) == ["a"]


def test_it_says_how_long_to_wait() -> None:
    assert due().wait_s(0.0) == float("inf")
    assert due(0.0).wait_s(0.25) == 0.75
    assert due(0.0).wait_s(7.0) == 0.0


def test_things_are_due_each_by_itself_in_the_order_they_began() -> None:
    both = due(0.0)
    both.note(["b"], 0.5)
    assert both.take(1.0) == ["a"]
    assert both.noted() == ["b"]
    both.note(["a"], 0.6)
    assert both.take(5.0) == ["b", "a"]


def test_what_is_forgotten_is_not_due() -> None:
    burst = due(0.0)
    burst.clear()
    assert burst.take(9.0) == []
