"""market.close-requests -> market.closes, ops.close-states, ops.budgets: daily closes on demand.

What is asked for is on disk before its offset is committed, and stays there until the broker has
acknowledged the closes; what is fresh is published again without asking anyone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import httpx

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import Budget, CloseRequest, CloseState
from oddlot.contracts.topics import Topic
from oddlot.kafka import Publisher, Record, Subscription
from oddlot.settings import Settings
from producers.budget_ledger import open_ledger
from producers.providers.adapter import Adapter
from producers.providers.calls import MAX_CALLS, call
from producers.providers.desk import Desk, Job
from producers.providers.registry import adapters_of

log = logging.getLogger(__name__)

ORIGIN = "producers.closes"
GROUP = "oddlot-closes"
READ_RECORDS, READ_WAIT_MS = 500, 500
TELL_S = 1.0  # how often changes of budgets and states are told, at most
LONGEST_IDLE_S = 60.0  # another process may have put something on the queue
STATES_AT_ONCE = 100  # encoding more would hold the trades up
FIRST_BACKOFF_S, LAST_BACKOFF_S = 1.0, 60.0

P = ParamSpec("P")
R = TypeVar("R")


async def run(settings: Settings, publisher: Publisher) -> None:
    """Serve requests until cancelled; what goes wrong outside only makes it start again."""
    backoff_s = FIRST_BACKOFF_S
    while True:
        started_s = time.monotonic()
        try:
            await _serve(settings, publisher)
        except* (errors.Unavailable, sqlite3.Error, OSError) as group:
            for error in group.exceptions:
                log.warning("daily closes stopped, starting again in %.0f s: %s", backoff_s, error)
        if time.monotonic() - started_s > LAST_BACKOFF_S:
            backoff_s = FIRST_BACKOFF_S
        await asyncio.sleep(backoff_s)
        backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)


def ledger_path(settings: Settings) -> Path:
    """Give the file with the budgets and the queue; processes with the same keys share it."""
    return settings.state_dir / "producers" / "closes.sqlite3"


async def _serve(settings: Settings, publisher: Publisher) -> None:
    adapters = adapters_of(settings)
    reading = kafka.subscribe(settings, [topics.CLOSE_REQUESTS], start="earliest", group=GROUP)
    fresh_ms = settings.closes_fresh_minutes * 60_000
    async with (
        open_clerk(ledger_path(settings), adapters, fresh_ms=fresh_ms) as clerk,
        httpx.AsyncClient(limits=httpx.Limits(max_connections=MAX_CALLS)) as http,
        reading as subscription,
    ):
        closes = Closes(publisher, clerk, http, adapters)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(closes.listen(subscription))
            tasks.create_task(closes.serve())
            tasks.create_task(closes.tell())


class Clerk:
    """A desk in a thread of its own: the disk never holds up the event loop."""

    def __init__(self, desk: Desk, thread: ThreadPoolExecutor) -> None:
        self.desk = desk
        self._thread = thread

    async def do(self, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Take one step at the desk, after those that were asked for before."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: step(*args, **kwargs))


@contextlib.asynccontextmanager
async def open_clerk(
    path: Path, adapters: Sequence[Adapter], *, fresh_ms: int
) -> AsyncIterator[Clerk]:
    """Open the file; whatever is under way there ends with the block."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="closes") as thread:
        db = await loop.run_in_executor(thread, open_ledger, path)
        try:
            yield Clerk(Desk(db, adapters, fresh_ms=fresh_ms), thread)
        finally:
            thread.submit(db.close)


