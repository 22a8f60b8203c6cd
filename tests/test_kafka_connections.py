"""A connection to Kafka whose transport is closed breaks as aiokafka expects, on either loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiokafka.conn
import pytest
import uvloop
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from oddlot.kafka import connections
from oddlot.settings import LOOPBACK
from tests.waiting import until

VERSIONS = {MetadataRequest([]).API_KEY: (0, 1)}


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Any], None]:
    return request.param  # type: ignore[no-any-return]


@contextlib.asynccontextmanager
async def connected(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Give a connection as aiokafka's clients make it."""
    gone = asyncio.Event()

    async def hang_up_after_it(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()
        gone.set()

    async def ask_nothing(self: Any) -> None:
        self._versions = VERSIONS

    monkeypatch.setattr(connections.Connection, "_do_version_lookup", ask_nothing)
    server = await asyncio.start_server(hang_up_after_it, LOOPBACK, 0)
    conn = await aiokafka.conn.create_conn(LOOPBACK, server.sockets[0].getsockname()[1])
    yield conn
    conn.close()
    await gone.wait()
    server.close()


def test_a_write_to_a_closed_transport_is_a_broken_connection(
    run: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with connected(monkeypatch) as conn:
            told: list[Any] = []
            conn._on_close_cb = lambda _, reason: told.append(reason)
            conn._writer.transport.abort()  # and, before the connection hears of it:
            with pytest.raises(KafkaConnectionError):
                await conn.send(MetadataRequest([]))
            await until(lambda: not conn.connected(), what="the connection to be closed")
            assert told == [aiokafka.conn.CloseReason.CONNECTION_BROKEN]

    run(main())


def test_what_else_goes_wrong_is_not_taken_for_a_broken_connection(
    run: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with connected(monkeypatch) as conn:

            def fail(_: bytes) -> None:
                raise RuntimeError("a bug")

            monkeypatch.setattr(conn._writer, "write", fail)
            with pytest.raises(RuntimeError, match="a bug"):
                await conn.send(MetadataRequest([]))
            assert conn.connected()

    run(main())
