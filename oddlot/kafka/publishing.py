"""Messages -> records on their topics, acknowledged by the broker."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.cloudevents import headers_of
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import DeadLetter
from oddlot.contracts.topics import Topic
from oddlot.kafka.admin import (
    CONNECT_DEADLINE_S,
    MAX_RECORD_BYTES,
    client_options,
    create_topics,
)
from oddlot.kafka.start import start_client
from oddlot.settings import Settings

REQUEST_TIMEOUT_MS = 60_000  # how long a publisher outlives a broker that is restarting
MAX_PAYLOAD_BYTES = 64 * 1024  # of a dead letter

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
