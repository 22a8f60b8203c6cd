"""streams.alerts: every crossing is said once, whoever restarts and whatever is watched."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from oddlot.contracts import topics
from oddlot.contracts.cloudevents import headers_of
from oddlot.contracts.messages import Alert, Pair, Spread
from streams.alerts import Watches, compare
from tests.quant.test_alerts import PAIR, row, zs
from tests.streams.workers import FakeEvent, FakeWatched, FakeWorker

CROSSING = zs(0.1, 2.5, 1.0, 0.2, -2.2, 0.0, 2.4)
SAID = [
    (2_000, "entered"),
    (4_000, "left"),
    (5_000, "entered"),
    (6_000, "left"),
    (7_000, "entered"),
]


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def watched() -> FakeWatched:
    return FakeWatched(PAIR)


def watches_of(worker: FakeWorker) -> Watches:
    async def heard(since_ms: int) -> list[Alert]:
        said = worker.publisher.published
        return [a for t, a, at_ms in said if t is topics.ALERTS and at_ms >= since_ms]  # type: ignore[misc]

    return Watches(worker, heard)


def events_of(rows: list[Spread]) -> list[FakeEvent]:
    return [FakeEvent(topics.SPREADS, spread) for spread in rows]


def said(worker: FakeWorker) -> list[tuple[int, str]]:
    return [(alert.event_ms, alert.crossing) for alert in worker.publisher.on(topics.ALERTS)]


async def run(
    worker: FakeWorker, watched: FakeWatched, rows: list[Spread], size: int = 100, save: bool = True
) -> None:
    """Run as a worker that starts, deals with rows, and ends without a word."""
    watches = watches_of(worker)
    events = events_of(rows)
    for first in range(0, len(events), size):
        await compare(worker, watches, watched, events[first : first + size])
    if save:
        await watches.saves.save()
        assert [event.acknowledged for event in events] == [1] * len(events)


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_each_crossing_is_said_once_however_rows_come(worker, watched, size):
    await run(worker, watched, CROSSING, size=size)
    assert said(worker) == SAID


@pytest.mark.parametrize("saved", range(len(CROSSING) + 1))
@pytest.mark.parametrize("killed", range(len(CROSSING) + 1))
async def test_a_worker_killed_anywhere_repeats_nothing(worker, watched, saved, killed):
    await run(worker, watched, CROSSING[:saved])
    await run(worker, watched, CROSSING[saved : max(saved, killed)], save=False)
    await run(worker, watched, CROSSING[saved:])
    assert said(worker) == SAID


async def test_what_was_said_holds_even_if_the_thresholds_have_moved_since(worker, watched):
    await run(worker, watched, CROSSING[:2], save=False)
    watched.watch(Pair(y=PAIR.y, x=PAIR.x, enter_z=3.0, cooldown_bars=0))
    await run(worker, watched, CROSSING[:4])
    assert said(worker) == SAID[:2]


async def test_the_state_survives_json(worker, watched):
    await run(worker, watched, CROSSING[:2])
    table = worker.tables["watches"]
    table.data = json.loads(json.dumps(table.data))
    await run(worker, watched, CROSSING[2:])
    assert said(worker) == SAID


async def test_rows_without_a_crossing_write_no_state(worker, watched):
    await run(worker, watched, zs(0.1, 1.9, 0.3))
    assert worker.written == []


async def test_the_end_of_what_is_saved_is_written_last(worker, watched):
    await run(worker, watched, CROSSING)
    assert [entry.key for entry in worker.written] == ["BTCUSDT~ETHUSDT|1s", "said-until"]


async def test_a_pair_added_a_moment_ago_is_asked_for_before_its_row_is_judged(worker):
    watched = FakeWatched(coming=[PAIR])
    await run(worker, watched, CROSSING[:2])
    assert said(worker) == SAID[:1]


async def test_rows_of_a_pair_or_interval_that_is_not_watched_say_nothing(worker, watched):
    watched.watch(Pair(y=PAIR.y, x=PAIR.x, intervals=("1m",)))
    await run(worker, watched, CROSSING)
    watched.watch()
    await run(worker, watched, CROSSING)
    assert said(worker) == []


async def test_a_pair_removed_leaves_no_state_and_starts_afresh_when_it_comes_back(worker, watched):
    watches = watches_of(worker)
    await compare(worker, watches, watched, events_of(CROSSING[:2]))
    watched.watch()
    await compare(worker, watches, watched, events_of(CROSSING[2:3]))
    await watches.saves.save()
    assert list(worker.tables["watches"].data) == ["said-until"]
    watched.watch(PAIR)
    await compare(worker, watches, watched, events_of([row(9, 2.5)]))
    assert said(worker) == [SAID[0], (9_000, "entered")]


async def test_a_bad_message_becomes_a_dead_letter_and_the_rest_goes_on(worker, watched):
    bad = FakeEvent(topics.SPREADS, b"{}")
    watches = watches_of(worker)
    await compare(worker, watches, watched, [bad, *events_of(CROSSING)])
    await watches.saves.save()
    (letter,) = worker.publisher.on(topics.DEAD_LETTERS)
    assert (letter.origin, letter.payload, bad.acknowledged) == ("streams.alerts", b"{}", 1)
    assert said(worker) == SAID


async def test_a_worker_that_has_lost_its_partitions_says_nothing(worker, watched):
    worker.consumer_generation_id = 2
    events = events_of(CROSSING)
    watches = watches_of(worker)
    await compare(worker, watches, watched, events)
    await watches.saves.save()
    assert (said(worker), worker.written) == ([], [])
    assert {event.acknowledged for event in events} == {0}


async def test_a_state_read_while_the_table_changed_is_read_again(worker, watched):
    tables: list[Mapping[str, object]] = []

    async def heard(since_ms: int) -> list[Alert]:
        tables.append(dict(worker.tables["watches"].data))
        if len(tables) == 1:
            worker.tables["watches"].data["BTCUSDT~ETHUSDT|1s"] = {"side": "low", "since_ms": 9}
            watches.forget()
        return []

    watches = Watches(worker, heard)
    current = await watches.get()
    assert len(tables) == 2
    assert current["BTCUSDT~ETHUSDT", "1s"].side == "low"


async def test_an_alert_said_again_would_carry_the_same_id(worker, watched):
    await run(worker, watched, CROSSING[:2])
    (alert,) = worker.publisher.on(topics.ALERTS)
    headers = dict(headers_of(topics.ALERTS, alert))
    assert headers["ce_id"] == b"BTCUSDT~ETHUSDT/1s/2000/entered"
