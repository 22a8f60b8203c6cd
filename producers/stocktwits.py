"""Symbols' streams at Stocktwits -> social.posts, social.scans, ops.feed-health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from oddlot import errors
from oddlot.contracts.messages import FeedHealth, ForumScan
from oddlot.contracts.social import Forum, ScanState
from oddlot.contracts.topics import DAY_MS
from oddlot.kafka import Publisher
from oddlot.quant.moods import mood_of
from oddlot.settings import Settings
from producers.forums import lexicons
from producers.forums.calls import client
from producers.forums.covers import Stretch
from producers.forums.guard import keep_going
from producers.forums.messages import Part
from producers.forums.pace import LONGEST_NAP_S, now_ms
from producers.forums.pauses import pause_after
from producers.forums.places import LAG_MS
from producers.forums.seen import Known, resume
from producers.forums.streams import OTHERS_EVERY, NoStream, Stocktwits, Stream, next_of
from producers.forums.voice import Voice
from producers.forums.written import Written

log = logging.getLogger(__name__)

FORUM: Forum = "stocktwits"
MAX_STREAMS = 2_000
MAX_PARTS = 5  # of a stream at one visit: 150 messages; what is older stays unread, and is missing
MAX_REFUSED = 10  # messages of a part put aside one by one


async def run(settings: Settings, publisher: Publisher) -> None:
    """Read streams until cancelled; whatever goes wrong, the trades go on beside it."""
    if settings.stocktwits_url:
        await keep_going(FORUM, lambda: _serve(settings, publisher))


async def _serve(settings: Settings, publisher: Publisher) -> None:
    known = await resume(settings, FORUM)
    await asyncio.to_thread(mood_of, "")  # its words take a fifth of a second to load
    async with client() as http:
        voice = Voice(FORUM, publisher, known.said)
        source = Stocktwits(settings, http)
        reader = Reader(source, voice, known, simulated=settings.simulated)
        symbols = lexicons.follow(settings.peer_groups_dir)
        reader.follow(await anext(symbols))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reader.run())
            tasks.create_task(_follow(reader, symbols))
            tasks.create_task(voice.tell_health(reader.health))


async def _follow(reader: Reader, symbols: lexicons.Following) -> None:
    async for each in symbols:
        reader.follow(each)


class Reader:
    """Reads one stream after the other, says what is new and how far it has read."""

    def __init__(self, source: Stocktwits, voice: Voice, known: Known, *, simulated: bool) -> None:
        self._source = source
        self._pace = source.pace
        self._voice = voice
        self._known = known
        self._is_simulated = simulated
        self.streams: dict[str, Stream] = {}
        self._in_use: frozenset[str] = frozenset()
        self._turns = 0
        self._read_ms: int | None = None
        self._failures = self._failures_total = 0
        self._state: ScanState | None = None
        self._detail = ""

    def follow(self, symbols: lexicons.Symbols) -> None:
        """Read other streams; what is known of those that stay is kept."""
        tags = dict(sorted(symbols.tags.items())[:MAX_STREAMS])
        if len(tags) < len(symbols.tags):
            log.warning("%d streams: only the first %d are read", len(symbols.tags), MAX_STREAMS)
        self.streams = {
            tag: self.streams.get(tag) or self._stream(tag, symbol) for tag, symbol in tags.items()
        }
        self._in_use = symbols.in_use

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await self._pace.wait()
            stream = next_of(self.streams.values(), self._in_use, turn=self._turns, at_ms=now_ms())
            self._turns += 1
            if stream is None:
                await asyncio.sleep(LONGEST_NAP_S)
            else:
                await self.visit(stream)

    async def visit(self, stream: Stream) -> None:
        """Read what is new in a stream, and say so."""
        asked_ms = stream.visited_ms = now_ms()
        try:
            written, newest, is_joined = await self._new_of(stream)
        except (errors.Unavailable, errors.BadMessage) as e:
            await self._fail(stream, e)
            return
        # Oldest first: where this is interrupted, all that is older than the newest one is said.
        new = await self._voice.tell_posts(stream.tag, written, lambda _: (stream.symbol,))
        stream.newest = newest
        stretch = _stretch(stream, written, to_ms=asked_ms - LAG_MS, is_joined=is_joined)
        stream.covers.add(*stretch)
        stream.read_to_ms = stretch[1]
        self._failures, self._state, self._detail = 0, "read", ""
        await self._say(stream, stretch, new, "read", "")

    def health(self, at_ms: int) -> FeedHealth:
        """Say how reading goes."""
        last_ms = self._read_ms
        return FeedHealth(
            feed=FORUM,
            connected=self._state in (None, "read"),
            simulated=self._is_simulated,
            optional=True,
            symbols=len(self.streams),
            last_frame_ms=last_ms,
            silence_ms=None if last_ms is None else max(0, at_ms - last_ms),
            lag_ms=None,
            trades_total=0,
            rejected_total=self._voice.refused_total,
            reconnects_total=self._failures_total,
            detail=self._voice.trouble or self._detail or self._words(),
            sent_ms=at_ms,
        )

    def _words(self) -> str:
        read = sum(each.newest is not None for each in self.streams.values())
        return f"{read} of {len(self.streams)} streams read, {self._pace.limit} requests an hour"

    def _stream(self, tag: str, symbol: str) -> Stream:
        newest = self._known.newest.get(tag, "")
        return Stream(
            tag=tag,
            symbol=symbol,
            covers=self._known.covers[tag],
            newest=int(newest) if newest.isdecimal() else None,
            visited_ms=self._known.covers[tag].end_ms or 0,
            read_to_ms=self._known.covers[tag].end_ms,
        )

    async def _new_of(self, stream: Stream) -> tuple[list[Written], int | None, bool]:
        """Read all that is newer than what was read, as far back as can be done at one visit.

        Returns
        -------
        The messages, the newest id, and whether they reach back to those of before.
        """
        written: list[Written] = []
        since, older, newest = stream.newest, None, stream.newest
        for number in range(MAX_PARTS):
            if number:
                await self._pace.wait()
            part = await self._source.part(stream.tag, since=since, newest=older)
            self._read_ms = now_ms()
            await self._put_aside(stream, part)
            written += part.written
            newest = max((each for each in (newest, part.newest) if each is not None), default=None)
            if part.oldest is None or not part.has_more:
                return written, newest, True
            if since is None:
                break  # read for the first time: nobody knows how far back it goes
            older = part.oldest - 1
        return written, newest, False

    async def _put_aside(self, stream: Stream, part: Part) -> None:
        for raw, reason in part.refused[:MAX_REFUSED]:
            await self._voice.refuse(stream.tag, raw, reason)

    async def _fail(self, stream: Stream, error: errors.Oddlot) -> None:
        """Note why a stream could not be read; what is no fault of its own holds for all."""
        log.warning("stream of %s: %s", stream.tag, error)
        at_ms = now_ms()
        self._failures_total += 1
        state: ScanState = "unavailable"
        if isinstance(error, NoStream):
            stream.skip_until_ms = at_ms + DAY_MS
        else:
            self._failures += 1
            if isinstance(error, errors.BadMessage):
                await self._voice.refuse(stream.tag, b"", str(error))
            pause = pause_after(error, self._failures)
            self._pace.hold(at_ms + pause.wait_ms, at_ms)
            self._state, self._detail = state, _ = pause.state, str(error)
        until_ms = stream.read_to_ms or at_ms
        await self._say(stream, (until_ms, until_ms), 0, state, str(error))

    async def _say(
        self, stream: Stream, stretch: Stretch, new: int, state: ScanState, detail: str
    ) -> None:
        at_ms = now_ms()
        await self._voice.tell_scan(
            ForumScan(
                forum=FORUM,
                place=stream.tag,
                symbol=stream.symbol,
                from_ms=stretch[0],
                to_ms=stretch[1],
                posts=new,
                state=state,
                detail=detail,
                next_ms=stream.skip_until_ms or self._next_ms(stream, at_ms),
                scanned_ms=at_ms,
            )
        )

    def _next_ms(self, stream: Stream, at_ms: int) -> int:
        """Estimate when a stream has its turn again, if every visit is one request."""
        is_used = stream.symbol in self._in_use
        lot = sum((each.symbol in self._in_use) == is_used for each in self.streams.values())
        share = (OTHERS_EVERY - 1) / OTHERS_EVERY if is_used else 1 / OTHERS_EVERY
        if lot == len(self.streams):
            share = 1.0
        return self._pace.next_ms(at_ms) + round(lot * self._pace.spacing_ms / share)


def _stretch(stream: Stream, written: Sequence[Written], *, to_ms: int, is_joined: bool) -> Stretch:
    """Give the stretch that a visit has read: from the visit before, or from its oldest message."""
    oldest_ms = min((each.event_ms for each in written), default=to_ms)
    from_ms = oldest_ms
    if is_joined and stream.read_to_ms is not None:
        from_ms = min(oldest_ms, stream.read_to_ms)
    return min(from_ms, to_ms), to_ms