class Closes:
    """Reads requests, keeps every provider busy that has budget, tells how it goes."""

    def __init__(
        self,
        publisher: Publisher,
        clerk: Clerk,
        http: httpx.AsyncClient,
        adapters: Sequence[Adapter],
    ) -> None:
        self._publisher = publisher
        self._clerk = clerk
        self._desk = clerk.desk
        self._http = http
        self._idle = {adapter.name for adapter in adapters}
        self._changed = asyncio.Event()
        self._untold = asyncio.Event()
        self._untold.set()
        self._said: dict[str, CloseState | Budget] = {}

    async def listen(self, subscription: Subscription) -> None:
        """Queue what is asked for; commit once it is on disk."""
        while True:
            records = await subscription.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS)
            if not records:
                continue
            requests = [r for record in records if (r := await self._request(record))]
            full = await self._clerk.do(self._desk.want, requests, _now_ms())
            await self._insist(topics.CLOSE_STATES, full)
            await subscription.commit()
            self._note_change()

    async def serve(self) -> None:
        """Publish what is there, call whoever has budget, and wait for something to change."""
        async with asyncio.TaskGroup() as calls:
            while True:
                self._changed.clear()
                await self._publish_ready()
                turn = await self._clerk.do(self._desk.turn, frozenset(self._idle), _now_ms())
                for job in turn.jobs:
                    self._idle.discard(job.adapter.name)
                    calls.create_task(self._call(job))
                idle_s = LONGEST_IDLE_S
                if turn.next_ms is not None:
                    idle_s = min(idle_s, max(0.0, (turn.next_ms - _now_ms()) / 1_000))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(idle_s):
                        await self._changed.wait()

    async def tell(self) -> None:
        """Publish budgets and states that are no longer what was said last."""
        while True:
            await self._untold.wait()
            self._untold.clear()
            now_ms = _now_ms()
            await self._say(topics.BUDGETS, await self._clerk.do(self._desk.budgets, now_ms))
            await self._say(topics.CLOSE_STATES, await self._clerk.do(self._desk.pending, now_ms))
            await asyncio.sleep(TELL_S)

    async def _request(self, record: Record) -> CloseRequest | None:
        try:
            message = record.message()
        except errors.BadMessage as e:
            reason = f"{record.topic.name}: {e}"
            await kafka.refuse(self._publisher, ORIGIN, record.payload, reason)
            return None
        assert isinstance(message, CloseRequest)
        return message

    async def _publish_ready(self) -> None:
        """Publish histories one by one: the broker's yes is what takes them off the queue."""
        while ready := await self._clerk.do(self._desk.ready, _now_ms()):
            for closes in ready:
                await self._insist(topics.CLOSES, closes)
            await self._clerk.do(self._desk.published, ready)
        finished = await self._clerk.do(self._desk.finished, _now_ms())
        await self._insist(topics.CLOSE_STATES, finished)
        self._said |= {state.symbol: replace(state, sent_ms=0) for state in finished}

    async def _call(self, job: Job) -> None:
        """Make a call and take its answer to the desk."""
        outcome = await call(self._http, job)
        now_ms, error = _now_ms(), outcome.error
        if error is None:
            assert outcome.answer is not None
            try:
                found = await self._clerk.do(
                    job.adapter.read, job.symbols, outcome.answer,
                    sessions=job.sessions, now_ms=now_ms,
                )  # fmt: skip
                await self._clerk.do(self._desk.found, job, found, now_ms)
            except errors.BadMessage as e:
                origin = f"{ORIGIN}.{job.adapter.name}"
                await kafka.refuse(self._publisher, origin, outcome.answer.body, str(e))
                error = e
            except errors.Unavailable as e:
                error = e
        if error is not None:
            log.warning("no closes of %s: %s", ", ".join(job.symbols), error)
            await self._clerk.do(self._desk.failed, job, error, now_ms, sent=outcome.sent)
        self._idle.add(job.adapter.name)
        self._note_change()

    async def _say(self, topic: Topic[M], messages: Sequence[M]) -> None:
        """Publish the messages that are news."""
        news = []
        for message in messages:
            assert isinstance(message, CloseState | Budget)
            key, plain = topic.key_of(message).decode(), replace(message, sent_ms=0)
            if self._said.get(key) != plain:
                self._said[key] = plain
                news.append(message)
        await self._insist(topic, news)

    async def _insist(self, topic: Topic[M], messages: Sequence[M]) -> None:
        """Publish until the broker has it all, in pieces that do not hold others up."""
        for first in range(0, len(messages), STATES_AT_ONCE):
            piece = messages[first : first + STATES_AT_ONCE]
            while True:
                try:
                    await self._publisher.publish(topic, piece, arrival_ms=_now_ms())
                    break
                except errors.BrokerUnavailable as e:
                    log.warning("%s; publishing again", e)
                    await asyncio.sleep(FIRST_BACKOFF_S)

    def _note_change(self) -> None:
        self._changed.set()
        self._untold.set()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
