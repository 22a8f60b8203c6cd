"""The WebSocket: subscribe to channels, get a snapshot, then updates."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import msgspec
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketDisconnected

from api import origins
from api.backend import Backend
from api.channels import PATTERNS
from api.clients import MAX_CHANNELS, Client, Stuck, error_frame
from api.hub import MAX_CLIENTS, Hub
from api.live import now_ms
from api.problems import problem_of, response_of

log = logging.getLogger(__name__)
router = APIRouter()

MAX_COMMAND_BYTES = 64 * 1024
SHOWN_CHANNELS = 100  # in an error that names what exists
SHOWN_CHARACTERS = 200
TOO_BIG, TRY_LATER = 1009, 1013  # close codes of RFC 6455 and its registry

_Names = Annotated[list[str], msgspec.Meta(min_length=1, max_length=MAX_CHANNELS)]


class Subscribe(msgspec.Struct, tag_field="op", tag="subscribe", frozen=True):
    """Send me these channels, from a snapshot on."""

    channels: _Names


class Unsubscribe(msgspec.Struct, tag_field="op", tag="unsubscribe", frozen=True):
    """Send me these channels no more."""

    channels: _Names


class Ping(msgspec.Struct, tag_field="op", tag="ping", frozen=True):
    """Say that you are there."""


_commands = msgspec.json.Decoder(Subscribe | Unsubscribe | Ping)


@router.websocket("/stream")
async def stream(socket: WebSocket) -> None:
    """Serve one client until it goes; docs/api.md has the protocol."""
    backend: Backend = socket.app.state.backend
    origin = socket.headers.get("origin")
    if not origins.is_allowed(origin, backend.settings.origins):
        await socket.send_denial_response(response_of(problem_of(403, origins.refusal(origin))))
        return
    await socket.accept()
    if backend.hub.is_full:
        problem = error_frame(f"{MAX_CLIENTS} clients are the limit; try later", status=503)
        await socket.send_text(msgspec.json.encode(problem).decode())
        await socket.close(TRY_LATER)
        return
    client = backend.hub.join()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.speak(socket.send_text))
            tasks.create_task(_pulse(client, backend.heartbeat_s))
            await _listen(socket, client, backend.hub)
    except* (WebSocketDisconnect, WebSocketDisconnected, Stuck) as gone:
        log.debug("a client is gone: %r", gone.exceptions)
    finally:
        backend.hub.leave(client)


async def _listen(socket: WebSocket, client: Client, hub: Hub) -> None:
    """Obey commands until the client goes, which raises."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        command = message.get("text") or message.get("bytes") or b""
        if len(command) > MAX_COMMAND_BYTES:
            await socket.close(TOO_BIG, f"expected at most {MAX_COMMAND_BYTES} bytes a command")
        else:
            await _obey(command, client, hub)


async def _obey(command: str | bytes, client: Client, hub: Hub) -> None:
    try:
        match _commands.decode(command):
            case Subscribe(names):
                await _subscribe(names, client, hub)
            case Unsubscribe(names):
                for name in names:
                    hub.unsubscribe(client, name)
            case Ping():
                await client.reply({"type": "pong", "now_ms": now_ms()})
    except msgspec.DecodeError as e:
        shown = command[:SHOWN_CHARACTERS]
        example = '{"op":"subscribe","channels":["health"]}'
        await client.reply(error_frame(f"expected a command such as {example}, was {shown!r}: {e}"))


async def _subscribe(names: list[str], client: Client, hub: Hub) -> None:
    unknown = [name for name in names if name not in hub.channels]
    beyond = [
        name for name in names if name in hub.channels and not client.subscribe(hub.channels[name])
    ]
    if unknown:
        shown = ", ".join(unknown)[:SHOWN_CHARACTERS]
        detail = (
            f"expected channels such as {', '.join(PATTERNS)}, was {shown}; "
            f"`channels` lists those there are"
        )
        known = sorted(hub.channels)[:SHOWN_CHANNELS]
        await client.reply(error_frame(detail, status=404, channels=known))
    if beyond:
        detail = f"{MAX_CHANNELS} channels a client are the limit; left out: {', '.join(beyond)}"
        await client.reply(error_frame(detail[: 2 * SHOWN_CHARACTERS]))


async def _pulse(client: Client, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        client.beat(now_ms())
