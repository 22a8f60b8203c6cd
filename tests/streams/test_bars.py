"""streams.bars: publish, then set the state, then acknowledge; and again changes nothing."""

from __future__ import annotations

import json

import pytest

from oddlot.contracts import topics
from oddlot.errors import LostMessage
from streams import bars
from tests.builders import ticks
from tests.streams.workers import FakeEvent, FakeWorker


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def foldings(worker: FakeWorker) -> bars.Foldings:
    return bars.Foldings(worker)


def event(**columns) -> FakeEvent:
    return FakeEvent(topics.TICKS, ticks(**columns))


async def test_a_bar_is_published_once_its_second_has_passed(worker, foldings):
    events = [event(ids=[1, 2], event_ms=[1_000, 1_400]), event(ids=[3], event_ms=[2_000])]
    await bars.build(worker, foldings, events)
    assert [e.acknowledged for e in events] == [0, 0]
    await foldings.saves.save()
    assert [(bar.open_ms, bar.trades) for bar in worker.publisher.on(topics.BARS)] == [(1_000, 2)]
    assert [arrival_ms for _, _, arrival_ms in worker.publisher.published] == [1_700_000_000_250]
    assert [e.acknowledged for e in events] == [1, 1]


async def test_symbols_in_one_run_of_events_do_not_mix(worker, foldings):
    await bars.build(
        worker,
        foldings,
        [
            event(ids=[1], event_ms=[1_000], symbol="BTCUSDT"),
            event(ids=[900], event_ms=[1_100], symbol="ETHUSDT"),
            event(ids=[2], event_ms=[2_000], symbol="BTCUSDT"),
        ],
    )
    assert [bar.symbol for bar in worker.publisher.on(topics.BARS)] == ["BTCUSDT"]
    assert foldings.get("ETHUSDT").last_id == 900


async def test_the_same_events_twice_change_neither_output_nor_state(worker, foldings):
    columns = {"ids": [1, 2, 3], "event_ms": [1_000, 1_400, 2_000]}
    await bars.build(worker, foldings, [event(**columns)])
    published, state = list(worker.publisher.published), foldings.get("BTCUSDT")
    await bars.build(worker, foldings, [event(**columns)])
    assert worker.publisher.published == published
    assert foldings.get("BTCUSDT") == state


async def test_a_restarted_worker_goes_on_from_the_table(worker, foldings):
    await bars.build(worker, foldings, [event(ids=[1, 2], event_ms=[1_000, 1_400])])
    await foldings.saves.save()
    again = bars.Foldings(worker)
    await bars.build(worker, again, [event(ids=[3], event_ms=[2_000], after_id=2)])
    (bar,) = worker.publisher.on(topics.BARS)
    assert (bar.trades, bar.first_id, bar.last_id) == (2, 1, 2)


async def test_a_bad_message_becomes_a_dead_letter_and_the_rest_goes_on(worker, foldings):
    bad = FakeEvent(topics.TICKS, b"not MessagePack")
    good = event(ids=[1, 2], event_ms=[1_000, 2_000])
    await bars.build(worker, foldings, [bad, good])
    await foldings.saves.save()
    (letter,) = worker.publisher.on(topics.DEAD_LETTERS)
    assert (letter.origin, letter.payload) == ("streams.bars", b"not MessagePack")
    assert len(worker.publisher.on(topics.BARS)) == 1
    assert (bad.acknowledged, good.acknowledged) == (1, 1)


async def test_a_missing_batch_stops_the_worker_before_anything_is_said(worker, foldings):
    await bars.build(worker, foldings, [event(ids=[1], event_ms=[1_000])])
    late = event(ids=[9], event_ms=[2_000], after_id=8)
    with pytest.raises(LostMessage):
        await bars.build(worker, foldings, [late])
    assert worker.publisher.published == []
    assert (late.acknowledged, foldings.get("BTCUSDT").last_id) == (0, 1)


async def test_a_worker_that_has_lost_its_partitions_leaves_state_and_offsets_alone(
    worker, foldings
):
    worker.consumer_generation_id = 2
    stale = event(ids=[1, 2], event_ms=[1_000, 2_000])
    await bars.build(worker, foldings, [stale])
    await foldings.saves.save()
    assert (worker.written, stale.acknowledged) == ([], 0)


async def test_the_state_survives_json_to_the_last_bit(worker, foldings):
    rising = [0.1 * n for n in range(1, 8)]
    await bars.build(
        worker,
        foldings,
        [event(ids=range(1, 8), event_ms=[1_000 + n for n in range(7)], quantity=rising)],
    )
    await foldings.saves.save()
    table = worker.tables["foldings"]
    before = foldings.get("BTCUSDT")
    table.data = json.loads(json.dumps(table.data))
    assert bars.Foldings(worker).get("BTCUSDT") == before


async def test_what_was_not_saved_when_the_group_moved_on_is_forgotten(worker, foldings):
    saved = event(ids=[1, 2], event_ms=[1_000, 1_400])
    await bars.build(worker, foldings, [saved])
    await foldings.saves.save()
    lost = event(ids=[3], event_ms=[1_500])
    await bars.build(worker, foldings, [lost])
    worker.consumer_generation_id = 2
    await foldings.saves.save()
    assert (foldings.get("BTCUSDT").last_id, lost.acknowledged) == (2, 0)


async def test_a_recovery_forgets_what_was_not_saved(worker, foldings):
    await bars.build(worker, foldings, [event(ids=[1], event_ms=[1_000])])
    (recovered,) = worker.tables["foldings"].recovered
    await recovered()
    assert foldings.get("BTCUSDT").last_id is None
