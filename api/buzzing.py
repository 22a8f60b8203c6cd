"""signals.buzz, social.scans and the store -> the last hours of buzz, in memory, always there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from api.buzz_hours import SPARK_HOURS, Coverage, Hours, Window, told_by_key
from api.buzz_store import BuzzStore
from api.live import now_ms as our_clock
from oddlot import errors
from oddlot.contracts.messages import Buzz, Crowd, ForumScan, Message
from oddlot.contracts.topics import HOUR_MS
from oddlot.store.buzz_reader import MAX_PLACES, PlaceScan

log = logging.getLogger(__name__)

KEPT_HOURS = 49  # so that each hour of the last day has its own day before it
MEASURE_S = 30.0  # between two looks at how much was read, and who told the moods
FILL_EVERY_MS = 600_000  # whatever was missed while the broker was away
RETRY_S = 2.0  # between two attempts to read a store that is away
TAKEN_AT_ONCE = 2_000  # rows of the store: some milliseconds
MAX_PAST = 8  # older hours that are kept; each has a day of rows
FRESH_MS = 60_000  # age up to which an older hour is not read again


@dataclass(slots=True, kw_only=True)
class _Past:
    window: Window | None = None
    error: errors.StoreUnavailable | None = None
    reading: asyncio.Task[None] | None = None


class Buzzing:
    """Knows the last hours of every crowd; reads older ones when they are asked for."""

    def __init__(self, store: BuzzStore, clock: Callable[[], int] = our_clock) -> None:
        self.window = Window(hours=Hours(KEPT_HOURS))
        self.places: dict[tuple[str, str], PlaceScan] = {}
        self.trouble: str | None = "the store has not answered yet"
        self._store = store
        self.clock = clock
        self._filled_ms: int | None = None
        self._past: dict[int, _Past] = {}

    def hear(self, message: Message) -> None:
        """Take in a message of any topic."""
        match message:
            case Buzz():
                if message.hour_ms <= self.clock():  # a wrong clock must not hide the present
                    self.window.hours.take(message)
            case ForumScan():
                is_read = message.state == "read"
                self._place(
                    PlaceScan(scan=message, read_ms=message.scanned_ms if is_read else None)
                )

    async def run(self) -> None:
        """Keep up with the store until cancelled."""
        while True:
            try:
                await self._keep_up()
            except errors.StoreUnavailable as e:
                log.info("no buzz from the store: %s", e)
                self.trouble = str(e)
            await asyncio.sleep(RETRY_S if self.trouble else MEASURE_S)

    async def at(self, hour_ms: int | None) -> Window:
        """Give the hours up to one; None stands for the newest, which never waits.

        Raises StoreUnavailable where an older hour was never read and cannot be.
        """
        if hour_ms is None or self.window.hours.holds(hour_ms):
            return self.window
        past = self._past_of(hour_ms)
        window = past.window
        if past.reading is None and (window is None or self.clock() - window.read_ms > FRESH_MS):
            past.reading = asyncio.create_task(self._read_past(hour_ms, past))
        if window is None and past.reading is not None:
            await asyncio.wait([past.reading])  # another one may wait for it, too
            window = past.window
        if window is None:
            assert past.error is not None
            raise past.error
        return window

    def read_ms(self, crowd: Crowd) -> int | None:
        """Tell when a place of a crowd was read the last time."""
        read = (
            place.read_ms
            for place in self.places.values()
            if crowd in ("all", place.scan.forum) and place.read_ms is not None
        )
        return max(read, default=None)

    async def close(self) -> None:
        """Cut off what is being read."""
        reading = [past.reading for past in self._past.values() if past.reading is not None]
        for task in reading:
            task.cancel()
        if reading:
            await asyncio.wait(reading)

    async def _keep_up(self) -> None:
        now_ms = self.clock()
        is_due = self._filled_ms is None or now_ms - self._filled_ms >= FILL_EVERY_MS
        if is_due:
            await self._fill(now_ms)
        newest_ms = self.window.hours.newest_ms
        if newest_ms is not None:
            # Moods of older hours change only by posts that come late.
            await self._measure(newest_ms, hours=KEPT_HOURS if is_due else 2)
        self._filled_ms = now_ms if is_due else self._filled_ms
        self.trouble = None

    async def _fill(self, now_ms: int) -> None:
        for place in await self._store.ask(lambda reader: reader.scans()):
            self._place(place)
        newest_ms = await self._store.ask(lambda reader: reader.newest_hour_ms(now_ms))
        if newest_ms is None:
            return
        first_ms = newest_ms - (KEPT_HOURS - 1) * HOUR_MS
        rows = await self._store.ask(lambda reader: reader.hours(first_ms, now_ms))
        for i in range(0, len(rows), TAKEN_AT_ONCE):
            for row in rows[i : i + TAKEN_AT_ONCE]:
                self.window.hours.take(row)
            await asyncio.sleep(0)  # others want to be answered meanwhile

    async def _measure(self, newest_ms: int, *, hours: int) -> None:
        end_ms = newest_ms + HOUR_MS
        first_ms = end_ms - KEPT_HOURS * HOUR_MS
        told_ms = end_ms - hours * HOUR_MS
        read = await self._store.ask(lambda reader: reader.covered(first_ms, end_ms))
        told = await self._store.ask(lambda reader: reader.moods(told_ms, end_ms))
        kept = {key: each for key, each in self.window.moods.items() if key[2] >= first_ms}
        self.window = replace(
            self.window, coverage=Coverage(read), moods={**kept, **told_by_key(told)}
        )

    def _past_of(self, hour_ms: int) -> _Past:
        if hour_ms not in self._past and len(self._past) >= MAX_PAST:
            idle = next((h for h, past in self._past.items() if past.reading is None), None)
            if idle is None:
                return _Past()
            del self._past[idle]
        return self._past.setdefault(hour_ms, _Past())

    async def _read_past(self, hour_ms: int, past: _Past) -> None:
        first_ms, end_ms = hour_ms - (SPARK_HOURS - 1) * HOUR_MS, hour_ms + HOUR_MS
        try:
            rows = await self._store.ask(lambda reader: reader.hours(first_ms, end_ms))
            read = await self._store.ask(lambda reader: reader.covered(first_ms, end_ms))
            told = await self._store.ask(lambda reader: reader.moods(hour_ms, end_ms))
        except errors.StoreUnavailable as e:
            past.error = e
        else:
            past.window = Window(
                hours=Hours(SPARK_HOURS, rows),
                coverage=Coverage(read),
                moods=told_by_key(told),
                read_ms=self.clock(),
            )
        finally:
            past.reading = None

    def _place(self, place: PlaceScan) -> None:
        """Keep the newest of every place; what was known of its last reading stays known."""
        key = (place.scan.forum, place.scan.place)
        before = self.places.get(key)
        if before is None and len(self.places) >= MAX_PLACES:
            return
        read = [each.read_ms for each in (before, place) if each and each.read_ms is not None]
        newest = place
        if before is not None and before.scan.scanned_ms > place.scan.scanned_ms:
            newest = before
        self.places[key] = replace(newest, read_ms=max(read, default=None))
