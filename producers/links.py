"""One WebSocket connection to Binance Futures -> ticks, until it breaks, with the reason why.

An acknowledged subscription proves nothing: a stream asked for on the wrong route is acknowledged
and stays silent. So each stream has a deadline for its first trade, and the whole connection one
for its silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from oddlot.errors import BadMessage, VenueUnavailable
from producers import frames, words
from producers.batches import VenueClock
from producers.frames import Tick
from producers.intake import Intake

MAX_HELD = 50_000  # ticks kept back from a new connection until its predecessor has gone
NAMED = 5  # silent symbols named in words; the rest are counted
LONGEST_ASK_S = 600.0  # between two attempts to wake a stream that never spoke
CHECKS = 10  # of the watchdog within its shortest deadline
LONGEST_CHECK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a connection is waited for.

    Attributes
    ----------
    connect_s : for the handshake.
    first_trade_s : for the first trade of a stream, before it is asked for again.
    silence_s : for any frame at all, before the connection counts as dead.
    renew_s : age at which a connection is replaced; the venue's limit is 24 h.
    overlap_s : longest time that the new connection runs beside the old one.
    first_backoff_s, last_backoff_s : between attempts to connect, before jitter.
    """

    connect_s: float = 10.0
    first_trade_s: float = 20.0
    silence_s: float = 15.0
    renew_s: float = 23.5 * 3_600
    overlap_s: float = 20.0
    first_backoff_s: float = 0.5
    last_backoff_s: float = 60.0


