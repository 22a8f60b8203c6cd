"""social.posts, social.scans -> signals.buzz: hours compared with their baselines.

A record makes every hour from its own on due to be compared again, and is acknowledged once what it
changes is on its topic. Nothing is saved: whoever starts reads the posts anew, and what was not
acknowledged is said again, under the same revision or a higher one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import faust
from mode import Service

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Buzz, ForumScan, Post
from oddlot.errors import BadMessage, BrokerUnavailable
from oddlot.quant.buzz import CROWDS, Crowds, check_post, check_scan
from oddlot.quant.hours import HOUR_MS
from streams import batches
from streams.due import Due
from streams.posts import READ_TOPICS, Posts
from streams.said import Said
from streams.worker import Worker

log = logging.getLogger(__name__)

ORIGIN = "streams.buzz"
IDLE_S = 1.0
# Posts come in bursts, and what they change is wanted soon. That an hour goes on changes a little
# of every row of it: such rows wait until the forums are quiet for a while, or for a minute. So do
# hours long past: a stream that is read for the first time corrects a month of them.
SOON_S, SOON_LATEST_S = 0.3, 1.0
QUIET_S, LATEST_S = 10.0, 60.0
RECENT_HOURS = 2  # that somebody looks at now
ALL = "all hours"
AT_ONCE = 100  # rows or records dealt with in one go: a millisecond or two


def attach(app: Worker) -> None:
    """Declare the agent, and what compares beside it."""
    posts = Posts()
    hours = Hours(app, posts)

    async def follow_forums(stream: faust.StreamT[bytes]) -> None:
        """Note which hours are to be compared again."""
        async for events in batches.micro_batches(stream):
            await hours.take(events)

    app.agent(app.source(*READ_TOPICS), name=ORIGIN)(follow_forums)

    @app.service
    class BuzzHours(Service):
        """Starts and stops with the worker."""

        @Service.task
        async def _follow(self) -> None:
            await posts.follow(app.settings, hours.wake)

        @Service.task
        async def _run(self) -> None:
            await hours.run()


class Touch(NamedTuple):
    """What a record bears on: the hours from one on, of a symbol, or of all where it is None."""

    symbol: str | None
    hour: int
    is_wanted: bool


class Touched:
    """What many records bear on: of each symbol, and of all, the first hour."""

    def __init__(self) -> None:
        self._first: dict[str | None, int] = {}

    def __bool__(self) -> bool:
        return bool(self._first)

    def add(self, symbol: str | None, hour: int) -> None:
        """Note that the hours from one on are touched."""
        self._first[symbol] = min(hour, self._first.get(symbol, hour))

    def update(self, other: Touched) -> None:
        """Note what others are."""
        for symbol, hour in other._first.items():
            self.add(symbol, hour)

    def hours(self, crowds: Crowds, first_open: int) -> list[int]:
        """Give the hours with rows that may have changed: no row of another hour can."""
        found = set[int]()
        for symbol, hour in self._first.items():
            found.update(crowds.hours(symbol, max(hour, first_open)))
        return sorted(found)


class Hours:
    """Says what has changed of the hours that something arrived for."""

    def __init__(self, app: Worker, posts: Posts) -> None:
        self._app, self._posts = app, posts
        self._said = Said()
        self._generation: object = None
        self._soon = Due[str](quiet_s=SOON_S, longest_s=SOON_LATEST_S)
        self._later = Due[str](quiet_s=QUIET_S, longest_s=LATEST_S)
        self._wanted = Touched()  # of which changes are wanted soon
        self._touched = Touched()  # of which any change is still to be said
        self._held: list[batches.Event] = []
        self._ends: dict[str, int] = {}
        self._arrival_ms = 0
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Look again whether there is something to say."""
        self._changed.set()

    async def take(self, events: list[batches.Event]) -> None:
        """Note from which hour on events change anything."""
        found = []
        for n, event in enumerate(events):
            if n % AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                found.append(_decoded(event))
            except BadMessage as e:
                await kafka.refuse(self._app.publisher, ORIGIN, event.value, str(e))
        if not batches.are_ours(self._app, events):
            return  # they come to whoever they are for
        self._notice_others()
        for event in events:
            self._ends[event.message.topic] = event.message.offset + 1
        self._held += events
        self._arrival_ms = batches.arrival_ms(events[-1])
        recent = (self._posts.crowds.newest or 0) - RECENT_HOURS
        wanted = Touched()
        touched = Touched()
        for touch in found:
            if touch is not None:
                touched.add(touch.symbol, touch.hour)
                if touch.is_wanted and touch.hour > recent:
                    wanted.add(touch.symbol, touch.hour)
        self._touch(touched, wanted)

    async def run(self) -> None:
        """Say what has changed until cancelled."""
        while True:
            self._changed.clear()
            wait_s = IDLE_S
            if self._is_ready():
                await self.say(time.monotonic())
                now_s = time.monotonic()
                wait_s = min(IDLE_S, self._soon.wait_s(now_s), self._later.wait_s(now_s))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    async def say(self, now_s: float) -> None:
        """Say what is due."""
        if self._later.take(now_s):
            self._soon.clear()
            events, self._held = self._held, []
            touched, self._touched, self._wanted = self._touched, Touched(), Touched()
            is_said = await self._say(touched, self._said.is_changed)
            if not is_said:
                self._touch(touched, Touched())
            if not batches.are_ours(self._app, events):
                return  # they come again, to whoever they are for
            if is_said:
                batches.done(events)
            else:
                self._held = [*events, *self._held]
        elif self._soon.take(now_s):
            wanted, self._wanted = self._wanted, Touched()
            if not await self._say(wanted, self._said.is_noticeable):
                self._touch(wanted, wanted)

    async def _say(self, touched: Touched, is_news: Callable[[Buzz], bool]) -> bool:
        """Say what is news of what was touched; False if not all of it could be said."""
        first_open = self._posts.crowds.first_open
        self._said.forget_before(first_open * HOUR_MS)
        rows: list[Buzz] = []
        try:
            for row in self._rows(touched.hours(self._posts.crowds, first_open)):
                if row is None:
                    await asyncio.sleep(0)
                    if not self._is_owner():
                        return False
                elif is_news(row):
                    rows.append(row)
                if len(rows) == AT_ONCE:
                    await self._publish(rows)
                    rows = []
            await self._publish(rows)
        except BrokerUnavailable as e:
            log.warning("%s; saying it again", e)
            return False
        return True

    def _rows(self, hours: Iterable[int]) -> Iterator[Buzz | None]:
        """Give what is to be said of some hours; None where others may have a turn."""
        for hour in hours:
            for crowd in CROWDS:
                yield None
                found = self._posts.crowds.rows(crowd, hour, self._posts.revision)
                for n, row in enumerate(found, 1):
                    yield row
                    if n % AT_ONCE == 0:
                        yield None

    async def _publish(self, rows: list[Buzz]) -> None:
        await self._app.publisher.publish(topics.BUZZ, rows, arrival_ms=self._arrival_ms)
        self._said.note(rows)

    def _touch(self, touched: Touched, wanted: Touched) -> None:
        now_s = time.monotonic()
        self._touched.update(touched)
        self._later.note([ALL], now_s)
        if wanted:
            self._wanted.update(wanted)
            self._soon.note([ALL], now_s)
        self.wake()

    def _notice_others(self) -> None:
        """Forget what was said here once others may have said more."""
        if self._generation != self._app.consumer_generation_id:
            self._generation = self._app.consumer_generation_id
            self._said.clear()
            self._held = []  # they come again
            self._ends.clear()

    def _is_owner(self) -> bool:
        return self._app.owns(topics.POSTS)

    def _is_ready(self) -> bool:
        return self._posts.is_level and self._posts.has(self._ends) and self._is_owner()


def _decoded(event: batches.Event) -> Touch | None:
    """Give what a record bears on, if anything."""
    message = topics.BY_NAME[event.message.topic].codec.decode(event.value)
    if isinstance(message, Post):
        check_post(message)
        return Touch(message.symbol, message.event_ms // HOUR_MS, is_wanted=True)
    assert isinstance(message, ForumScan)
    check_scan(message)
    if message.from_ms == message.to_ms:
        return None
    hour = message.from_ms // HOUR_MS
    # One that has only gone on within an hour can wait.
    return Touch(message.symbol, hour, is_wanted=message.to_ms // HOUR_MS > hour)
