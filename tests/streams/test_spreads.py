"""streams.spreads: rows of a pair, once each, whatever the order and whoever restarts."""

from __future__ import annotations

import numpy as np
import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import Bar, Lull
from oddlot.contracts.pairs import Pair
from streams import spreads
from streams.leg_state import Legs
from tests.streams.workers import FakeEvent, FakeWorker

PAIR = Pair(y="BTCUSDT", x="ETHUSDT", window=20, intervals=("1s",))


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


def bar(symbol: str, second: int, close: float) -> FakeEvent:
    message = Bar(
        symbol=symbol,
        interval="1s",
        open_ms=second * 1_000,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=1.0,
        quote_volume=close,
        taker_buy_volume=0.0,
        trades=1,
        first_id=second,
        last_id=second,
        complete=True,
    )
    return FakeEvent(topics.BARS, message)


def lull(symbol: str, after: int, until: int) -> FakeEvent:
    message = Lull(
        symbol=symbol, interval="1s", after_open_ms=after * 1_000, until_ms=until * 1_000
    )
    return FakeEvent(topics.LULLS, message)


def market(seconds: int) -> list[FakeEvent]:
    rng = np.random.default_rng(7)
    x = 100 + rng.normal(size=seconds).cumsum()
    y = 3 * x + rng.normal(size=seconds)
    return [
        event
        for second in range(seconds)
        for event in (
            bar("BTCUSDT", second + 1, float(y[second])),
            bar("ETHUSDT", second + 1, float(x[second])),
        )
    ]


async def run(worker: FakeWorker, events: list[FakeEvent], size: int = 1_000) -> None:
    state = Legs(worker, [PAIR])
    for first in range(0, len(events), size):
        await spreads.compute(worker, state, [PAIR], events[first : first + size])
        await state.saves.save()


async def test_a_row_comes_with_the_second_leg(worker):
    await run(worker, market(30), size=1)
    rows = worker.publisher.on(topics.SPREADS)
    assert [row.open_ms for row in rows] == [second * 1_000 for second in range(1, 31)]
    assert [row.warm for row in rows] == [n >= 20 for n in range(1, 31)]
    assert rows[-1].hedge_ratio == pytest.approx(3, rel=0.2)


@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_a_restart_at_any_place_gives_the_same_rows(worker, size):
    events = market(80)
    await run(worker, events)
    expected = worker.publisher.on(topics.SPREADS)

    other = FakeWorker()
    for first in range(0, len(events), 33):  # each run starts from the table alone
        await run(other, events[first : first + 33], size=size)
    assert other.publisher.on(topics.SPREADS) == expected


async def test_bars_read_again_after_a_crash_give_no_second_row(worker):
    events = market(40)
    await run(worker, events)
    before = len(worker.publisher.on(topics.SPREADS))
    await run(worker, events[-30:])
    assert len(worker.publisher.on(topics.SPREADS)) == before


async def test_a_crash_between_a_close_and_its_clock_loses_no_row(worker):
    events = market(40)
    await run(worker, events, size=1)
    expected = worker.publisher.on(topics.SPREADS)

    for lost in (1, 2):  # the last entries never reached the changelog
        other = FakeWorker()
        await run(other, events[:50], size=1)
        table = other.tables["legs"]
        for entry in other.written[-lost:]:
            table.data.pop(entry.key, None)
            earlier = [e for e in other.written[:-lost] if e.key == entry.key]
            if earlier and earlier[-1].value is not None:
                table.data[entry.key] = earlier[-1].value
        await run(other, events[49:], size=1)
        rows = {row.open_ms: row for row in other.publisher.on(topics.SPREADS)}
        assert rows == {row.open_ms: row for row in expected}


async def test_a_quiet_leg_is_carried_on_and_then_goes_stale(worker):
    events = market(20)
    events += [bar("BTCUSDT", second, 300.0) for second in range(21, 70)]
    events += [lull("ETHUSDT", 20, 70)]
    await run(worker, events, size=5)
    rows = worker.publisher.on(topics.SPREADS)
    assert [row.open_ms for row in rows if row.stale] == [s * 1_000 for s in range(51, 70)]
    assert all(row.z is None for row in rows if row.stale)


async def test_what_no_row_can_need_is_forgotten(worker):
    await run(worker, market(200), size=10)
    kept = [key for key in worker.tables["legs"].data if key.startswith("BTCUSDT|1s|")]
    assert 40 <= len(kept) <= 72


async def test_saving_before_anything_has_come_writes_nothing(worker):
    state = Legs(worker, [PAIR])
    await state.saves.save()
    assert worker.written == []


async def test_symbols_and_intervals_in_no_pair_leave_no_state(worker):
    await run(worker, [bar("SOLUSDT", 1, 5.0)])
    assert worker.tables["legs"].data == {}


async def test_a_signal_carries_cloudevents_headers_with_one_id_a_row():
    from oddlot.contracts.cloudevents import headers_of

    worker = FakeWorker()
    await run(worker, market(3))
    row = worker.publisher.on(topics.SPREADS)[-1]
    headers = dict(headers_of(topics.SPREADS, row))
    assert headers["ce_id"] == b"BTCUSDT~ETHUSDT/1s/3000"
    assert headers["ce_type"] == b"signals.spreads.v1"
    assert headers["ce_time"] == b"1970-01-01T00:00:03.000Z"
    assert headers_of(topics.BARS, topics.BARS.codec.decode(market(1)[0].value)) == []
