"""A simulated market -> Binance Futures' WebSocket and REST on loopback, its rules included."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from oddlot import errors, peer_groups, settings
from oddlot.settings import LOOPBACK
from sandbox import forums_server, providers, rest, sessions, wire
from sandbox.listings import listings_of
from sandbox.market import Market
from sandbox.tape import Tape, index_of

log = logging.getLogger(__name__)

HISTORY_MS = 15 * 60_000  # how much past the market has when it opens, memory permitting
MEMORY_TRADES = 500_000  # of all symbols: half an hour at the default rate, 45 MB
MAX_CONTROL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The exchange's limits; the defaults are Binance's own.

    Attributes
    ----------
    ping_s, pong_s : how often the server pings, and how long it waits for the answer.
    max_age_s : after which every connection is closed.
    max_streams : on one connection.
    messages_a_second : that a client may send.
    weight_a_minute : of REST requests.
    max_unsent_bytes : a client further behind is cut off.
    release_s : how often trades are sent.
    """

    ping_s: float = 180.0
    pong_s: float = 600.0
    max_age_s: float = 24 * 3_600.0
    max_streams: int = 200
    messages_a_second: int = 10
    weight_a_minute: int = 2_400
    max_unsent_bytes: int = 16 * 1024 * 1024
    release_s: float = 0.01


