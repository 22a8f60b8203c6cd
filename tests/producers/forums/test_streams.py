"""Streams take turns: symbols in use first, nobody is forgotten."""

from __future__ import annotations

from collections import Counter

import pytest

from producers.forums.streams import Stream, next_of


def streams(*symbols: str) -> list[Stream]:
    return [Stream(tag=symbol, symbol=symbol) for symbol in symbols]


def turns(found: list[Stream], in_use: frozenset[str], count: int) -> list[str]:
    chosen = []
    for turn in range(count):
        stream = next_of(found, in_use, turn=turn, at_ms=turn)
        assert stream is not None
        stream.visited_ms = turn + 1
        chosen.append(stream.symbol)
    return chosen


def test_symbols_in_use_take_three_turns_of_four() -> None:
    chosen = turns(streams("A", "B", "C", "X", "Y"), frozenset("ABC"), 16)
    assert chosen == [*"ABCX", *"ABCY", *"ABCX", *"ABCY"]


@pytest.mark.parametrize("in_use", [frozenset(), frozenset("ABCDE")], ids=["none", "all"])
def test_everybody_has_the_same_turns_where_nobody_comes_first(in_use: frozenset[str]) -> None:
    assert set(Counter(turns(streams(*"ABCDE"), in_use, 20)).values()) == {4}


def test_a_symbol_without_a_stream_is_left_out_for_a_while() -> None:
    found = streams("A", "B")
    found[0].skip_until_ms = 10
    chosen = next_of(found, frozenset("A"), turn=0, at_ms=5)
    assert chosen is not None
    assert chosen.symbol == "B"
    back = next_of(found, frozenset("A"), turn=0, at_ms=10)
    assert back is not None
    assert back.symbol == "A"
    assert next_of([], frozenset(), turn=0, at_ms=0) is None
