"""Contracts <-> Kafka: connect, create topics, publish, subscribe."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CommitFailedError, KafkaError, TopicAlreadyExistsError
from aiokafka.partitioner import DefaultPartitioner

from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.cloudevents import headers_of
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import DeadLetter, Message
from oddlot.contracts.topics import Topic
from oddlot.kafka_start import start_client
from oddlot.settings import Settings

log = logging.getLogger(__name__)

CONNECT_DEADLINE_S = 60.0  # a broker after `kill -9` needs 3-10 s; a minute means it is not there
REQUEST_TIMEOUT_MS = 60_000  # how long a publisher outlives a broker that is restarting
MAX_RECORD_BYTES = 4 * 1024 * 1024
FETCH_WAIT_MS = 100  # a long poll holds up partitions of the same broker that have a backlog
MAX_PAYLOAD_BYTES = 64 * 1024  # of a dead letter
SESSION_MS, HEARTBEAT_MS = 10_000, 1_000  # a member killed without static membership: 10 s

_partitioner = DefaultPartitioner()  # murmur2, as every other Kafka client


class Publisher(Protocol):
    """Whoever can put messages on their topics."""

    async def publish(self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int) -> None:
        """Return once the broker has acknowledged every message; keep order within a key.

        Parameters
        ----------
        topic : where to.
        messages : what; none at all is fine.
        arrival_ms : when the facts behind them reached us; it travels as Kafka's timestamp and
            serves latency figures only.

        Raises
        ------
        BrokerUnavailable
            If the broker did not acknowledge in time; some messages may be there, and publishing
            the same ones again does no harm.
        """

    async def post(
        self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int
    ) -> Awaitable[None]:
        """Return once the messages are on their way; the awaitable given ends as `publish` does.

        What is posted first arrives first. Every awaitable has to be awaited.

        Parameters
        ----------
        topic, messages, arrival_ms : as for `publish`.
        """


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


def client_options(settings: Settings) -> dict[str, Any]:
    """Give what every aiokafka client needs to reach and enter the broker.

    Parameters
    ----------
    settings : address, protocol and credentials.

    Raises
    ------
    BadSetting
        If the CA file cannot be read.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_address,
        "security_protocol": settings.kafka_security_protocol,
    }
    if "SSL" in settings.kafka_security_protocol:
        try:
            options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
        except OSError as e:
            raise errors.BadSetting(
                f"ODDLOT_KAFKA_CA_FILE: expected a PEM file, was {settings.kafka_ca_file}: {e}"
            ) from e
    if "SASL" in settings.kafka_security_protocol:
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return options


async def create_topics(settings: Settings, *, deadline_s: float = CONNECT_DEADLINE_S) -> None:
    """Create every declared topic that is not there yet; safe to call from many at once.

    Parameters
    ----------
    settings : where the broker is.
    deadline_s : how long to wait for the broker.

    Raises
    ------
    BrokerUnavailable
        If the broker does not answer within the deadline.
    """
    admin = AIOKafkaAdminClient(**client_options(settings))
    await start_client(admin, settings.kafka_address, deadline_s)
    try:
        present = set(await admin.list_topics())
        for topic in topics.ALL:
            if topic.name not in present:
                with contextlib.suppress(TopicAlreadyExistsError):
                    await admin.create_topics([_new_topic(topic, settings.kafka_replication)])
    finally:
        await admin.close()


@contextlib.asynccontextmanager
async def connect(
    settings: Settings, *, deadline_s: float = CONNECT_DEADLINE_S
) -> AsyncIterator[KafkaPublisher]:
    """Open a publisher; whatever was published is acknowledged when the block ends.

    Parameters
    ----------
    settings : where the broker is.
    deadline_s : how long to wait for the broker.

    Raises
    ------
    BrokerUnavailable
        If the broker does not answer within the deadline.
    """
    await create_topics(settings, deadline_s=deadline_s)
    producer = AIOKafkaProducer(
        **client_options(settings),
        enable_idempotence=True,  # order survives the client's own retries
        linger_ms=0,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_request_size=MAX_RECORD_BYTES,
        max_batch_size=MAX_RECORD_BYTES,
    )
    await start_client(producer, settings.kafka_address, deadline_s)
    try:
        yield KafkaPublisher(producer)
    finally:
        await producer.stop()