class Exchange:
    """Sends a tape to whoever subscribed; `muted` and `drop_all` are for trying failures out."""

    def __init__(self, tape: Tape, rules: Rules, closes: providers.Providers) -> None:
        self.tape = tape
        self.providers = closes
        self.rules = rules
        self.muted: set[str] = set()
        self.sessions: set[sessions.Session] = set()
        self.sessions_total = 0
        self.port = 0
        self._budget = rest.Budget(rules.weight_a_minute)
        self._streams = [wire.stream_of(each.symbol) for each in tape.market.listings]

    def release(self, now_ms: int) -> None:
        """Send everything that happened up to now."""
        audience = {stream: self._audience(stream) for stream in self._streams}
        for trades, rows in self.tape.release(now_ms):
            for listing, payload in wire.agg_trades(
                trades, rows, self.tape.market.listings, sent_ms=now_ms
            ):
                stream = self._streams[listing]
                combined, raw = audience[stream]
                if combined:
                    broadcast(combined, f'{{"stream":"{stream}","data":{payload}}}')
                if raw:
                    broadcast(raw, payload)
        self._cut_off_the_slow()

    def drop_all(self) -> None:
        """Break every connection without a closing handshake."""
        for session in self.sessions:
            session.connection.transport.abort()

    async def serve_client(self, connection: ServerConnection) -> None:
        """Hold one WebSocket connection until it ends or its time is up."""
        assert connection.request is not None
        target = sessions.target_of(connection.request.path)
        assert target is not None  # checked before the handshake
        self.sessions_total += 1
        session = sessions.Session(connection, target, number=self.sessions_total)
        self.sessions.add(session)
        try:
            async with asyncio.timeout(self.rules.max_age_s):
                await self._listen(session)
        except TimeoutError:
            await connection.close(1001, "a connection is valid for 24 hours")
        except ConnectionClosed:
            pass
        finally:
            self.sessions.discard(session)

    async def serve_request(
        self, connection: ServerConnection, request: Request
    ) -> Response | None:
        """Answer REST requests, refuse wrong addresses, let WebSocket handshakes through."""
        url = urlsplit(request.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if url.path == providers.DAILY:
            # In a thread: years of closes are made up, and the trades must not wait.
            daily = self.providers.binance
            return _response(await asyncio.to_thread(daily, query, self._budget, _now_ms()))
        if url.path.startswith("/fapi/"):
            return _response(
                rest.answer(url.path, query, tape=self.tape, budget=self._budget, now_ms=_now_ms())
            )
        if url.path.startswith(providers.PATHS):
            headers = {"Authorization": request.headers.get("Authorization", "")}
            answer = self.providers.answer
            return _response(await asyncio.to_thread(answer, url.path, query, headers, _now_ms()))
        if url.path.startswith("/sandbox/"):
            return _response(self._meddle(url.path, parse_qs(url.query)))
        target = sessions.target_of(request.path)
        if target is None:
            return connection.respond(
                HTTPStatus.NOT_FOUND, f"no such path: {url.path}; use /market or /public\n"
            )
        if len(target.streams) > self.rules.max_streams:
            return connection.respond(HTTPStatus.BAD_REQUEST, self._too_many_streams() + "\n")
        return None

    async def _listen(self, session: sessions.Session) -> None:
        async for frame in session.connection:
            if session.is_flooding(time.monotonic(), limit_a_second=self.rules.messages_a_second):
                await session.connection.close(1008, "too many messages a second")
                return
            answer = session.control(frame)
            if len(session.streams) > self.rules.max_streams:
                await session.connection.close(1008, self._too_many_streams())
                return
            await session.connection.send(wire.to_json(answer))

    def _audience(self, stream: str) -> tuple[list[ServerConnection], list[ServerConnection]]:
        """Find who hears a stream: with the combined envelope, and raw."""
        if stream in self.muted:
            return [], []
        listening = [session for session in self.sessions if session.hears(stream)]
        return (
            [session.connection for session in listening if session.combined],
            [session.connection for session in listening if not session.combined],
        )

    def _cut_off_the_slow(self) -> None:
        for session in self.sessions:
            transport = session.connection.transport
            if transport.get_write_buffer_size() > self.rules.max_unsent_bytes:
                log.warning("cut off a client that does not read")
                transport.abort()

    def _meddle(self, path: str, query: dict[str, list[str]]) -> rest.Answer:
        """Make something go wrong on purpose."""
        action = path.removeprefix("/sandbox/")
        if action == "drop":
            self.drop_all()
        elif action == "mute":
            self.muted.update(query.get("stream", self._streams))
        elif action == "unmute":
            self.muted.difference_update(query.get("stream", self._streams))
        elif action == "skip":
            listing = index_of(self.tape.market.listings, query.get("symbol", [""])[0])
            if listing is None:
                return rest.Answer(400, {"msg": "skip needs ?symbol= of a listed symbol"}, {})
            self.tape.market.skip_ids(listing, int(query.get("count", ["1"])[0]))
        elif action == "providers":
            return rest.Answer(200, self.providers.report(), {})
        elif action == "fail":
            provider, times = query.get("provider", [""])[0], query.get("count", ["1"])[0]
            self.providers.fail(provider, int(times))
        else:
            expected = "expected drop, mute, unmute, skip, providers or fail"
            return rest.Answer(404, {"msg": expected}, {})
        return rest.Answer(200, {}, {})

    def _too_many_streams(self) -> str:
        return f"at most {self.rules.max_streams} streams a connection"


@contextlib.asynccontextmanager
async def running(
    market: Market,
    *,
    rules: Rules | None = None,
    port: int = 0,
    history_ms: int = HISTORY_MS,
    closes: providers.Providers | None = None,
) -> AsyncIterator[Exchange]:
    """Serve a market on loopback while the block lasts; port 0 picks a free one."""
    tape = Tape(market, now_ms=_now_ms(), history_ms=history_ms, memory_trades=MEMORY_TRADES)
    closes = closes or providers.Providers(providers.universe_of((), market.listings, seed=1))
    exchange = Exchange(tape, rules or Rules(), closes)
    async with serve(
        exchange.serve_client,
        LOOPBACK,
        port,
        process_request=exchange.serve_request,
        compression=None,
        ping_interval=exchange.rules.ping_s,
        ping_timeout=exchange.rules.pong_s,
        max_size=MAX_CONTROL_BYTES,
        close_timeout=1,
        server_header=None,
    ) as server:
        exchange.port = server.sockets[0].getsockname()[1]
        releasing = asyncio.create_task(_release_forever(exchange))
        try:
            yield exchange
        finally:
            releasing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await releasing


async def _release_forever(exchange: Exchange) -> None:
    while True:
        exchange.release(_now_ms())
        await asyncio.sleep(exchange.rules.release_s)


def _response(answer: rest.Answer) -> Response:
    is_text = isinstance(answer.value, str)
    body = (answer.value if is_text else wire.to_json(answer.value)).encode()
    headers = Headers(
        {
            "Content-Type": "text/plain" if is_text else "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **answer.headers,
        }
    )
    return Response(answer.status, HTTPStatus(answer.status).phrase, headers, body)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def _main(knobs: settings.Settings) -> None:
    groups = peer_groups.load(knobs.peer_groups_dir)
    listings = listings_of(peer_groups.streaming_symbols(groups, "binance"))
    rate = knobs.sandbox_trades_per_s
    history_ms = min(HISTORY_MS, 1_000 * MEMORY_TRADES // rate)
    born_ms = _now_ms() - history_ms
    market = Market(listings, seed=knobs.sandbox_seed, trades_per_s=rate, born_ms=born_ms)
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    universe = providers.universe_of(groups, listings, seed=knobs.sandbox_seed)
    closes = providers.Providers(universe, providers.quotas_of(knobs))
    with forums_server.listen(knobs.sandbox_forums_port) as listener:
        async with running(
            market, port=knobs.sandbox_port, history_ms=history_ms, closes=closes
        ) as exchange:
            address = f"ws://{LOOPBACK}:{exchange.port}"
            count = len(listings)
            log.info("SIMULATED exchange on %s: %d symbols, %d trades/s", address, count, rate)
            await _until_stopped(forums_server.run_beside(knobs, listener, exchange), stopped)


async def _until_stopped(beside: Coroutine[None, None, None], stopped: asyncio.Event) -> None:
    """Run something beside the exchange until we are told to stop; its failure ends us as well."""
    stopping, besides = asyncio.create_task(stopped.wait()), asyncio.create_task(beside)
    await asyncio.wait({stopping, besides}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    besides.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await besides


def main() -> int:
    """Run until told to stop; the exit code says whether starting again can help."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for chatty in ("websockets", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)  # they tell every connection
    try:
        uvloop.run(_main(settings.load()))
    except errors.Oddlot as e:
        sys.stderr.write(f"sandbox: {e}\n")
        return os.EX_CONFIG
    except OSError as e:
        sys.stderr.write(f"sandbox: {e.strerror}; set ODDLOT_SANDBOX_PORT to a free port\n")
        return os.EX_CONFIG
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
