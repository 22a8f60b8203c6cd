"""RSS, Atom and news with a key -> news.headlines, ops.news-sources, ops.feed-health.

What has been said is known from the topic itself at the next start, and is not said again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import replace

from oddlot import errors, kafka, peer_groups
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import FeedHealth, NewsSource
from oddlot.contracts.topics import Topic
from oddlot.kafka import Publisher
from oddlot.settings import Settings
from producers.news import asking
from producers.news.editor import Editor
from producers.news.entries import Reading
from producers.news.pauses import pause_after
from producers.news.registry import keyless, sources_of
from producers.news.resuming import resume
from producers.news.source import Source

log = logging.getLogger(__name__)

FEED = "news"
ORIGIN = "producers.headlines"
AT_ONCE = 4  # sources that are read at the same time
PUBLISHED_AT_ONCE = 50  # encoding more would hold the trades up
HEALTH_S = 1.0
NAMED = 3  # sources named in words; the others are counted
FIRST_BACKOFF_S, LAST_BACKOFF_S = 1.0, 60.0


async def run(settings: Settings, publisher: Publisher) -> None:
    """Read headlines until cancelled; whatever goes wrong, the trades go on beside it."""
    backoff_s = FIRST_BACKOFF_S
    while True:
        started_s = time.monotonic()
        try:
            await _serve(settings, publisher)
        except* (errors.Unavailable, OSError) as group:
            for error in group.exceptions:
                log.warning("headlines stopped, starting again in %.0f s: %s", backoff_s, error)
        except* Exception:  # a bug here must not end the trades
            log.exception("headlines stopped by a bug, starting again in %.0f s", backoff_s)
        if time.monotonic() - started_s > LAST_BACKOFF_S:
            backoff_s = FIRST_BACKOFF_S
        await asyncio.sleep(backoff_s)
        backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)


async def _serve(settings: Settings, publisher: Publisher) -> None:
    said, before = await resume(settings)
    async with asking.client() as http:
        try:
            sources = sources_of(settings, http)
        except errors.BadSetting as e:
            log.warning("no headlines: %s", e)
            await News(settings, publisher, (), Editor(said), trouble=str(e)).run()
            return
        news = News(settings, publisher, sources, Editor(said))
        await news.tell_absent(before.values())
        await news.run()


class News:
    """Reads every source in its time, says what is new and how it goes."""

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        sources: Sequence[Source],
        editor: Editor,
        *,
        trouble: str = "",
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._sources = sources
        self._editor = editor
        self._trouble = trouble
        self._broker_trouble = ""
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._saying = asyncio.Lock()  # two sources may have the same words
        self._states: dict[str, NewsSource] = {}
        self._read_ms: int | None = None
        self._rejected = 0

    async def run(self) -> None:
        """Read until cancelled."""
        snapshot = await anext(peer_groups.watch(self._settings.peer_groups_dir))
        await asyncio.to_thread(self._editor.know, snapshot.groups)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_groups(snapshot))
            tasks.create_task(self._tell_health())
            for source in self._sources:
                tasks.create_task(self._follow(source))

    async def tell_absent(self, before: Collection[NewsSource]) -> None:
        """Say which sources need a key, and which are not read any more."""
        now_ms = _now_ms()
        absent = keyless(self._settings, now_ms)
        names = {source.name for source in self._sources} | {each.source for each in absent}
        gone = [
            replace(state, state="gone", detail="", next_ms=None, sent_ms=now_ms)
            for state in before
            if state.source not in names and state.state != "gone"
        ]
        await self._insist(topics.NEWS_SOURCES, [*absent, *gone], now_ms)

    async def read(self, source: Source, failures: int = 0) -> tuple[int, float]:
        """Read a source once and publish what is new.

        Returns
        -------
        How often in a row it has failed, and the seconds until it is to be read again.
        """
        error: errors.Oddlot | None = None
        reading = Reading(())
        try:
            reading = await source.read(_now_ms())
        except (errors.Unavailable, errors.BadMessage) as e:
            log.warning("no headlines of %s: %s", source.name, e)
            error = e
        failures = failures + 1 if error else 0
        if isinstance(error, errors.BadMessage) and failures == 1:
            await self._refuse(source.name, error)
        new = await self._say(source.name, reading)
        pause = pause_after(error, every_s=source.every_s, failures=failures)
        now_ms, before = _now_ms(), self._states.get(source.name)
        if error is None:
            self._read_ms = now_ms
        self._states[source.name] = NewsSource(
            source=source.name,
            state=pause.state,
            detail=str(error) if error else "",
            headlines=(before.headlines if before else 0) + new,
            read_ms=now_ms if error is None else before.read_ms if before else None,
            next_ms=now_ms + round(pause.wait_s * 1_000),
            sent_ms=now_ms,
        )
        await self._insist(topics.NEWS_SOURCES, [self._states[source.name]], now_ms)
        return failures, pause.wait_s

    def health(self, now_ms: int) -> FeedHealth:
        """Say how all sources together are doing."""
        last_ms = self._read_ms
        return FeedHealth(
            feed=FEED,
            connected=self._is_connected(),
            simulated=self._settings.simulated,
            optional=True,
            symbols=len(self._sources),
            last_frame_ms=last_ms,
            silence_ms=None if last_ms is None else max(0, now_ms - last_ms),
            lag_ms=None,
            trades_total=0,
            rejected_total=self._rejected,
            reconnects_total=0,
            detail=self._detail(),
            sent_ms=now_ms,
        )

    async def _say(self, source: str, reading: Reading) -> int:
        """Publish what nobody has said before; give how much that was."""
        async with self._saying:
            now_ms = _now_ms()
            new = await asyncio.to_thread(self._editor.new, source, reading.entries, now_ms)
            await self._insist(topics.HEADLINES, new, now_ms)
            self._editor.has_said(new)
        self._rejected += reading.rejected
        return len(new)

    async def _refuse(self, source: str, error: errors.BadMessage) -> None:
        try:
            await kafka.refuse(self._publisher, f"{ORIGIN}.{source}", b"", str(error))
        except errors.BrokerUnavailable as e:
            log.warning("a dead letter was not published: %s", e)

    def _is_connected(self) -> bool:
        """Tell whether anything can be read; before the first answers, nothing is wrong yet."""
        states = self._states.values()
        is_unread = len(states) < len(self._sources)
        return is_unread or any(each.state == "read" for each in states)

    def _detail(self) -> str:
        if trouble := self._trouble or self._broker_trouble:
            return trouble
        read = [name for name, state in self._states.items() if state.state == "read"]
        said = f"{len(read)} of {len(self._sources)} sources read"
        silent = sorted(set(self._states) - set(read))
        if not silent:
            return said
        named = ", ".join(silent[:NAMED])
        more = f" and {len(silent) - NAMED} more" if len(silent) > NAMED else ""
        return f"{said}; not {named}{more}: the news page says why"

    async def _follow(self, source: Source) -> None:
        failures = 0
        while True:
            async with self._turns:
                failures, wait_s = await self.read(source, failures)
            await asyncio.sleep(wait_s)

    async def _follow_groups(self, known: peer_groups.Snapshot) -> None:
        async for snapshot in peer_groups.watch(self._settings.peer_groups_dir, known):
            await asyncio.to_thread(self._editor.know, snapshot.groups)

    async def _tell_health(self) -> None:
        while True:
            now_ms = _now_ms()
            try:
                health = self.health(now_ms)
                await self._publisher.publish(topics.FEED_HEALTH, [health], arrival_ms=now_ms)
            except errors.BrokerUnavailable as e:
                log.warning("feed health not published: %s", e)
            await asyncio.sleep(HEALTH_S)

    async def _insist(self, topic: Topic[M], messages: Sequence[M], now_ms: int) -> None:
        """Publish until the broker has it all: what is not said now never will be."""
        for first in range(0, len(messages), PUBLISHED_AT_ONCE):
            piece = messages[first : first + PUBLISHED_AT_ONCE]
            while True:
                try:
                    await self._publisher.publish(topic, piece, arrival_ms=now_ms)
                    break
                except errors.BrokerUnavailable as e:
                    log.warning("%s; publishing again", e)
                    self._broker_trouble = "the broker does not acknowledge; publishing again"
                    await asyncio.sleep(FIRST_BACKOFF_S)
            self._broker_trouble = ""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
