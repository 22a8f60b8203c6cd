"""Batches: however they are cut, the same ticks, an unbroken chain, honest watermarks."""

from __future__ import annotations

import doctest
from collections import defaultdict
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oddlot.contracts.messages import Ticks
from producers import batches
from producers.batches import ALLOWANCE_MS, Batches, VenueClock
from producers.frames import Tick

START_MS = 1_750_000_000_000
COLUMNS = ("ids", "event_ms", "price", "quantity", "is_buyer_maker", "trades")


def tick(number: int, *, symbol: str = "BTCUSDT", event_ms: int = 0, delay_ms: int = 0) -> Tick:
    """Make a tick whose fields all follow from its number; times count from START_MS."""
    return Tick(
        symbol=symbol,
        id=number,
        event_ms=START_MS + event_ms,
        price=100.0 + number,
        quantity=1.0 + number % 7,
        is_buyer_maker=number % 2 == 0,
        trades=1 + number % 3,
        sent_ms=START_MS + event_ms + delay_ms,
    )


def add(buffer: Batches, *ticks: Tick, clock: VenueClock | None = None) -> None:
    clock = clock or VenueClock()
    for each in ticks:
        buffer.add(each, clock, arrival_ms=each.sent_ms)


def live(cut_trades: int = 500) -> Batches:
    return Batches("live", cut_trades=cut_trades)


def joined(cut: list[Ticks], symbol: str) -> dict[str, list[Any]]:
    mine = [batch for batch in cut if batch.symbol == symbol]
    return {name: [v for b in mine for v in getattr(b, name).tolist()] for name in COLUMNS}


# A stream: symbol, step of the id (0 and -1 repeat or go back), step of the time, delay, and what
# is cut after it.
streams = st.lists(
    st.tuples(
        st.sampled_from(["BTCUSDT", "ETHUSDT", "DOTUSDT"]),
        st.sampled_from([1, 1, 1, 1, 2, 0, -1]),
        st.integers(0, 700),
        st.integers(0, ALLOWANCE_MS),
        st.sampled_from(["nothing", "opened", "all"]),
    ),
    max_size=120,
)


def played(stream: list[tuple[str, int, int, int, str]], cut_trades: int) -> list[Ticks]:
    """Feed a stream to a buffer and give everything it was cut into."""
    buffer, clock, cut = live(cut_trades), VenueClock(), []
    ids: dict[str, int] = defaultdict(lambda: 1_000)
    event_ms = 0
    for symbol, id_step, ms, delay_ms, cutting in stream:
        event_ms += ms
        ids[symbol] += id_step
        each = tick(ids[symbol], symbol=symbol, event_ms=event_ms, delay_ms=delay_ms)
        buffer.add(each, clock, arrival_ms=each.sent_ms)
        if cutting != "nothing":
            cut += buffer.cut() if cutting == "all" else buffer.cut_opened()
    cut += buffer.cut()
    assert buffer.size == 0
    return cut


@given(streams, st.integers(1, 9))
def test_however_it_is_cut_the_ticks_are_the_same(stream: Any, cut_trades: int) -> None:
    cut = played(stream, cut_trades)
    whole = played([(*rest, "nothing") for *rest, _ in stream], 1_000_000)
    for symbol in ("BTCUSDT", "ETHUSDT", "DOTUSDT"):
        assert joined(cut, symbol) == joined(whole, symbol)
        assert (np.diff(joined(whole, symbol)["ids"]) > 0).all()


@given(streams, st.integers(1, 9))
def test_each_batch_says_which_id_was_published_before_it(stream: Any, cut_trades: int) -> None:
    last_id: dict[str, int] = {}
    for batch in played(stream, cut_trades):
        assert batch.after_id == last_id.get(batch.symbol)
        assert len(batch) <= cut_trades
        if len(batch):
            last_id[batch.symbol] = int(batch.ids[-1])


@given(streams, st.integers(1, 9))
def test_no_trade_comes_after_a_watermark_that_has_passed_it(stream: Any, cut_trades: int) -> None:
    watermark_ms: dict[str, int] = defaultdict(int)
    for batch in played(stream, cut_trades):
        assert (batch.event_ms >= watermark_ms[batch.symbol]).all()
        assert batch.watermark_ms >= watermark_ms[batch.symbol]
        watermark_ms[batch.symbol] = batch.watermark_ms


