"""streams.spreads: rows of a pair, once each, whatever the order and whoever restarts."""

from __future__ import annotations

import numpy as np
import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import Bar, Interval, Lull, Spread
from oddlot.contracts.pairs import Pair
from oddlot.quant import pairs
from streams import spreads
from streams.desks import Desks
from streams.leg_state import KEPT, SLACK_BARS, Legs
from tests.streams.workers import FakeEvent, FakeWatched, FakeWorker

PAIR = Pair(y="BTCUSDT", x="ETHUSDT", window=20, intervals=("1s",))
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


def bar(symbol: str, second: int, close: float, interval: Interval = "1s") -> FakeEvent:
    message = Bar(
        symbol=symbol,
        interval=interval,
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


class Run:
    """One life of a worker: what it knows at its start is in the table alone."""

    def __init__(self, worker: FakeWorker, *pairs: Pair) -> None:
        self.worker, self.watched = worker, FakeWatched(*pairs)
        self.state = Legs(worker)
        self.desks = Desks(self.state)

    async def watch(self, *pairs: Pair) -> None:
        """Change what is watched, and wait until that has been taken in."""
        self.watched.watch(*pairs)
        self.desks.get(self.watched.pairs)
        await self.desks.ready()

    async def deal(self, events: list[FakeEvent], size: int = 1_000, save: bool = True) -> None:
        for first in range(0, len(events), size):
            part = events[first : first + size]
            await spreads.compute(self.worker, self.state, self.desks, self.watched, part)
            if save:
                await self.state.saves.save()


async def run(worker: FakeWorker, events: list[FakeEvent], size: int = 1_000) -> None:
    await Run(worker, PAIR).deal(events, size)


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
    await run(worker, market(1_500), size=100)
    kept = [key for key in worker.tables["legs"].data if key.startswith("BTCUSDT|1s|")]
    reach = pairs.reach_ms(KEPT, "1s") // 1_000
    assert reach <= len(kept) <= reach + SLACK_BARS + 50


async def test_a_wide_window_keeps_what_it_needs_of_both_legs(worker):
    wide = Pair(y="BTCUSDT", x="ETHUSDT", window=1_000, intervals=("1s",))
    await Run(worker, wide).deal(market(1_500), size=100)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        kept = [key for key in worker.tables["legs"].data if key.startswith(f"{symbol}|1s|")]
        assert len(kept) == 1_500


async def test_saving_before_anything_has_come_writes_nothing(worker):
    await Run(worker, PAIR).state.saves.save()
    assert worker.written == []


async def test_a_symbol_that_nobody_listed_is_kept_for_the_pair_to_come(worker):
    life = Run(worker)
    await life.deal(market(1_700), size=50)
    await life.watch(PAIR)
    await life.deal(market(1_701)[-2:])
    (row,) = worker.publisher.on(topics.SPREADS)
    assert (row.open_ms, row.warm) == (1_701_000, True)
    kept = [key for key in worker.tables["legs"].data if key.startswith("BTCUSDT|1s|")]
    assert len(kept) < 1_700


async def test_symbols_beyond_the_limit_leave_no_state(worker, monkeypatch):
    monkeypatch.setattr(spreads, "MAX_SYMBOLS", 1)
    await run(worker, [bar("BTCUSDT", 1, 5.0), bar("ELSEUSDT", 1, 5.0)])
    assert {key.partition("|")[0] for key in worker.tables["legs"].data} == {"BTCUSDT"}


ADDED = Pair(y="ETHUSDT", x="BTCUSDT", window=30, intervals=("1s",))


def rows_of(worker: FakeWorker, pair: Pair) -> list[Spread]:
    return [row for row in worker.publisher.on(topics.SPREADS) if row.pair == pair.id]


async def alone(pair: Pair, events: list[FakeEvent]) -> dict[int, Spread]:
    """Give what is said of a pair that was watched from the beginning, by second."""
    worker = FakeWorker()
    await Run(worker, pair).deal(events)
    return {row.open_ms // 1_000: row for row in rows_of(worker, pair)}


async def test_a_pair_added_is_warm_at_once_and_starts_with_the_next_row(worker):
    life, events = Run(worker, PAIR), market(60)
    await life.deal(events[:100])
    await life.watch(PAIR, ADDED)
    await life.deal(events[100:])
    wanted = await alone(ADDED, events)
    assert rows_of(worker, ADDED) == [wanted[second] for second in range(51, 61)]
    assert all(row.warm for row in rows_of(worker, ADDED))
    assert [row.open_ms for row in rows_of(worker, PAIR)] == [s * 1_000 for s in range(1, 61)]


async def test_the_old_pairs_go_on_while_a_new_one_is_taken_in(worker):
    life, events = Run(worker, PAIR), market(200)
    await life.deal(events[:100])
    life.watched.watch(PAIR, ADDED)
    for event in events[100:]:  # whenever the desk is ready, it is another second
        await life.deal([event])
    await life.desks.ready()
    await life.deal([bar(symbol, 201, 100.0) for symbol in ("BTCUSDT", "ETHUSDT")])
    assert [row.open_ms for row in rows_of(worker, PAIR)] == [s * 1_000 for s in range(1, 202)]
    wanted, rows = await alone(ADDED, events), rows_of(worker, ADDED)
    first = rows[0].open_ms // 1_000
    assert rows[:-1] == [wanted[second] for second in range(first, 201)]
    assert rows[-1].open_ms == 201_000


async def test_a_pair_added_twice_in_a_moment_is_taken_in_as_it_was_said_last(worker):
    life, events = Run(worker, PAIR), market(60)
    await life.deal(events[:100])
    life.watched.watch(PAIR, ADDED)
    life.desks.get(life.watched.pairs)
    wider = Pair(y=ADDED.y, x=ADDED.x, window=40, intervals=("1s",))
    await life.watch(PAIR, wider)
    await life.watch(PAIR, wider)
    await life.deal(events[100:])
    wanted = await alone(wider, events)
    assert rows_of(worker, wider) == [wanted[second] for second in range(51, 61)]


async def test_a_pair_added_has_its_rows_after_a_kill_as_without(worker):
    events = market(60)
    life = Run(worker, PAIR, ADDED)
    await life.deal(events[:80])
    await life.deal(events[80:100], save=False)
    await Run(worker, PAIR, ADDED).deal(events[80:])
    wanted = await alone(ADDED, events)
    assert {row.open_ms // 1_000: row for row in rows_of(worker, ADDED)} == wanted


async def test_a_pair_changed_goes_on_from_the_kept_closes(worker):
    life, events = Run(worker, PAIR), market(60)
    await life.deal(events[:100])
    wider = Pair(y="BTCUSDT", x="ETHUSDT", window=40, prices="log", intervals=("1s",))
    await life.watch(wider)
    await life.deal(events[100:])
    wanted = await alone(wider, events)
    assert rows_of(worker, PAIR)[50:] == [wanted[second] for second in range(51, 61)]


async def test_a_pair_removed_stops_and_its_legs_stay_for_the_next_one(worker):
    life, events = Run(worker, PAIR), market(60)
    await life.deal(events[:60])
    await life.watch()
    await life.deal(events[60:100])
    assert len(rows_of(worker, PAIR)) == 30
    await life.watch(PAIR)
    await life.deal(events[100:])
    wanted = await alone(PAIR, events)
    assert rows_of(worker, PAIR)[30:] == [wanted[second] for second in range(51, 61)]


async def test_all_intervals_of_a_batch_are_published_in_one_call(worker):
    life = Run(worker, Pair(y="BTCUSDT", x="ETHUSDT", window=20), ADDED)
    posts: list[int] = []
    post = worker.publisher.post

    async def noted(topic, messages, *, arrival_ms):
        posts.append(len(messages))
        return await post(topic, messages, arrival_ms=arrival_ms)

    worker.publisher.post = noted
    minutes = [bar(symbol, 60, 100.0, interval="1m") for symbol in ("BTCUSDT", "ETHUSDT")]
    await life.deal([*market(3), *minutes])
    assert posts == [7]  # three seconds of two pairs, a minute of one


async def test_a_worker_that_has_lost_its_partitions_goes_back_to_what_is_saved(worker):
    events = market(60)
    life = Run(worker, PAIR)
    await life.deal(events[:60])
    before, written = len(rows_of(worker, PAIR)), len(worker.written)
    worker.consumer_generation_id = 2
    await life.deal(events[60:80])
    assert len(worker.written) == written
    assert {event.acknowledged for event in events[60:80]} == {0}
    for event in events[60:]:
        event.message.generation_id = 2
    await life.deal(events[60:])
    wanted = await alone(PAIR, events)
    said = rows_of(worker, PAIR)[before:]
    assert {row.open_ms // 1_000: row for row in said} == {s: wanted[s] for s in range(31, 61)}


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
