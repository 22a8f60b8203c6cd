"""market.ticks, market.bars, market.closes, what people write and the signals -> ClickHouse.

A consumer group of its own: a store that is away holds up neither bars nor signals. Offsets are
committed once the rows are in; what is inserted twice is one row, by the keys of the tables.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mode import Service

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.topics import Topic
from oddlot.errors import BadMessage, StoreUnavailable
from oddlot.kafka import Publisher, Record, Subscription
from oddlot.settings import Settings
from oddlot.store.writer import Writer
from streams.worker import Worker

log = logging.getLogger(__name__)

ORIGIN = "streams.sink"
GROUP = "oddlot-sink"
READ_RECORDS = 2_000  # about a million trades in full batches
INSERT_RECORDS = 4_000
INSERT_AGE_S = 0.25
FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.2, 5.0

Insert = Callable[[Sequence[Any]], int]


def attach(app: Worker) -> None:
    """Run the sink beside the agents."""

    @app.service
    class Sink(Service):
        """Starts and stops with the worker."""

        @Service.task
        async def _run(self) -> None:
            await run(app.settings, app.publisher)


async def run(settings: Settings, publisher: Publisher) -> None:
    """Insert until cancelled."""
    writer = await _patiently(lambda: Writer(settings))
    inserts: dict[Topic[Any], Insert] = {
        topics.TICKS: writer.insert_ticks,
        topics.BARS: writer.insert_bars,
        topics.CLOSES: writer.insert_closes,
        topics.SPREADS: writer.insert_spreads,
        topics.PAIR_TESTS: writer.insert_pair_tests,
        topics.DIVERGENCE: writer.insert_divergence,
        topics.ALERTS: writer.insert_alerts,
        topics.POSTS: writer.insert_posts,
        topics.FORUM_SCANS: writer.insert_forum_scans,
        topics.BUZZ: writer.insert_buzz,
        topics.HEADLINES: writer.insert_headlines,
    }
    reading = kafka.subscribe(settings, list(inserts), start="earliest", group=GROUP)
    async with contextlib.AsyncExitStack() as stack:
        subscription = await stack.enter_async_context(reading)
        stack.callback(writer.close)
        while True:
            await move(subscription, inserts, publisher)


async def move(
    subscription: Subscription, inserts: Mapping[Topic[Any], Insert], publisher: Publisher
) -> None:
    """Take what has come, insert it, and only then commit."""
    records = await gather(subscription)
    for topic, messages in (await decode(records, publisher)).items():
        await _patiently(functools.partial(inserts[topic], messages))
    if records:
        await subscription.commit()


async def gather(subscription: Subscription) -> list[Record]:
    """Give what is worth an insert: enough records, or all that came within the age."""
    records: list[Record] = []
    until = time.monotonic() + INSERT_AGE_S
    while len(records) < INSERT_RECORDS and (left_s := until - time.monotonic()) > 0:
        records += await subscription.read(limit=READ_RECORDS, wait_ms=max(1, int(left_s * 1_000)))
    return records


async def decode(records: Sequence[Record], publisher: Publisher) -> dict[Topic[Any], list[Any]]:
    """Give the messages by topic; put the ones that break their contract on the dead letters."""
    messages: dict[Topic[Any], list[Any]] = defaultdict(list)
    for record in records:
        try:
            messages[record.topic].append(record.message())
        except BadMessage as e:
            await kafka.refuse(publisher, ORIGIN, record.payload, f"{record.topic.name}: {e}")
    return messages


async def _patiently(call: Callable[[], Any]) -> Any:
    """Call in a thread until the store answers; it may be restarting."""
    backoff_s = FIRST_BACKOFF_S
    while True:
        try:
            return await asyncio.to_thread(call)
        except StoreUnavailable as e:
            log.warning("the store is away, trying again in %.1f s: %s", backoff_s, e)
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)
