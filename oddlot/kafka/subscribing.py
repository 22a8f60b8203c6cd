"""Records on topics -> whoever reads them, in the order of their partitions."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError

from oddlot.contracts import topics
from oddlot.contracts.messages import Message
from oddlot.contracts.topics import Topic
from oddlot.kafka.admin import (
    CONNECT_DEADLINE_S,
    MAX_RECORD_BYTES,
    client_options,
    create_topics,
)
from oddlot.kafka.start import start_client
from oddlot.settings import Settings

log = logging.getLogger(__name__)

FETCH_WAIT_MS = 100  # a long poll holds up partitions of the same broker that have a backlog
SESSION_MS, HEARTBEAT_MS = 10_000, 1_000  # a member killed without static membership: 10 s


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read.

    Attributes
    ----------
    topic : its declaration.
    partition, offset : where it stood.
    arrival_ms : when the facts behind it reached us.
    payload : its value.
    """

    topic: Topic[Message]
    partition: int
    offset: int
    arrival_ms: int
    payload: bytes

    def message(self) -> Message:
        """Decode the value; raise BadMessage where it breaks the contract."""
        return self.topic.codec.decode(self.payload)


class Subscription:
    """Reads topics in offset order within a partition."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def read(self, *, limit: int, wait_ms: int) -> list[Record]:
        """Give up to `limit` records, waiting at most `wait_ms` for the first."""
        found = await self._consumer.getmany(timeout_ms=wait_ms, max_records=limit)
        return [
            Record(
                topics.BY_NAME[record.topic],
                record.partition,
                record.offset,
                record.timestamp,
                record.value,
            )
            for records in found.values()
            for record in records
        ]

    async def commit(self) -> bool:
        """Say that all that was read is done with; False if the group has moved on without us."""
        try:
            await self._consumer.commit()
        except CommitFailedError:
            log.warning("the group rebalanced before a commit; the records will be read again")
            return False
        return True

    async def lag(self) -> int:
        """Count the records that are on the broker and not read yet, over all partitions."""
        assigned = self._consumer.assignment()
        if not assigned:
            return 0
        ends = await self._consumer.end_offsets(assigned)
        return sum([max(0, ends[tp] - await self._consumer.position(tp)) for tp in assigned])


@contextlib.asynccontextmanager
async def subscribe(
    settings: Settings,
    wanted: Sequence[Topic[Any]],
    *,
    start: Literal["earliest", "latest"] | int,
    group: str | None = None,
    deadline_s: float = CONNECT_DEADLINE_S,
) -> AsyncIterator[Subscription]:
    """Open a subscription.

    Parameters
    ----------
    settings : where the broker is.
    wanted : topics to read.
    start : where a reader without a committed offset begins; an integer is an arrival time in
        ms, for readers without a group.
    group : shares the partitions among its members and keeps offsets; None reads everything.
    deadline_s : how long to wait for the broker.

    Raises
    ------
    BrokerUnavailable
        If the broker does not answer within the deadline.
    """
    await create_topics(settings, deadline_s=deadline_s)
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        group_id=group,
        group_instance_id=f"{group}-{settings.worker}" if group else None,
        enable_auto_commit=False,
        auto_offset_reset=start if isinstance(start, str) else "earliest",
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=MAX_RECORD_BYTES,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=HEARTBEAT_MS,
    )
    if group:
        consumer.subscribe([topic.name for topic in wanted])
    else:
        consumer.assign([TopicPartition(t.name, p) for t in wanted for p in range(t.partitions)])
    await start_client(consumer, settings.kafka_address, deadline_s)
    try:
        if not group:
            await _seek(consumer, start)
        yield Subscription(consumer)
    finally:
        await consumer.stop()


async def _seek(consumer: AIOKafkaConsumer, start: str | int) -> None:
    assigned = consumer.assignment()
    if start == "earliest":
        await consumer.seek_to_beginning(*assigned)
        return
    # Positions are fixed before the caller goes on: what is published from now on is seen.
    await consumer.seek_to_end(*assigned)
    if isinstance(start, int):
        found = await consumer.offsets_for_times(dict.fromkeys(assigned, start))
        for tp, position in found.items():
            if position is not None:
                consumer.seek(tp, position.offset)
    for tp in assigned:
        await consumer.position(tp)