class KafkaPublisher:
    """Publishes in batches built per partition: one acknowledgement for all of them."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def publish(self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int) -> None:
        """Return once the broker has acknowledged every message; keep order within a key."""
        await (await self.post(topic, messages, arrival_ms=arrival_ms))

    async def post(
        self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int
    ) -> Awaitable[None]:
        """Return once the messages are on their way, in their place; await the rest later."""
        by_partition: dict[int, list[tuple[bytes, M]]] = defaultdict(list)
        for message in messages:
            key = topic.key_of(message)
            by_partition[_partition_of(key, topic.partitions)].append((key, message))
        try:
            acknowledgements = [
                acknowledgement
                for partition, keyed in by_partition.items()
                for acknowledgement in await self._send(topic, partition, keyed, arrival_ms)
            ]
        except KafkaError as e:
            raise _not_acknowledged(topic, messages, e) from e
        return asyncio.ensure_future(_acknowledged(topic, messages, acknowledgements))

    async def _send(
        self, topic: Topic[M], partition: int, keyed: Iterable[tuple[bytes, M]], arrival_ms: int
    ) -> list[asyncio.Future[Any]]:
        acknowledgements = []
        batch = self._producer.create_batch()
        for key, message in keyed:
            value = topic.codec.encode(message)
            headers = headers_of(topic, message)
            while batch.append(timestamp=arrival_ms, key=key, value=value, headers=headers) is None:
                if not batch.record_count():
                    raise errors.BadMessage(f"{topic.name}: a message of {len(value)} bytes")
                acknowledgements.append(await self._submit(topic, partition, batch))
                batch = self._producer.create_batch()
        if batch.record_count():
            acknowledgements.append(await self._submit(topic, partition, batch))
        return acknowledgements

    async def _submit(self, topic: Topic[M], partition: int, batch: Any) -> asyncio.Future[Any]:
        batch.close()
        future: asyncio.Future[Any] = await self._producer.send_batch(
            batch, topic.name, partition=partition
        )
        return future


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


async def refuse(publisher: Publisher, origin: str, payload: bytes, reason: str) -> None:
    """Put a refused message on the dead letters.

    Parameters
    ----------
    publisher : where to.
    origin : who refused it.
    payload : its bytes; kept up to 64 KiB.
    reason : what was expected and found.
    """
    now_ms = time.time_ns() // 1_000_000
    letter = DeadLetter(
        origin=origin, reason=reason, payload=payload[:MAX_PAYLOAD_BYTES], sent_ms=now_ms
    )
    await publisher.publish(topics.DEAD_LETTERS, [letter], arrival_ms=now_ms)


async def _acknowledged(
    topic: Topic[M], messages: Sequence[M], acknowledgements: Sequence[asyncio.Future[Any]]
) -> None:
    try:
        await asyncio.gather(*acknowledgements)
    except KafkaError as e:
        raise _not_acknowledged(topic, messages, e) from e


def _not_acknowledged(topic: Topic[M], messages: Sequence[M], error: KafkaError) -> Exception:
    return errors.BrokerUnavailable(
        f"{topic.name}: {len(messages)} messages not acknowledged: {error!r}"
    )


@functools.lru_cache(maxsize=10_000)  # symbols and pairs; the hash is Python and takes 10 µs
def _partition_of(key: bytes, partitions: int) -> int:
    everywhere = list(range(partitions))
    partition: int = _partitioner(key, everywhere, everywhere)
    return partition


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


def _new_topic(topic: Topic[Any], replication: int) -> NewTopic:
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replication,
        topic_configs={
            "retention.ms": str(topic.retention_ms),
            "max.message.bytes": str(MAX_RECORD_BYTES),
        },
    )
