"""market.bars, signals.* and ops.feed-health -> the hub, for as long as the API runs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from aiokafka.errors import KafkaError

from api import following
from api.following import FIRST_BACKOFF_S, Subscription
from api.hub import Hub
from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.messages import Message
from oddlot.kafka import Record

log = logging.getLogger(__name__)

FLOWING = (topics.BARS, topics.SPREADS, topics.FEED_HEALTH)
TOPICS = (
    *FLOWING, topics.PAIR_TESTS, topics.ALERTS, topics.DIVERGENCE, topics.SCAN_REQUESTS,
    topics.BUZZ, topics.FORUM_SCANS, topics.HEADLINES,
)  # fmt: skip
LOOK_BACK_MS = 10 * 60_000  # snapshots overlap the history that REST gives
OVERLAP_MS = 60_000  # read again after a failure; repetitions are dropped
READ_RECORDS = 500
READ_WAIT_MS = 1_000  # a record ends the wait
PROBE_S, PROBE_DEADLINE_S = 2.0, 5.0
WAITING = "the broker does not answer; waiting for it"

Follow = Callable[[int], AbstractAsyncContextManager[Subscription]]


class Live:
    """Follows the topics and knows how that is going."""

    def __init__(
        self,
        hub: Hub,
        follow: Follow,
        *,
        hear: Callable[[Message], None] = lambda _: None,
        backoff_s: float = FIRST_BACKOFF_S,
    ) -> None:
        self._hub = hub
        self._hear = hear
        self._follow = follow
        self._backoff_s = backoff_s
        self._start_ms = now_ms() - LOOK_BACK_MS
        self._arrivals: dict[str, int] = {}
        self._trouble: str | None = WAITING
        self._last_read_s: float | None = None
        self._behind = 0
        self.refused_total = 0

    @property
    def is_connected(self) -> bool:
        """Whether the broker answered when last asked."""
        return self._trouble is None

    @property
    def detail(self) -> str:
        """How it is going, in plain words."""
        ago = (
            "nothing read yet"
            if self._last_read_s is None
            else f"last record read {time.monotonic() - self._last_read_s:.1f} s ago"
        )
        state = self._trouble or f"connected, {self._behind} records behind"
        return f"{state}; {ago}"

    async def run(self) -> None:
        """Follow until cancelled; reconnect with backoff, and go on where it stopped."""
        await following.keep(self._read, lost=self._lost, backoff_s=self._backoff_s)

    async def _read(self) -> None:
        async with self._follow(self._resume_ms()) as subscription, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._probe(subscription))
            while True:
                records = await subscription.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS)
                for record in records:
                    self._publish(record)
                if records:
                    self._last_read_s = time.monotonic()

    async def _probe(self, subscription: Subscription) -> None:
        """Ask the broker now and then: a consumer does not say that its broker is away.

        The consumer keeps its places and goes on there by itself once the broker is back.
        """
        while True:
            try:
                async with asyncio.timeout(PROBE_DEADLINE_S):
                    self._behind = await subscription.lag()
            except (TimeoutError, KafkaError, OSError) as e:
                if self.is_connected:
                    log.warning("the broker does not answer: %r", e)
                self._trouble = WAITING
            else:
                if not self.is_connected:
                    log.info("following %s", ", ".join(topic.name for topic in TOPICS))
                self._trouble = None
            await asyncio.sleep(PROBE_S)

    def _publish(self, record: Record) -> None:
        self._arrivals[record.topic.name] = record.arrival_ms
        try:
            message = record.message()
        except errors.BadMessage as e:
            self.refused_total += 1
            log.warning("%s, offset %d: %s", record.topic.name, record.offset, e)
            return
        self._hub.publish(message, arrival_ms=record.arrival_ms, published_ms=now_ms())
        self._hear(message)

    def _resume_ms(self) -> int:
        """Tell the arrival time to read from: before the last record of every topic that flows.

        What is rare follows from what flows, by less than the overlap.
        """
        flowing = (self._arrivals[t.name] for t in FLOWING if t.name in self._arrivals)
        read_ms = min(flowing, default=0)
        return max(self._start_ms, read_ms - OVERLAP_MS)

    def _lost(self, error: BaseException) -> None:
        self._trouble = f"{error}; trying again"
        log.warning("lost the topics: %s", self._trouble)


def now_ms() -> int:
    """Give our clock."""
    return time.time_ns() // 1_000_000
