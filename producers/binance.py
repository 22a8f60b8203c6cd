"""Binance Futures' trade frames -> market.ticks, ops.feed-health, ops.dead-letters."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterable, Sequence
from urllib.parse import urlsplit

from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import FeedHealth
from oddlot.contracts.topics import Topic
from oddlot.kafka import Publisher
from oddlot.settings import Settings
from producers.batches import Batches, cut_age_ms
from producers.intake import Intake
from producers.lines import MAX_STREAMS, ROUTE, Line
from producers.links import Patience

log = logging.getLogger(__name__)

FEED = "binance"
HEALTH_S = 1.0
BROKER_BACKOFF_S = 1.0  # the client itself has been trying for a minute by then

Changes = AsyncIterable[Sequence[str]]


class Feed:
    """The lines to the venue and what their ticks go through on the way to the broker."""

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        symbols: Sequence[str],
        *,
        patience: Patience,
        rng: random.Random,
        route: str,
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._symbols = sorted(symbols)
        self._host = urlsplit(settings.binance_stream_url).hostname
        self._changed = asyncio.Event()
        self._broker_trouble = ""
        self._intake = Intake(
            FEED,
            Batches("live", cut_trades=settings.tick_cut_trades),
            limit=settings.tick_buffer_trades,
        )
        self._patience, self._rng, self._route = patience, rng, route
        self._lines = self._lines_of(self._symbols)

    async def run(self, changes: Changes | None = None) -> None:
        """Publish until cancelled; follow the symbols as they change."""
        async with asyncio.TaskGroup() as tasks:
            running = {line: tasks.create_task(line.run()) for line in self._lines}
            tasks.create_task(self._publish_cuts())
            tasks.create_task(self._publish_health())
            if changes is None:
                return
            async for symbols in changes:
                await self._follow(symbols)
                for line in [line for line in running if line not in self._lines]:
                    running.pop(line).cancel()
                for line in [line for line in self._lines if line not in running]:
                    running[line] = tasks.create_task(line.run())

    async def _follow(self, symbols: Sequence[str]) -> None:
        """Spread other symbols over the lines; those that stay are not disturbed."""
        wanted = sorted(set(symbols))
        if wanted == self._symbols:
            return
        if not wanted:
            log.warning("no peer group has symbols of %s; going on with those of before", FEED)
            return
        gone = set(self._symbols).difference(wanted)
        new = deque(sorted(set(wanted).difference(self._symbols)))
        log.info("%d new symbols, %d gone", len(new), len(gone))
        self._symbols = wanted
        for line in [*self._lines]:
            kept = [symbol for symbol in line.symbols if symbol not in gone]
            kept += [new.popleft() for _ in range(min(MAX_STREAMS - len(kept), len(new)))]
            if not kept:
                self._lines.remove(line)
            elif tuple(kept) != line.symbols:
                await line.follow(kept)
        self._lines += self._lines_of([*new])
        self._intake.batches.leave(gone)
        self._changed.set()

    def _lines_of(self, symbols: Sequence[str]) -> list[Line]:
        return [
            Line(
                self._settings.binance_stream_url,
                symbols[first : first + MAX_STREAMS],
                self._intake,
                patience=self._patience,
                rng=self._rng,
                changed=self._changed.set,
                route=self._route,
            )
            for first in range(0, len(symbols), MAX_STREAMS)
        ]

    def health(self, now_ms: int) -> FeedHealth:
        """Say how the feed is doing."""
        intake = self._intake
        last_ms = intake.last_frame_ms
        return FeedHealth(
            feed=FEED,
            connected=all(line.is_connected for line in self._lines),
            simulated=self._settings.simulated,
            symbols=len(self._symbols),
            last_frame_ms=last_ms,
            silence_ms=None if last_ms is None else max(0, now_ms - last_ms),
            lag_ms=intake.lag_ms,
            trades_total=intake.trades_total,
            rejected_total=intake.rejected_total,
            reconnects_total=sum(line.reconnects for line in self._lines),
            detail=self._detail(),
            sent_ms=now_ms,
        )

    def _detail(self) -> str:
        troubles = [self._broker_trouble, *(line.detail for line in self._lines)]
        found = list(dict.fromkeys(trouble for trouble in troubles if trouble))
        if self._intake.is_full:
            found.append("the buffer is full; reading waits for the broker")
        return "; ".join(found) or f"connected to {self._host}: {len(self._symbols)} streams"

    async def _publish_cuts(self) -> None:
        """Cut by age, size or second, whichever first; while one is on its way the next gathers."""
        while True:
            await self._intake.filled()
            age_ms = cut_age_ms(
                self._intake.batches.active(_now_ms()),
                least_ms=self._settings.tick_cut_ms,
                records_per_s=self._settings.tick_records_per_s,
            )
            cut = self._intake.cut(everything=await self._intake.ripe(age_ms / 1_000))
            if cut.ticks:
                await self._insist(topics.TICKS, cut.ticks, arrival_ms=cut.arrival_ms)
            if cut.letters:
                await self._insist(topics.DEAD_LETTERS, cut.letters, arrival_ms=cut.arrival_ms)

    async def _insist(self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int) -> None:
        """Publish the same messages until the broker has them: the next ones build on them."""
        while True:
            try:
                await self._publisher.publish(topic, messages, arrival_ms=arrival_ms)
            except errors.BrokerUnavailable as e:
                log.warning("%s; publishing again", e)
                self._broker_trouble = "the broker does not acknowledge; publishing again"
                await asyncio.sleep(BROKER_BACKOFF_S)
            else:
                self._broker_trouble = ""
                return

    async def _publish_health(self) -> None:
        while True:
            self._changed.clear()
            now_ms = _now_ms()
            try:
                await self._publisher.publish(
                    topics.FEED_HEALTH, [self.health(now_ms)], arrival_ms=now_ms
                )
            except errors.BrokerUnavailable as e:
                log.warning("feed health not published: %s", e)
            try:
                async with asyncio.timeout(HEALTH_S):
                    await self._changed.wait()
            except TimeoutError:
                continue


async def run(
    settings: Settings,
    publisher: Publisher,
    *,
    symbols: Sequence[str],
    changes: Changes | None = None,
    patience: Patience | None = None,
    rng: random.Random | None = None,
    route: str = ROUTE,
) -> None:
    """Publish the trades of `symbols` until cancelled; reconnect, and lose nothing silently.

    `changes` gives all the symbols anew, each time that they are others.
    """
    if not symbols:
        raise errors.BadSetting(
            f"expected symbols of venue {FEED!r} in the peer groups, found none; "
            f"add a group with them to {settings.peer_groups_dir}"
        )
    feed = Feed(
        settings,
        publisher,
        symbols,
        patience=patience or Patience(),
        rng=rng or random.Random(),  # jitter
        route=route,
    )
    await feed.run(changes)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
