"""Recorded captures -> market.ticks, through the parser and the batches of the live frames."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import INTERVAL_MS, DeadLetter
from oddlot.contracts.topics import Topic
from oddlot.errors import BadMessage, BadRequest
from oddlot.kafka import MAX_PAYLOAD_BYTES, Publisher
from oddlot.settings import Settings
from producers import frames
from producers.batches import Batches, VenueClock
from producers.captures import Capture, Line
from producers.frames import Tick

ORIGIN = "replay"
# A cut waits for as much venue time as passes in the live cut's age, at most for a second of it.
LONGEST_CUT_MS = 1_000
# The longest interval: a watermark on the next multiple of it closes every open bar.
LONGEST_INTERVAL_MS = max(INTERVAL_MS.values())
MAX_LETTERS = 500  # refused lines waiting to be published
BREATH_LINES = 1_000  # between two chances for others to run


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a replay is.

    Attributes
    ----------
    bytes_read, bytes_total : of the files as they lie on disk.
    trades : published so far.
    rejected : lines refused so far.
    event_ms : venue time of the last trade published, None before the first.
    """

    bytes_read: int
    bytes_total: int
    trades: int
    rejected: int
    event_ms: int | None


class Replay:
    """The files of one replay and how far they have been published."""

    def __init__(
        self,
        captures: Sequence[Capture],
        publisher: Publisher,
        settings: Settings,
        *,
        speed: float | None,
    ) -> None:
        self._captures = captures
        self._publisher = publisher
        self._batches = Batches("replay", cut_trades=settings.tick_cut_trades)
        self._speed = speed
        self._cut_ms = min(settings.tick_cut_ms * (speed or math.inf), LONGEST_CUT_MS)
        self._cut_after_ms = 0.0
        self._clock = VenueClock()
        self._started_s = time.monotonic()
        self._first_ms: int | None = None
        self._newest_ms = 0
        self._letters: list[DeadLetter] = []
        self._trades = 0
        self._rejected = 0

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return Progress(
            bytes_read=sum(capture.bytes_read for capture in self._captures),
            bytes_total=sum(capture.bytes_total for capture in self._captures),
            trades=self._trades,
            rejected=self._rejected,
            event_ms=self._newest_ms or None,
        )

    async def run(self, tell: Callable[[Progress], None], *, close: bool) -> None:
        """Publish everything in the order of the venue's trade times."""
        for _, item in heapq.merge(*map(_items, self._captures), key=lambda item: item[0]):
            if isinstance(item, Tick):
                await self._take(item, tell)
            elif item is None:
                await asyncio.sleep(0)  # lets others run, and Ctrl-C through
                tell(self.progress)
            else:
                self._rejected += 1
                self._letters.append(item)
                if len(self._letters) >= MAX_LETTERS:
                    await self._publish_letters()
        await self._cut()
        if self._first_ms is not None:
            # No bar that the files do not prove to be over is closed, unless asked to.
            newest_ms = self._newest_ms
            end_ms = (newest_ms // LONGEST_INTERVAL_MS + 1) * LONGEST_INTERVAL_MS
            await self._publish(
                topics.TICKS, self._batches.watermarks(end_ms if close else newest_ms)
            )
        tell(self.progress)

    async def _take(self, tick: Tick, tell: Callable[[Progress], None]) -> None:
        """Add one tick; before it, publish what has gathered, if that is due."""
        if self._first_ms is None:
            self._first_ms = tick.event_ms
        is_due = tick.event_ms >= self._cut_after_ms or self._batches.is_ripe
        if self._batches.size and is_due:
            await self._cut()
            tell(self.progress)
        if not self._batches.size:
            self._cut_after_ms = tick.event_ms + self._cut_ms
            await self._pace(tick.event_ms - self._first_ms)
        self._trades += self._batches.add(tick, self._clock, arrival_ms=_now_ms())
        self._newest_ms = max(self._newest_ms, tick.event_ms)

    async def _pace(self, event_ms: int) -> None:
        """Wait until the venue's time, sped up, has reached this far from the first trade."""
        if self._speed is not None:
            due_s = self._started_s + event_ms / 1_000 / self._speed
            await asyncio.sleep(due_s - time.monotonic())

    async def _cut(self) -> None:
        await self._publish(topics.TICKS, self._batches.cut())
        await self._publish_letters()

    async def _publish_letters(self) -> None:
        letters, self._letters = self._letters, []
        await self._publish(topics.DEAD_LETTERS, letters)

    async def _publish(self, topic: Topic[M], messages: Sequence[M]) -> None:
        await self._publisher.publish(topic, messages, arrival_ms=_now_ms())


async def run(
    files: Sequence[Path],
    *,
    speed: float | None,
    settings: Settings,
    publisher: Publisher,
    progress: Callable[[Progress], None] = lambda _: None,
    close: bool = False,
) -> Progress:
    """Publish recorded captures; several files are merged by the venue's time.

    Parameters
    ----------
    files : raw captures, gzip or not.
    speed : 1 is the pace of the recording, N is N times it, None as fast as possible.
    settings : how batches are cut.
    publisher : where to.
    progress : told after every cut.
    close : close all bars at the end, also those that the files do not prove to be over.

    Raises
    ------
    BadRequest
        If the speed is not positive.
    BadCapture
        If a file is no capture; nothing has been published then.
    BrokerUnavailable
        If the broker stops acknowledging.
    """
    if speed is not None and not 0 < speed < math.inf:
        raise BadRequest(f"speed: expected a positive number or none at all, was {speed}")
    with contextlib.ExitStack() as open_files:
        captures = [open_files.enter_context(Capture(path)) for path in files]
        replay = Replay(captures, publisher, settings, speed=speed)
        await replay.run(progress, close=close)
        return replay.progress


def _items(capture: Capture) -> Iterator[tuple[int, Tick | DeadLetter | None]]:
    """Give a file's ticks and refused lines with the trade time reached, and None now and then."""
    event_ms = 0
    for line in capture.lines():
        if line.number % BREATH_LINES == 0:
            yield event_ms, None
        try:
            if line.error:
                raise BadMessage(line.error)
            tick = frames.read(line.frame)
        except BadMessage as e:
            yield event_ms, _letter(capture, line, str(e))
            continue
        if tick is not None:
            event_ms = tick.event_ms
            yield event_ms, tick


def _letter(capture: Capture, line: Line, reason: str) -> DeadLetter:
    return DeadLetter(
        origin=ORIGIN,
        reason=f"{capture.path.name}, line {line.number}: {reason}",
        payload=line.frame[:MAX_PAYLOAD_BYTES],
        sent_ms=_now_ms(),
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