@given(streams)
def test_an_empty_batch_tells_of_a_whole_second_that_was_not_told_before(stream: Any) -> None:
    told_ms: dict[str, int] = defaultdict(int)
    for batch in played(stream, 500):
        if not len(batch):
            assert batch.watermark_ms % 1_000 == 0
            assert batch.watermark_ms > told_ms[batch.symbol]
        told_ms[batch.symbol] = batch.watermark_ms


def test_a_quiet_symbol_gets_a_watermark_once_the_venues_clock_has_passed_a_second() -> None:
    buffer, clock = live(), VenueClock()
    add(buffer, tick(1, symbol="DOTUSDT", event_ms=1), tick(1, event_ms=2), clock=clock)
    buffer.cut()
    add(buffer, tick(2, event_ms=1_000 + ALLOWANCE_MS - 1), clock=clock)
    assert [batch.symbol for batch in buffer.cut()] == ["BTCUSDT"]
    add(buffer, tick(3, event_ms=1_000 + ALLOWANCE_MS), clock=clock)
    (quiet,) = [batch for batch in buffer.cut() if batch.symbol == "DOTUSDT"]
    assert (len(quiet), quiet.watermark_ms, quiet.after_id) == (0, START_MS + 1_000, 1)
    add(buffer, tick(4, event_ms=1_999 + ALLOWANCE_MS), clock=clock)
    assert [batch.symbol for batch in buffer.cut()] == ["BTCUSDT"], "once a second is enough"


def test_a_symbol_of_a_lost_connection_gets_no_watermark_until_it_speaks_again() -> None:
    buffer, old, new = live(), VenueClock(), VenueClock()
    add(buffer, tick(1, symbol="DOTUSDT"), tick(1), clock=old)
    buffer.cut()
    add(buffer, tick(2, event_ms=60_000), clock=new)
    assert [batch.symbol for batch in buffer.cut()] == ["BTCUSDT"]
    add(buffer, tick(2, symbol="DOTUSDT", event_ms=61_000), clock=new)
    buffer.cut()
    add(buffer, tick(3, event_ms=70_000), clock=new)
    assert {batch.symbol for batch in buffer.cut()} == {"BTCUSDT", "DOTUSDT"}


def test_an_id_that_was_taken_already_is_counted_and_left_out() -> None:
    buffer = live()
    add(buffer, tick(1), tick(2), tick(2), tick(1), tick(3))
    assert buffer.duplicates == 2
    assert joined(buffer.cut(), "BTCUSDT")["ids"] == [1, 2, 3]


def test_a_full_batch_is_ripe_until_it_is_cut() -> None:
    buffer = live(cut_trades=3)
    add(buffer, tick(1), tick(2))
    assert not buffer.is_ripe
    add(buffer, tick(3))
    assert buffer.is_ripe
    buffer.cut()
    assert (buffer.is_ripe, buffer.size) == (False, 0)


def test_a_symbol_that_enters_a_new_second_can_be_cut_alone() -> None:
    buffer = live()
    add(buffer, tick(1), tick(1, symbol="ETHUSDT"), tick(2, event_ms=999))
    assert buffer.opened == set()
    add(buffer, tick(3, event_ms=1_000))
    assert buffer.opened == {"BTCUSDT"}
    assert [(b.symbol, b.ids.tolist()) for b in buffer.cut_opened()] == [("BTCUSDT", [1, 2, 3])]
    assert (buffer.size, buffer.opened) == (1, set())
    add(buffer, tick(4, event_ms=1_500))
    assert buffer.opened == set()


def test_symbols_are_active_for_a_second_after_a_trade() -> None:
    buffer = live()
    add(buffer, tick(1), tick(1, symbol="ETHUSDT", event_ms=900))
    assert buffer.active(START_MS + 950) == 2
    assert buffer.active(START_MS + 1_000) == 1
    assert buffer.active(START_MS + 1_900) == 0


def test_a_watermark_on_demand_goes_to_every_symbol_that_is_behind() -> None:
    buffer = live()
    add(buffer, tick(1, event_ms=500), tick(1, symbol="ETHUSDT", event_ms=700))
    buffer.cut()
    told = buffer.watermarks(START_MS + 700)
    assert [(batch.symbol, batch.watermark_ms) for batch in told] == [("BTCUSDT", START_MS + 700)]


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(batches).failed == 0
