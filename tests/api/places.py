"""Apps on stand-ins or on free ports, and patience for what they do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection

from api.app import make_app
from api.backend import Backend
from api.hub import Hub
from api.stream import MAX_COMMAND_BYTES
from oddlot.settings import Settings, load
from tests.fakes import MemoryCloses, MemoryDesk, MemoryReader, MemoryTopics
from tests.fakes_buzz import MemoryBuzz
from tests.waiting import DEADLINE_S, until

SEND_BUFFER_BYTES = 16_384


def app_on(reader: MemoryReader, topics: MemoryTopics | None = None, **options: Any) -> FastAPI:
    """Make an app on stand-ins."""

    async def connect(_settings: Settings) -> MemoryReader:
        await reader.ping()
        return reader

    settings = load(**options.pop("settings", {}))
    follow = (topics or MemoryTopics()).follow
    desk = options.pop("desk", None) or MemoryDesk()
    closes = options.pop("closes", None) or MemoryCloses()
    buzz = options.pop("buzz", None) or MemoryBuzz()
    states = options.pop("states", None) or MemoryTopics()
    sources = options.pop("sources", None) or MemoryTopics()
    return make_app(
        settings,
        connect=connect,
        connect_closes=closes.connect,
        connect_buzz=buzz.connect,
        follow=follow,
        follow_changes=desk.follow,
        follow_states=lambda: states.follow(0),
        follow_sources=lambda: sources.follow(0),
        publishing=desk.publishing,
        **options,
    )


def backend_of(app: FastAPI) -> Backend:
    """Give what the app draws on."""
    backend: Backend = app.state.backend
    return backend


def hub_of(app: FastAPI) -> Hub:
    """Give the app's channels and clients."""
    return backend_of(app).hub


@contextlib.asynccontextmanager
async def asking(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Give an HTTP client of an app whose lifespan does not run."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


@contextlib.asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve an app on a free port, small buffers on the way; give its authority."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            log_config=None,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=2 * MAX_COMMAND_BYTES,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await until(lambda: server.started or task.done(), what="the server")
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


async def say(line: ClientConnection, op: str, *channels: str) -> None:
    """Send a command."""
    await line.send(json.dumps({"op": op} | ({"channels": channels} if channels else {})))


async def hear(line: ClientConnection, *kinds: str) -> dict[str, Any]:
    """Give the next frame of some kinds; others are passed over."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            frame: dict[str, Any] = json.loads(await line.recv())
            if frame["type"] in kinds:
                return frame