class Link:
    """One open connection; `reading` ends with VenueUnavailable when it breaks."""

    def __init__(
        self,
        socket: ClientConnection,
        symbols: Sequence[str],
        intake: Intake,
        *,
        patience: Patience,
        changed: Callable[[], None],
        is_held: bool = False,
    ) -> None:
        self.settled = asyncio.Event()  # every stream has spoken, or no more can be held back
        self._socket = socket
        self._symbols = frozenset(symbols)
        self._unspoken = set(symbols)
        self._left = frozenset[str]()  # their last frames may still be on the way
        self._intake = intake
        self._patience = patience
        self._changed = changed
        self._clock = VenueClock()
        self._held: list[tuple[Tick, int]] | None = [] if is_held else None
        self._opened_s = self._heard_s = self._asked_s = time.monotonic()
        self._is_waiting = False
        self._verdict = ""
        self._asks = 0
        self._controls = itertools.count(1)
        self._next_ask_s = patience.first_trade_s
        self._released = asyncio.Event()
        self.reading = asyncio.create_task(self._run())
        # Not every end is waited for; asyncio complains about errors that nobody has looked at.
        self.reading.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def age_s(self) -> float:
        """How long it has been open."""
        return time.monotonic() - self._opened_s

    @property
    def is_silent(self) -> bool:
        """Whether no stream has brought a trade yet."""
        return len(self._unspoken) == len(self._symbols)

    @property
    def complaint(self) -> str:
        """Which streams have not brought a trade, once their deadline has passed; or nothing."""
        if self._waited_s < self._patience.first_trade_s or not self._unspoken:
            return ""
        named = ", ".join(sorted(self._unspoken)[:NAMED])
        more = f" and {len(self._unspoken) - NAMED} more" if len(self._unspoken) > NAMED else ""
        count = f"{len(self._unspoken)} of {len(self._symbols)} streams"
        return (
            f"no trade in {self._waited_s:.0f} s from {count}: {named}{more}; asked for them again"
        )

    async def follow(self, symbols: Sequence[str]) -> None:
        """Listen to other symbols; those that stay go on undisturbed."""
        wanted = frozenset(symbols)
        new, gone = wanted - self._symbols, self._symbols - wanted
        self._left = (self._left | gone) - wanted
        self._symbols = wanted
        self._unspoken = (self._unspoken - gone) | new
        if not self._unspoken:
            self.settled.set()
        if new:
            self._asked_s, self._asks = time.monotonic(), 0
            self._next_ask_s = self._patience.first_trade_s
        await self._control("UNSUBSCRIBE", gone)
        await self._control("SUBSCRIBE", new)

    def release(self) -> None:
        """Let out what was held back; from now on ticks go straight through."""
        held, self._held = self._held or [], None
        for tick, arrival_ms in held:
            self._intake.add(tick, self._clock, arrival_ms=arrival_ms)
        self._released.set()

    async def finish(self) -> None:
        """Close, and take in what has arrived until then."""
        await self._socket.close()
        await asyncio.wait({self.reading})

    async def abandon(self) -> None:
        """Break off at once."""
        self.reading.cancel()
        await asyncio.wait({self.reading})
        self._socket.transport.abort()

    @property
    def _waited_s(self) -> float:
        """How long ago the newest streams were asked for."""
        return time.monotonic() - self._asked_s

    async def _run(self) -> None:
        watching = asyncio.create_task(self._watch())
        try:
            await self._read()
        except ConnectionClosed as e:
            raise VenueUnavailable(self._verdict or words.plain_words(e)) from e
        finally:
            watching.cancel()

    async def _read(self) -> None:
        while True:
            frame = await self._socket.recv(decode=False)
            self._take(frame, time.time_ns() // 1_000_000)
            if self._intake.is_full:
                await self._wait(self._intake.room())
            if self._held is not None and len(self._held) >= MAX_HELD:
                self.settled.set()
                await self._wait(self._released.wait())

    def _take(self, frame: bytes, arrival_ms: int) -> None:
        try:
            tick = frames.read(frame)
            if tick is None:
                return  # an acknowledgement, which proves nothing
            self._heard_s = time.monotonic()
            if tick.symbol in self._left:
                return
            if tick.symbol not in self._symbols:
                raise BadMessage(f"expected a symbol that was asked for, was {tick.symbol!r}")
        except BadMessage as e:
            self._heard_s = time.monotonic()
            self._intake.reject(frame, str(e), arrival_ms=arrival_ms)
            return
        if tick.symbol in self._unspoken:
            self._note(tick.symbol)
        if self._held is None:
            self._intake.add(tick, self._clock, arrival_ms=arrival_ms)
        else:
            self._held.append((tick, arrival_ms))

    def _note(self, symbol: str) -> None:
        """Note the first trade of a stream."""
        had_complaint = bool(self.complaint)
        is_first = self.is_silent
        self._unspoken.discard(symbol)
        if not self._unspoken:
            self.settled.set()
        if is_first or had_complaint:
            self._changed()

    async def _wait(self, room: Awaitable[object]) -> None:
        """Stop reading; our own pause is not the venue's silence."""
        self._is_waiting = True
        await room
        self._heard_s = time.monotonic()
        self._is_waiting = False

    async def _watch(self) -> None:
        """Give silent streams another try, and up on a silent connection."""
        patience = self._patience
        shortest_s = min(patience.silence_s, patience.first_trade_s)
        while True:
            await asyncio.sleep(min(shortest_s / CHECKS, LONGEST_CHECK_S))
            if self._is_waiting:
                continue
            silence_s = time.monotonic() - self._heard_s
            if silence_s > patience.silence_s:
                self._verdict = self._silence_in_words(silence_s)
                self._socket.transport.abort()
                return
            if self._unspoken and self._waited_s > self._next_ask_s:
                await self._ask_again()

    def _silence_in_words(self, silence_s: float) -> str:
        if self.is_silent:
            return (
                f"connected, but none of {len(self._symbols)} streams brought a trade within "
                f"{silence_s:.0f} s; the route may be wrong"
            )
        return f"no frame for {silence_s:.0f} s"

    async def _ask_again(self) -> None:
        """Unsubscribe and subscribe the streams that never spoke; the others go on undisturbed."""
        self._asks += 1
        wait_s = min(self._patience.first_trade_s * 2**self._asks, LONGEST_ASK_S)
        self._next_ask_s = self._waited_s + wait_s
        unspoken = frozenset(self._unspoken)
        for method in ("UNSUBSCRIBE", "SUBSCRIBE"):
            await self._control(method, unspoken)
        self._changed()

    async def _control(self, method: str, symbols: Collection[str]) -> None:
        if not symbols:
            return
        streams = [stream_of(symbol) for symbol in sorted(symbols)]
        control = {"method": method, "params": streams, "id": next(self._controls)}
        with contextlib.suppress(ConnectionClosed):  # the reader will tell
            await self._socket.send(msgspec.json.encode(control).decode())


def stream_of(symbol: str) -> str:
    """Name the stream of a symbol's aggregate trades."""
    return f"{symbol.lower()}@aggTrade"
