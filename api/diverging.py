"""Scans, budgets and states of symbols -> memory and channels; scans asked for -> topics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from api import following
from api.divergence_jobs import Job, Jobs
from api.divergence_memory import Memory
from api.divergence_store import ClosesStore
from api.following import FIRST_BACKOFF_S, Subscription
from api.hub import Hub
from api.live import now_ms
from api.sparklines import Sparklines
from api.store import Store
from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.messages import (
    Basket,
    Budget,
    CloseRequest,
    Message,
    ScanRequest,
    Venue,
)
from oddlot.kafka import Publisher

log = logging.getLogger(__name__)

STATES = (topics.BUDGETS, topics.CLOSE_STATES)
READ_RECORDS, READ_WAIT_MS = 500, 1_000
TELL_S = 0.1  # between two reports of how far scans are: a thousand symbols may come in one go
PUBLISH_S = 10.0  # how long the broker may take over the requests of one scan
REQUESTS_AT_ONCE = 500
FILL_S = 2.0  # between two attempts to read the last scans from the store

FollowStates = Callable[[], AbstractAsyncContextManager[Subscription]]
Publishing = Callable[[], AbstractAsyncContextManager[Publisher]]


class Diverging:
    """Knows the last scan of every group, and starts others."""

    def __init__(
        self,
        hub: Hub,
        store: Store,
        closes: ClosesStore,
        follow: FollowStates,
        publishing: Publishing,
        *,
        fresh_ms: int,
        backoff_s: float = FIRST_BACKOFF_S,
    ) -> None:
        self.memory = Memory()
        self.jobs = Jobs(self.memory, hub, fresh_ms=fresh_ms)
        self.sparklines = Sparklines(store, closes)
        self._hub = hub
        self._closes = closes
        self._follow = follow
        self._publishing = publishing
        self._backoff_s = backoff_s
        self._told, self._asked = asyncio.Event(), asyncio.Event()

    def hear(self, message: Message) -> None:
        """Take in a message of any topic."""
        self.memory.take(message)
        self.jobs.hear(message)
        self._told.set()

    def scan(self, baskets: list[Basket], venues: dict[str, Venue]) -> Job:
        """Give the scan of some baskets, started now unless it goes on; raises as `Jobs.start`."""
        job = self.jobs.start(baskets, venues)
        self._told.set()
        self._asked.set()
        return job

    async def run(self) -> None:
        """Follow and publish until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                following.keep(self._read, lost=_lost("states"), backoff_s=self._backoff_s)
            )
            tasks.create_task(
                following.keep(self._send, lost=_lost("requests"), backoff_s=self._backoff_s)
            )
            tasks.create_task(self._tell())
            tasks.create_task(self._fill())

    async def _read(self) -> None:
        async with self._follow() as subscription:
            while True:
                for record in await subscription.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS):
                    try:
                        message = record.message()
                    except errors.BadMessage as e:
                        log.warning("%s, offset %d: %s", record.topic.name, record.offset, e)
                        continue
                    self.hear(message)
                    if isinstance(message, Budget):
                        self._hub.publish(
                            message, arrival_ms=record.arrival_ms, published_ms=now_ms()
                        )

    async def _send(self) -> None:
        """Publish the requests of new scans; what the broker has not taken is sent again."""
        outbox = self.jobs.outbox
        while True:
            await self._asked.wait()
            self._asked.clear()
            if not outbox:
                continue
            try:
                async with asyncio.timeout(PUBLISH_S), self._publishing() as publisher:
                    while outbox:
                        await _publish(outbox[0].scan, outbox[0].closes, publisher)
                        outbox.popleft()
            except (TimeoutError, errors.Unavailable, OSError):
                self._asked.set()
                raise

    async def _tell(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            self.jobs.tell()
            await asyncio.sleep(TELL_S)

    async def _fill(self) -> None:
        """Read the last scans from the store, once it answers; newer ones have come meanwhile."""
        while True:
            try:
                found = await self._closes.ask(lambda reader: reader.latest())
            except errors.StoreUnavailable as e:
                log.info("no last scans yet: %s", e)
                await asyncio.sleep(FILL_S)
            else:
                for divergence in found:
                    self.memory.take(divergence)
                return


async def _publish(
    scan: ScanRequest, closes: tuple[CloseRequest, ...], publisher: Publisher
) -> None:
    at_ms = scan.requested_ms
    await publisher.publish(topics.SCAN_REQUESTS, [scan], arrival_ms=at_ms)
    for first in range(0, len(closes), REQUESTS_AT_ONCE):
        some = closes[first : first + REQUESTS_AT_ONCE]
        await publisher.publish(topics.CLOSE_REQUESTS, some, arrival_ms=at_ms)


def _lost(what: str) -> Callable[[BaseException], None]:
    def lost(error: BaseException) -> None:
        log.warning("lost the %s of daily closes: %s; trying again", what, error)

    return lost
