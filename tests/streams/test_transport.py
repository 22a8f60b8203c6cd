"""The consumer hands on every record, in order, while positions are moved under it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import pytest
from faust.types import TP

from oddlot.contracts import topics
from oddlot.settings import load
from streams.transport import Consumer, Fetched, Move
from streams.worker import make_worker

SPREADS = TP(topics.SPREADS.name, 0)
CHANGES = TP("oddlot-streams-legs-changelog", 0)


class Record(NamedTuple):
    """As aiokafka gives it; what is left out is the same for all."""

    offset: int
    topic: str = SPREADS.topic
    partition: int = 0
    timestamp: int = 1_000
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()
    key: bytes = b""
    value: bytes = b""
    checksum: int | None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0


class Assigned:
    """An assignment, as aiokafka knows it."""

    active = True


class FakeThread:
    """Holds partitions; a fetch takes records off, and is answered when it may be."""

    def __init__(self, offsets: range) -> None:
        self.offsets = {SPREADS: list(offsets), CHANGES: list(offsets)}
        self.position = {SPREADS: offsets.start, CHANGES: offsets.start}
        self.committed: int | None = None
        self.assignment = Assigned()
        self.moves: dict[TP, Move] = {}
        self.answering = asyncio.Event()
        self.answering.set()

    async def getmany(self, active: set[TP], timeout: float) -> Fetched:
        records: dict[TP, list[Record]] = {}
        for tp in active:
            if left := [Record(at, tp.topic) for at in self.offsets[tp] if at >= self.position[tp]]:
                records[tp] = left[:4]
                self.position[tp] = left[:4][-1].offset + 1
        fetched = Fetched(records, self.moves)
        await self.answering.wait()
        return fetched

    def is_last(self, tp: TP, move: Move) -> bool:
        return self.moves.get(tp) is move and move.assignment.active

    def move(self, tp: TP, offset: int) -> None:
        self.position[tp] = offset
        self.moves[tp] = Move(self.assignment, offset)

    def assign_anew(self) -> None:
        self.assignment.active = False
        self.assignment = Assigned()
        self.position = {tp: at[0] for tp, at in self.offsets.items()}

    async def seek_to_committed(self) -> Mapping[TP, int | None]:
        self.move(SPREADS, self.offsets[SPREADS][0] if self.committed is None else self.committed)
        return {SPREADS: self.committed, CHANGES: None}

    def highwater(self, tp: TP) -> int:
        return self.offsets[tp][-1] + 1


@pytest.fixture
def thread() -> FakeThread:
    return FakeThread(range(20))


@pytest.fixture
async def consumer(thread: FakeThread) -> Consumer:
    app = make_worker(load())

    async def unused(_: Any) -> None:
        raise AssertionError("nobody listens")

    class OnFake(Consumer):
        def _new_consumer_thread(self) -> Any:
            return thread

        def add_dependency(self, service: Any) -> Any:
            return service

    made = OnFake(
        app.transport,
        callback=unused,
        on_partitions_revoked=unused,
        on_partitions_assigned=unused,
    )
    app.topics.acks_enabled_for = lambda topic: topic == SPREADS.topic  # type: ignore[method-assign]
    made.resume_flow()
    made._active_partitions = {SPREADS}
    await made.perform_seek()
    return made


async def handed_on(consumer: Consumer) -> list[int]:
    return [message.offset async for _, message in consumer.getmany(timeout=0.0)]


@contextlib.asynccontextmanager
async def fetching(
    consumer: Consumer, thread: FakeThread
) -> AsyncIterator[asyncio.Task[list[int]]]:
    """Fetch, and be answered at the end of the block."""
    thread.answering.clear()
    late = asyncio.create_task(handed_on(consumer))
    await asyncio.sleep(0)  # it is on its way
    yield late
    thread.answering.set()


async def test_records_come_in_order(consumer):
    assert await handed_on(consumer) == [0, 1, 2, 3]
    assert await handed_on(consumer) == [4, 5, 6, 7]


async def test_what_was_fetched_before_a_move_is_dropped(consumer, thread):
    thread.committed = 2
    await handed_on(consumer)
    async with fetching(consumer, thread) as late:
        await consumer.perform_seek()
    assert await late == []
    assert await handed_on(consumer) == [2, 3, 4, 5]


async def test_a_move_ends_what_is_being_handed_on(consumer, thread):
    thread.committed = 1
    found = []
    async for _, message in consumer.getmany(timeout=0.0):
        found.append(message.offset)
        if message.offset == 2:
            await consumer.perform_seek()
    assert found == [0, 1, 2]
    assert await handed_on(consumer) == [1, 2, 3, 4]


async def test_what_was_read_before_a_move_is_read_again(consumer, thread):
    for _ in range(3):
        await handed_on(consumer)
    thread.committed = 5
    await consumer.perform_seek()
    assert await handed_on(consumer) == [5, 6, 7, 8]


async def test_without_a_commit_it_goes_back_to_the_first_record(consumer):
    await handed_on(consumer)
    await consumer.perform_seek()
    assert await handed_on(consumer) == [0, 1, 2, 3]


async def test_a_move_of_others_drops_nothing(consumer, thread):
    """As when streams go back to what is committed while a standby reads its changelog."""
    thread.move(CHANGES, 3)
    consumer._active_partitions = {CHANGES}
    async with fetching(consumer, thread) as late:
        await consumer.perform_seek()
    assert await late == [3, 4, 5, 6]


async def test_what_is_fetched_while_the_flow_is_stopped_is_handed_on_after_it(consumer, thread):
    """It is not read again: a table would wait for it in vain."""
    thread.move(CHANGES, 3)
    consumer._active_partitions = {CHANGES}
    async with fetching(consumer, thread) as late:
        consumer.stop_flow()
    await asyncio.sleep(0.01)
    assert not late.done()
    consumer.resume_flow()
    assert await late == [3, 4, 5, 6]


async def test_nothing_is_handed_on_while_the_flow_is_stopped(consumer):
    found: list[int] = []

    async def read() -> None:
        async for _, message in consumer.getmany(timeout=0.0):
            found.append(message.offset)
            if found == [0]:
                consumer.stop_flow()

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    assert found == [0]
    consumer.resume_flow()
    await reading
    assert found == [0, 1, 2, 3]


async def test_what_was_fetched_for_an_assignment_that_is_over_is_dropped(consumer, thread):
    async with fetching(consumer, thread) as late:
        thread.assign_anew()
    assert await late == []


async def test_an_assignment_hands_nothing_on_before_it_has_moved(consumer, thread):
    thread.assign_anew()
    assert await handed_on(consumer) == []
    await consumer.perform_seek()
    assert await handed_on(consumer) == [0, 1, 2, 3]


async def test_commits_pass_over_offsets_that_are_not_there(consumer, thread):
    thread.offsets[SPREADS] = [3, 4, 8, 9]
    thread.committed = 1
    await consumer.perform_seek()
    thread.committed = None
    assert await handed_on(consumer) == [3, 4, 8, 9]
    passed = [(gap.begin, gap.end) for gap in sorted(consumer._gap[SPREADS])]
    assert passed == [(2, 3), (5, 8)]  # what is committed needs no acknowledgement


def test_a_paused_partition_is_not_read_because_its_buffer_is_drained(consumer):
    """Its agents would run ahead of the tables that are being restored."""
    consumer.on_buffer_full(SPREADS)
    consumer.pause_partitions({SPREADS})
    consumer.on_buffer_drop(SPREADS)
    assert SPREADS not in consumer._get_active_partitions()
    consumer.resume_partitions({SPREADS})
    assert SPREADS in consumer._get_active_partitions()


def test_a_drained_buffer_is_filled_again(consumer):
    consumer.on_buffer_full(SPREADS)
    assert SPREADS not in consumer._get_active_partitions()
    consumer.on_buffer_drop(SPREADS)
    assert SPREADS in consumer._get_active_partitions()
