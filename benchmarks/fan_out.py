"""How a fan-out to many WebSocket clients fares: encoded once, against encoded for each client.

Run it with `python -m benchmarks.fan_out`; it takes under a minute. Three servers take turns with
the same messages and the same clients: the API itself, fed by stand-in topics; the way of
most tutorials, `send_json` for each client; and that with uvicorn's own default, which compresses.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from typing import NoReturn

import numpy as np
import psutil
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from api.app import make_app
from api.stream import MAX_COMMAND_BYTES
from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.messages import Bar
from oddlot.kafka import Record
from oddlot.local import ports
from oddlot.settings import LOOPBACK, Settings, load

CLIENTS = 500
MESSAGES_PER_S = 20
MEASURED_S = 10.0
WARM_UP_S = 1.5
CHANNEL = "bars:BTCUSDT:1s"
READY_DEADLINE_S = 20.0
DEFLATE_TAIL = b"\x00\x00\xff\xff"  # RFC 7692 leaves it off the wire
STAMP = re.compile(rb'"arrival_ms":(\d+)')  # microseconds in this benchmark
MODES = ("encoded once", "for each client", "for each client, compressed")


@dataclass(frozen=True)
class Result:
    mode: str
    messages: int
    p50_ms: float
    p99_ms: float
    cpu_us: float  # of the server, a message delivered


def main() -> int:
    """Measure the three servers in turn."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * CLIENTS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4 * CLIENTS, hard), hard))
    results = [measure(mode) for mode in MODES]
    print(f"{CLIENTS} clients, {MESSAGES_PER_S} messages/s, {MEASURED_S:.0f} s each\n")
    print(
        f"{'':28}{'delivered':>10}{'p50 ms':>9}{'p99 ms':>9}{'core':>8}{'us each':>9}{'ratio':>8}"
    )
    for result in results:
        print(
            f"{result.mode:28}{result.messages:>10}{result.p50_ms:>9.1f}{result.p99_ms:>9.1f}"
            f"{result.cpu_us * result.messages / 1e6 / MEASURED_S:>8.0%}{result.cpu_us:>9.1f}"
            f"{result.cpu_us / results[0].cpu_us:>7.2f}x"
        )
    return 0


def measure(mode: str) -> Result:
    """Run a server and its clients."""
    with server(mode) as (process, port):
        return asyncio.run(listen_to(mode, process, port))


async def listen_to(mode: str, process: psutil.Process, port: int) -> Result:
    """Let all clients listen; count what came and how long it took."""
    loop = asyncio.get_running_loop()
    delays_us: list[int] = []
    listeners = []
    for _ in range(CLIENTS):
        _, listener = await loop.create_connection(
            lambda: Listener(delays_us, compressed=mode == MODES[2]), LOOPBACK, port
        )
        listeners.append(listener)
    await asyncio.sleep(WARM_UP_S)
    delays_us.clear()
    before = process.cpu_times()
    await asyncio.sleep(MEASURED_S)
    after = process.cpu_times()
    found = np.array(delays_us) / 1_000
    for listener in listeners:
        listener.close()
    return Result(
        mode=mode,
        messages=len(found),
        p50_ms=float(np.percentile(found, 50)),
        p99_ms=float(np.percentile(found, 99)),
        cpu_us=1e6 * (after.user + after.system - before.user - before.system) / len(found),
    )


