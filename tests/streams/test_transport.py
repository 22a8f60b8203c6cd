"""The consumer hands on every record, in order, while positions are moved under it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from faust.types import TP

from oddlot.contracts import topics
from oddlot.settings import load
from streams.transport import Consumer, Fetched
from streams.worker import make_worker

SPREADS = TP(topics.SPREADS.name, 0)


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


class FakeThread:
    """Holds one partition; `fetches` are answered in turn, each after a step of its own."""

    def __init__(self, offsets: range) -> None:
        self.offsets = list(offsets)
        self.position = offsets.start
        self.committed: int | None = None
        self.moves = 0
        self.moved_to: Mapping[TP, int] = {}
        self.answering = asyncio.Event()
        self.answering.set()

    async def getmany(self, active: set[TP], timeout: float) -> Fetched:
        records = [Record(at) for at in self.offsets if at >= self.position][:4]
        fetched = Fetched({SPREADS: records} if records else {})
        fetched.moves = self.moves
        self.position = records[-1].offset + 1 if records else self.position
        await self.answering.wait()
        return fetched

    async def seek_to_committed(self) -> Mapping[TP, int | None]:
        self.position = self.offsets[0] if self.committed is None else self.committed
        self.moved_to = {SPREADS: self.position}
        self.moves += 1
        return {SPREADS: self.committed}

    def highwater(self, tp: TP) -> int:
        return self.offsets[-1] + 1


@pytest.fixture
def thread() -> FakeThread:
    return FakeThread(range(20))


@pytest.fixture
def consumer(thread: FakeThread) -> Consumer:
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
    app.topics.acks_enabled_for = lambda topic: True  # type: ignore[method-assign]
    made.resume_flow()
    made._active_partitions = {SPREADS}
    return made


async def handed_on(consumer: Consumer) -> list[int]:
    return [message.offset async for _, message in consumer.getmany(timeout=0.0)]


async def test_records_come_in_order(consumer):
    assert await handed_on(consumer) == [0, 1, 2, 3]
    assert await handed_on(consumer) == [4, 5, 6, 7]


async def test_what_was_fetched_before_a_move_is_dropped(consumer, thread):
    thread.committed = 2
    await handed_on(consumer)
    thread.answering.clear()
    late = asyncio.create_task(handed_on(consumer))
    await asyncio.sleep(0)  # it is on its way
    await consumer.perform_seek()
    thread.answering.set()
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


async def test_commits_pass_over_offsets_that_are_not_there(consumer, thread):
    thread.offsets = [3, 4, 8, 9]
    thread.committed = 1
    await consumer.perform_seek()
    thread.committed = None
    assert await handed_on(consumer) == [3, 4, 8, 9]
    passed = [(gap.begin, gap.end) for gap in sorted(consumer._gap[SPREADS])]
    assert passed == [(2, 3), (5, 8)]  # what is committed needs no acknowledgement


async def test_nothing_is_handed_on_while_the_flow_is_stopped(consumer):
    found = []
    async for _, message in consumer.getmany(timeout=0.0):
        found.append(message.offset)
        consumer.stop_flow()
    assert found == [0]
