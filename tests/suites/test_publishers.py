"""What every publisher does, the one in memory and the one on Kafka."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import FeedHealth
from oddlot.contracts.topics import Topic
from oddlot.settings import Settings
from tests.builders import ticks
from tests.fakes import MemoryPublisher

READ_S = 20.0

Read = Callable[[Topic[Any], str, int], Awaitable[list[Any]]]


@contextlib.asynccontextmanager
async def in_memory(_: pytest.FixtureRequest) -> AsyncIterator[tuple[kafka.Publisher, Read]]:
    publisher = MemoryPublisher()

    async def read(topic: Topic[M], key: str, count: int) -> list[M]:
        return [m for m in publisher.on(topic) if topic.key_of(m) == key.encode()][:count]

    yield publisher, read


@contextlib.asynccontextmanager
async def on_kafka(request: pytest.FixtureRequest) -> AsyncIterator[tuple[kafka.Publisher, Read]]:
    settings: Settings = request.getfixturevalue("broker")

    async def read(topic: Topic[M], key: str, count: int) -> list[M]:
        found: list[M] = []
        until = time.monotonic() + READ_S
        async with kafka.subscribe(settings, [topic], start="earliest") as subscription:
            while len(found) < count and time.monotonic() < until:
                messages = [r.message() for r in await subscription.read(limit=500, wait_ms=200)]
                found += [m for m in messages if topic.key_of(m) == key.encode()]
        return found

    async with kafka.connect(settings) as publisher:
        yield publisher, read


@pytest.fixture(params=[in_memory, pytest.param(on_kafka, marks=pytest.mark.broker)])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[tuple[kafka.Publisher, Read]]:
    async with request.param(request) as given:
        yield given


def health(feed: str, n: int) -> FeedHealth:
    return FeedHealth(
        feed=feed,
        connected=True,
        simulated=True,
        symbols=1,
        last_frame_ms=None,
        silence_ms=None,
        lag_ms=None,
        trades_total=n,
        rejected_total=0,
        reconnects_total=0,
        detail="",
        sent_ms=0,
    )


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_messages_of_a_key_keep_their_order_over_many_batches(place):
    publisher, read = place
    feed = uuid.uuid4().hex
    for first in range(0, 300, 100):
        several = [health(feed, n) for n in range(first, first + 100)]
        await publisher.publish(topics.FEED_HEALTH, several, arrival_ms=now_ms())
    found = await read(topics.FEED_HEALTH, feed, 300)
    assert [message.trades_total for message in found] == list(range(300))


async def test_more_than_fits_into_one_batch_of_the_client_arrives_whole(place):
    publisher, read = place
    symbol = uuid.uuid4().hex[:12].upper()
    n = 20_000  # 660 kB a message: ten of them are more than one batch takes
    many = [
        ticks(symbol=symbol, ids=range(i * n, (i + 1) * n), event_ms=range(n), after_id=i)
        for i in range(10)
    ]
    await publisher.publish(topics.TICKS, many, arrival_ms=now_ms())
    found = await read(topics.TICKS, symbol, 10)
    assert [(m.after_id, len(m)) for m in found] == [(i, n) for i in range(10)]


async def test_nothing_at_all_is_fine(place):
    publisher, _ = place
    await publisher.publish(topics.BARS, [], arrival_ms=0)


async def test_a_refused_message_is_kept_with_its_reason_and_its_bytes_up_to_a_limit(place):
    publisher, read = place
    origin = uuid.uuid4().hex
    await kafka.refuse(publisher, origin, b"\xff" * 100_000, "expected JSON")
    (letter,) = await read(topics.DEAD_LETTERS, origin, 1)
    assert (letter.reason, len(letter.payload)) == ("expected JSON", kafka.MAX_PAYLOAD_BYTES)