class Listener(asyncio.Protocol):
    """A WebSocket client that costs next to nothing, so that the server is what is measured."""

    def __init__(self, delays_us: list[int], *, compressed: bool) -> None:
        self._delays_us = delays_us
        self._compressed = compressed
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._buffer = b""
        self._is_open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if self._compressed else ""
        transport.write(
            f"GET /stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{extension}\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take the stamps out of every whole frame."""
        now_us = time.time_ns() // 1_000
        self._buffer += data
        if not self._is_open:
            if b"\r\n\r\n" not in self._buffer:
                return
            self._buffer = self._buffer.partition(b"\r\n\r\n")[2]
            self._is_open = True
            self._subscribe()
        for payload in self._frames():
            self._delays_us += [now_us - int(stamp) for stamp in STAMP.findall(payload)]

    def close(self) -> None:
        """Go without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _subscribe(self) -> None:
        command = f'{{"op":"subscribe","channels":["{CHANNEL}"]}}'.encode()
        assert self._transport is not None
        # Masked with zeros, which changes nothing.
        self._transport.write(bytes([0x81, 0x80 | len(command)]) + bytes(4) + command)

    def _frames(self) -> Iterator[bytes]:
        while len(self._buffer) >= 4:
            size, start = self._buffer[1], 2
            if size == 126:
                (size,), start = struct.unpack_from(">H", self._buffer, 2), 4
            elif size == 127:
                if len(self._buffer) < 10:
                    return
                (size,), start = struct.unpack_from(">Q", self._buffer, 2), 10
            if len(self._buffer) < start + size:
                return
            payload = self._buffer[start : start + size]
            is_compressed = self._buffer[0] & 0x40
            self._buffer = self._buffer[start + size :]
            yield self._inflate.decompress(payload + DEFLATE_TAIL) if is_compressed else payload


@contextlib.contextmanager
def server(mode: str) -> Iterator[tuple[psutil.Process, int]]:
    """Run a server in a process of its own; ready on entry."""
    port = ports.free_port()
    with subprocess.Popen([sys.executable, "-m", "benchmarks.fan_out", mode, str(port)]) as process:
        try:
            give_up_s = time.monotonic() + READY_DEADLINE_S
            while not is_listening(port):
                assert process.poll() is None, f"the server ended with code {process.returncode}"
                assert time.monotonic() < give_up_s, "the server did not start"
                time.sleep(0.05)
            yield psutil.Process(process.pid), port
        finally:
            process.kill()


def is_listening(port: int) -> bool:
    """Tell whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def serve(mode: str, port: int) -> None:
    """Serve one of the three ways until killed."""
    uvicorn.run(
        make_app(load(), connect=no_store, follow=follow) if mode == MODES[0] else naive_app(),
        host=LOOPBACK,
        port=port,
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=MAX_COMMAND_BYTES,
        ws_per_message_deflate=mode == MODES[2],
    )


async def no_store(_settings: Settings) -> NoReturn:
    """Stand for a store that nobody asks."""
    raise errors.StoreUnavailable("no store in this benchmark")


@contextlib.asynccontextmanager
async def follow(_start_ms: int) -> AsyncIterator[Ticker]:
    """Stand for the topics."""
    yield Ticker()


class Pace:
    """Even steps, catching up where one came late."""

    def __init__(self) -> None:
        self._next_s = time.monotonic()

    async def next(self) -> None:
        """Wait for the next step."""
        self._next_s += 1 / MESSAGES_PER_S
        await asyncio.sleep(max(0.0, self._next_s - time.monotonic()))


class Ticker:
    """Gives one bar after the other, at an even pace."""

    def __init__(self) -> None:
        self._count = 0
        self._pace = Pace()

    async def read(self, *, limit: int, wait_ms: int) -> list[Record]:
        """Give the next bar, stamped in microseconds."""
        del limit, wait_ms
        await self._pace.next()
        self._count += 1
        payload = topics.BARS.codec.encode(bar(self._count))
        return [Record(topics.BARS, 0, self._count, time.time_ns() // 1_000, payload)]  # type: ignore[arg-type]

    async def lag(self) -> int:
        """Be never behind."""
        return 0


def naive_app() -> FastAPI:
    """Send as most tutorials do: a list of sockets, and each message encoded for each of them."""
    app = FastAPI()
    clients: list[WebSocket] = []
    tasks: set[asyncio.Task[None]] = set()

    async def broadcast() -> None:
        count, pace = 0, Pace()
        while True:
            await pace.next()
            count += 1
            message = asdict(bar(count)) | {
                "arrival_ms": time.time_ns() // 1_000,
                "published_ms": time.time_ns() // 1_000_000,
            }
            frame = {"type": "update", "channel": CHANNEL, "seq": count, "data": [message]}
            for client in list(clients):
                await client.send_json(frame)

    @app.websocket("/stream")
    async def stream(client: WebSocket) -> None:
        await client.accept()
        clients.append(client)
        if not tasks:
            tasks.add(asyncio.create_task(broadcast()))
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await client.receive_text()
        clients.remove(client)

    return app


def bar(number: int) -> Bar:
    """Make a bar as long as real ones are."""
    return Bar(
        symbol="BTCUSDT",
        interval="1s",
        open_ms=1_700_000_000_000 + 1_000 * number,
        open=55_012.3,
        high=55_040.1,
        low=55_001.7,
        close=55_031.9,
        volume=12.408,
        quote_volume=682_934.1172,
        taker_buy_volume=5.917,
        trades=318,
        first_id=2_266_151_018,
        last_id=2_266_151_336,
        complete=True,
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(sys.argv[1], int(sys.argv[2]))
    else:
        raise SystemExit(main())
