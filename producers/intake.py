"""Frames of all connections -> one bounded buffer of ticks and refused frames, cut in turn.

When it is full, connections stop reading: the venue's side of the socket waits, nothing is dropped.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from oddlot.contracts.messages import DeadLetter, Ticks
from oddlot.kafka import MAX_PAYLOAD_BYTES
from producers.batches import Batches, VenueClock
from producers.frames import Tick

MAX_LETTERS = 1_000  # refused frames waiting; a venue that sends only garbage is read slowly


@dataclass(frozen=True, slots=True)
class Cut:
    """What one cut takes out of the buffer; `arrival_ms` is that of the last frame in it."""

    ticks: list[Ticks]
    letters: list[DeadLetter]
    arrival_ms: int


class Intake:
    """The buffer between sockets and broker, and the counters of what went through it."""

    def __init__(self, origin: str, batches: Batches, *, limit: int) -> None:
        self.batches = batches
        self.trades_total = 0
        self.rejected_total = 0
        self.last_frame_ms: int | None = None
        self.lag_ms: int | None = None
        self._origin = origin
        self._limit = limit
        self._letters: list[DeadLetter] = []
        self._filled = asyncio.Event()
        self._filled_s = 0.0
        self._ripe = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def is_full(self) -> bool:
        """Whether whoever reads frames has to wait for `room`."""
        return not self._room.is_set()

    def add(self, tick: Tick, clock: VenueClock, *, arrival_ms: int) -> None:
        """Take a tick in; one that was published before is left out."""
        self.last_frame_ms = arrival_ms
        self.lag_ms = arrival_ms - tick.sent_ms
        if self.batches.add(tick, clock, arrival_ms=arrival_ms):
            self.trades_total += 1
        self._note_filled()
        if self.batches.is_ripe or self.batches.opened:
            self._ripe.set()
        if self.batches.size >= self._limit:
            self._room.clear()

    def reject(self, frame: bytes, reason: str, *, arrival_ms: int) -> None:
        """Take a refused frame in, for the dead letters."""
        self.last_frame_ms = arrival_ms
        self.rejected_total += 1
        self._letters.append(
            DeadLetter(
                origin=self._origin,
                reason=reason,
                payload=frame[:MAX_PAYLOAD_BYTES],
                sent_ms=arrival_ms,
            )
        )
        self._note_filled()
        if len(self._letters) >= MAX_LETTERS:
            self._room.clear()

    async def room(self) -> None:
        """Wait until there is room again."""
        await self._room.wait()

    async def filled(self) -> None:
        """Wait until there is something to cut."""
        await self._filled.wait()

    async def ripe(self, age_s: float) -> bool:
        """Wait until there is something to cut at once; say whether that is everything.

        It is where a batch is full or what came first is that old. Else some symbols have entered
        a new second: what closes their bars is not to wait.
        """
        left_s = self._filled_s + age_s - time.monotonic()
        if left_s <= 0:
            return True
        try:
            async with asyncio.timeout(left_s):
                await self._ripe.wait()
        except TimeoutError:
            return True
        return self.batches.is_ripe

    def cut(self, *, everything: bool = True) -> Cut:
        """Empty the buffer, or take out what closes bars."""
        ticks = self.batches.cut() if everything else self.batches.cut_opened()
        cut = Cut(ticks, self._letters, self.last_frame_ms or 0)
        self._letters = []
        self._ripe.clear()
        if not self.batches.size:
            self._filled.clear()
        if self.batches.size < self._limit:
            self._room.set()
        return cut

    def _note_filled(self) -> None:
        if not self._filled.is_set():
            self._filled_s = time.monotonic()
            self._filled.set()
