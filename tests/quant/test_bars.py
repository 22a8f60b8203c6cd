"""Bars: the fold agrees with the oracle, with a literal fold, and with itself however it is cut."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.contracts.messages import INTERVAL_MS, Bar, Ticks, names_of
from oddlot.errors import LostMessage
from oddlot.quant.bars import Folding, add_ticks
from oddlot.quant.rows import COLUMNS, SHORT_ROWS
from tests.builders import cut, ticks, trades_of_capture
from tests.oracles import assert_agrees, oracle

FAR_MS = 10**15


def fold(batches: list[Ticks], state: Folding | None = None) -> tuple[Folding, list[Bar]]:
    state = state or Folding(symbol="BTCUSDT")
    bars = []
    for batch in batches:
        folded = add_ticks(state, [batch])
        state, bars = folded.state, bars + folded.bars
    return state, bars


def _rows(step_ms: int, least: int, most: int) -> st.SearchStrategy:
    return st.lists(
        st.tuples(
            st.integers(0, step_ms),  # since the tick before
            st.decimals("0.01", "100000", places=2).map(float),
            st.decimals("0.001", "1000", places=3).map(float),
            st.booleans(),
            st.integers(1, 3) if step_ms > 10 else st.just(1),  # above 1 is a gap of the venue
        ),
        min_size=least,
        max_size=most,
    )


# Many bars of few ticks, and few bars of so many that they are folded in another way.
rows = _rows(90_000, 1, 60) | _rows(5, SHORT_ROWS + 1, 8 * SHORT_ROWS)


def as_ticks(drawn: list[tuple[int, float, float, bool, int]]) -> Ticks:
    steps, price, quantity, maker, id_steps = zip(*drawn, strict=True)
    return ticks(
        ids=1_000 + np.cumsum(id_steps),
        event_ms=1_700_000_000_000 + np.cumsum(steps),
        price=price,
        quantity=quantity,
        is_buyer_maker=maker,
    )


@given(rows, st.lists(st.integers(0, 60), max_size=12), st.booleans())
@settings(max_examples=200, deadline=None)
def test_bars_are_bit_identical_however_the_ticks_are_cut(drawn, cuts, merged):
    whole = as_ticks(drawn)
    state, bars = fold([whole])
    pieces = cut(whole, cuts)
    if merged:
        folded = add_ticks(Folding(symbol="BTCUSDT"), pieces)
        assert (folded.bars, folded.state) == (bars, state)
    else:
        cut_state, cut_bars = fold(pieces)
        assert cut_bars == bars
        assert cut_state.levels[0].open_bar == state.levels[0].open_bar


@given(rows, st.data())
@settings(max_examples=100, deadline=None)
def test_watermarks_between_batches_close_the_same_bars_merged_or_one_by_one(drawn, data):
    whole = as_ticks(drawn)
    pieces = []
    for piece in cut(whole, data.draw(st.lists(st.integers(0, 60), max_size=6))):
        pieces.append(piece)
        ahead_ms = data.draw(st.integers(0, 120_000))
        mark = ticks(ids=[], event_ms=[], watermark_ms=piece.watermark_ms + ahead_ms)
        pieces.append(mark)
    folded = add_ticks(Folding(symbol="BTCUSDT"), pieces)
    state, bars = fold(pieces)
    assert folded.bars == bars
    assert folded.state == replace(state, levels=folded.state.levels)
    assert [level.open_bar for level in folded.state.levels] == [
        level.open_bar for level in state.levels
    ]


@given(rows)
@settings(max_examples=100, deadline=None)
def test_every_bar_agrees_with_a_literal_fold_in_exact_arithmetic(drawn):
    whole = as_ticks(drawn)
    _, bars = fold([whole, ticks(ids=[], event_ms=[], watermark_ms=FAR_MS)])
    for interval, length_ms in INTERVAL_MS.items():
        open_ms = whole.event_ms // length_ms * length_ms
        expected = sorted(set(open_ms.tolist()))
        found = [bar for bar in bars if bar.interval == interval]
        assert [bar.open_ms for bar in found] == expected
        for bar in found:
            inside = np.flatnonzero(open_ms == bar.open_ms)
            price, quantity = whole.price[inside].tolist(), whole.quantity[inside].tolist()
            assert (bar.open, bar.high, bar.low, bar.close) == (
                price[0],
                max(price),
                min(price),
                price[-1],
            )
            assert bar.trades == len(inside)
            assert (bar.first_id, bar.last_id) == tuple(whole.ids[inside[[0, -1]]].tolist())
            assert bar.volume == pytest.approx(float(sum(map(Fraction, quantity))), rel=1e-12)


def test_a_batch_seen_twice_changes_nothing():
    batch = ticks(ids=[1, 2, 3], event_ms=[1_000, 1_500, 2_200])
    state, _ = fold([batch])
    again = add_ticks(state, [batch, batch])
    assert (again.state, again.bars, again.duplicates) == (state, [], 6)


def test_an_overlap_counts_only_what_is_new():
    first = ticks(ids=[1, 2, 3], event_ms=[1_000, 1_100, 1_200])
    second = ticks(ids=[2, 3, 4, 5], event_ms=[1_100, 1_200, 1_300, 2_000])
    _, bars = fold([first, second])
    assert [(bar.trades, bar.first_id, bar.last_id) for bar in bars] == [(4, 1, 4)]


@pytest.mark.parametrize("count", [4, SHORT_ROWS + 1])
def test_ticks_from_before_a_watermark_are_late_told_with_it_or_after_it(count):
    state, _ = fold([ticks(ids=[1, 2, 3], event_ms=[1_000, 1_500, 1_600])])
    mark = ticks(ids=[], event_ms=[], watermark_ms=2_000)
    behind = ticks(ids=range(4, 4 + count), event_ms=[1_700] * count)
    merged = add_ticks(state, [mark, behind])
    apart, bars = fold([mark, behind], state)
    assert (merged.late, merged.bars, merged.state) == (count, bars, apart)
    assert [(bar.open_ms, bar.trades) for bar in bars] == [(1_000, 3)]


def test_a_missing_batch_is_an_error_and_a_jump_of_the_venue_is_not():
    first = ticks(ids=[1, 2], event_ms=[1_000, 1_100])
    state, _ = fold([first])
    with pytest.raises(LostMessage, match="after id 2, found one after 5"):
        add_ticks(state, [ticks(ids=[6], event_ms=[1_300], after_id=5)])
    assert add_ticks(state, [ticks(ids=[6], event_ms=[1_300], after_id=2)]).state.last_id == 6


def test_a_jump_marks_the_bars_on_both_of_its_sides_incomplete():
    state, _ = fold([ticks(ids=[1, 2], event_ms=[60_000, 61_000])])
    later = ticks(ids=[3, 9, 10], event_ms=[62_000, 63_000, 64_000], after_id=2)
    _, bars = fold([later, ticks(ids=[11], event_ms=[65_500])], state)
    assert [(bar.open_ms, bar.complete) for bar in bars] == [
        (61_000, True),
        (62_000, False),
        (63_000, False),
        (64_000, True),
    ]


def test_a_jump_into_an_open_bar_from_an_earlier_batch_marks_that_bar():
    state, _ = fold([ticks(ids=[1, 2], event_ms=[60_000, 61_000])])
    _, bars = fold([ticks(ids=[7], event_ms=[62_000])], state)
    assert [(bar.open_ms, bar.complete) for bar in bars] == [(61_000, False)]


def test_the_first_bar_ever_is_incomplete_because_its_beginning_was_not_seen():
    _, bars = fold([ticks(ids=[1, 2, 3], event_ms=[1_000, 2_000, 3_000])])
    assert [bar.complete for bar in bars] == [False, True]


def test_a_late_tick_counts_in_the_second_that_is_open_and_is_told():
    folded = add_ticks(
        Folding(symbol="BTCUSDT"), [ticks(ids=[1, 2, 3], event_ms=[1_000, 2_000, 1_900])]
    )
    assert folded.late == 1
    assert folded.state.levels[0].open_bar.trades == 2


def test_a_watermark_closes_a_quiet_symbol_and_then_tells_of_the_lull():
    state, bars = fold([ticks(ids=[1], event_ms=[1_000])])
    assert bars == []
    folded = add_ticks(state, [ticks(ids=[], event_ms=[], watermark_ms=4_500)])
    assert [bar.open_ms for bar in folded.bars] == [1_000]
    assert [(lull.interval, lull.after_open_ms, lull.until_ms) for lull in folded.lulls] == [
        ("1s", 1_000, 4_000)
    ]
    again = add_ticks(folded.state, [ticks(ids=[], event_ms=[], watermark_ms=4_900)])
    assert (again.bars, again.lulls) == ([], [])


@pytest.mark.real_data
@pytest.mark.parametrize("symbol", ["btcusdt", "ethusdt"])
@pytest.mark.parametrize("size", [7, 500, 100_000])
def test_a_recorded_capture_gives_the_bars_of_the_oracle(real_data: Path, symbol: str, size: int):
    whole = trades_of_capture(real_data / f"binance/usdm_{symbol}_20240808.gz")
    pieces = cut(whole, range(0, len(whole), size))
    _, bars = fold([*pieces, ticks(ids=[], event_ms=[], watermark_ms=FAR_MS)])
    for interval in INTERVAL_MS:
        found = [bar for bar in bars if bar.interval == interval]
        expected = oracle(real_data / f"oracles/bars/{symbol}_20240808_{interval}.csv.gz")
        assert len(found) == len(expected)
        for bar, row in zip(found, expected, strict=True):
            assert_agrees(bar, row)


def test_a_bar_has_the_columns_of_rows_in_their_order():
    """Else a fold would put one figure in the place of another."""
    assert names_of(Bar) == ("symbol", "interval", *COLUMNS, "revision")
