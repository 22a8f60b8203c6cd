"""A set of streams -> kept connected: reconnects with backoff, renews before the venue's limit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from oddlot.errors import VenueUnavailable
from oddlot.settings import LOOPBACK
from producers import words
from producers.intake import Intake
from producers.links import Link, Patience, stream_of

log = logging.getLogger(__name__)

ROUTE = "/market"  # where aggregate trades are, since the venue split its routes in April 2026
MAX_STREAMS = 200  # on one connection, the venue's limit
MAX_FRAME_BYTES = 64 * 1024
QUEUED_FRAMES = 1_024  # between the socket and us; beyond that the socket is not read
PING_S = 20.0
LOOPBACKS = (LOOPBACK, "localhost", "::1")  # no proxy reaches the sandbox
CONNECT_ERRORS = (OSError, TimeoutError, WebSocketException)
BANS = (418, 429)  # HTTP statuses: whoever goes on asking is banned for longer
BAN_WAIT_S = 60.0


class Line:
    """Up to 200 streams of one feed; `detail` says in words how they are."""

    def __init__(
        self,
        url: str,
        symbols: Sequence[str],
        intake: Intake,
        *,
        patience: Patience,
        rng: random.Random,
        changed: Callable[[], None],
        route: str = ROUTE,
    ) -> None:
        assert len(symbols) <= MAX_STREAMS, f"at most {MAX_STREAMS} streams, was {len(symbols)}"
        self.symbols = tuple(symbols)
        self.reconnects = 0
        self._host = urlsplit(url).hostname or url
        self._url = f"{url.rstrip('/')}{route}/stream?streams="
        self._intake = intake
        self._patience = patience
        self._rng = rng
        self._changed = changed
        self._least_wait_s = 0.0
        self._link: Link | None = None
        self._next: Link | None = None
        self._trouble = f"connecting to {self._host}"

    @property
    def is_connected(self) -> bool:
        """Whether frames are expected to arrive."""
        return self._link is not None

    @property
    def detail(self) -> str:
        """What is wrong and what is being done about it; empty if all is well."""
        if self._link is None:
            return self._trouble
        silence = f"connected to {self._host}, no trade yet" if self._link.is_silent else ""
        complaint = self._link.complaint or silence
        return "; ".join(filter(None, [complaint, self._trouble]))

    async def follow(self, symbols: Sequence[str]) -> None:
        """Have other streams, on the connections there are, and on those to come."""
        assert len(symbols) <= MAX_STREAMS, f"at most {MAX_STREAMS} streams, was {len(symbols)}"
        self.symbols = tuple(symbols)
        for link in (self._link, self._next):
            if link is not None:
                await link.follow(self.symbols)
        self._changed()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        failures = 0
        while True:
            try:
                link = await self._open(is_held=False)
                self._say(link, "")
                try:
                    await self._stay_on(link)
                finally:
                    await self._hang_up()
            except VenueUnavailable as e:
                was = self._link
                lasted = was is not None and was.age_s > self._patience.last_backoff_s
                failures = 0 if lasted else failures + 1
                wait_s = self._backoff_s(failures)
                self._say(None, f"{e}; trying again in {wait_s:.1f} s")
                await asyncio.sleep(wait_s)
                self.reconnects += 1

    async def _stay_on(self, link: Link) -> None:
        """Read a connection and its successors; raise VenueUnavailable when one breaks."""
        while True:
            renewing = asyncio.create_task(self._renew(link))
            try:
                await asyncio.wait({link.reading, renewing}, return_when=asyncio.FIRST_COMPLETED)
                if renewing.done():
                    renewing.result()  # a bug in there must not pass
                    await link.finish()
            finally:
                renewing.cancel()
                await asyncio.wait({renewing})
            successor, self._next = self._next, None
            if successor is None:
                await link.reading  # raises what broke it
                raise AssertionError("a connection is read until it breaks")
            successor.release()
            log.info("%s: the new connection has taken over", self._host)
            self._say(successor, "")
            link = successor

    async def _renew(self, link: Link) -> None:
        """Once the connection is old, bring up its successor, ready to take over."""
        # Several lines are not renewed all at the same moment.
        await asyncio.sleep(self._patience.renew_s * self._rng.uniform(0.95, 1.0) - link.age_s)
        failures = 0
        while True:
            try:
                self._next = await self._open(is_held=True)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._patience.overlap_s):
                        await self._settled(self._next)
            except VenueUnavailable as e:
                self._next = None
                failures += 1
                wait_s = self._backoff_s(failures)
                self._say(link, f"cannot renew the connection: {e}; again in {wait_s:.1f} s")
                await asyncio.sleep(wait_s)
            else:
                return

    async def _settled(self, link: Link) -> None:
        """Wait until every stream has spoken; raise what broke the connection before."""
        settled = asyncio.create_task(link.settled.wait())
        try:
            await asyncio.wait({link.reading, settled}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            settled.cancel()
        if link.reading.done():
            await link.reading

    async def _open(self, *, is_held: bool) -> Link:
        symbols = self.symbols
        try:
            socket = await connect(
                self._url + "/".join(map(stream_of, symbols)),
                open_timeout=self._patience.connect_s,
                close_timeout=self._patience.connect_s,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                compression=None,
                proxy=None if self._host in LOOPBACKS else True,
                max_size=MAX_FRAME_BYTES,
                max_queue=QUEUED_FRAMES,
            )
            self._least_wait_s = 0.0
        except CONNECT_ERRORS as e:
            if isinstance(e, InvalidStatus) and e.response.status_code in BANS:
                self._least_wait_s = BAN_WAIT_S
            raise VenueUnavailable(f"cannot reach {self._host}: {words.plain_words(e)}") from e
        link = Link(
            socket,
            symbols,
            self._intake,
            patience=self._patience,
            changed=self._changed,
            is_held=is_held,
        )
        if symbols != self.symbols:  # they changed while it was opened
            await link.follow(self.symbols)
        return link

    async def _hang_up(self) -> None:
        for link in (self._link, self._next):
            if link is not None:
                await link.abandon()
        self._next = None

    def _backoff_s(self, failures: int) -> float:
        doubled_s = self._patience.first_backoff_s * 2.0 ** min(failures, 16)
        wait_s = min(doubled_s, self._patience.last_backoff_s) * self._rng.uniform(0.5, 1.0)
        return max(wait_s, self._least_wait_s)

    def _say(self, link: Link | None, trouble: str) -> None:
        self._link = link
        self._trouble = trouble
        if trouble:
            log.warning("%s", trouble)
        else:
            log.info("connected to %s: %d streams", self._host, len(self.symbols))
        self._changed()
