"""The WebSocket, spoken to by a real client over loopback."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api import hub as hubs
from api.channels import MAX_WAITING
from api.stream import MAX_COMMAND_BYTES, TOO_BIG, TRY_LATER
from oddlot.contracts import topics
from tests.api.messages import OPEN_MS, bar, health, spread
from tests.api.places import app_on, hear, hub_of, say, serving
from tests.fakes import MemoryReader, MemoryTopics
from tests.waiting import DEADLINE_S, until

BARS = "bars:BTCUSDT:1s"
DASHBOARD = "http://127.0.0.1:8050"


@pytest.fixture
def written() -> MemoryTopics:
    return MemoryTopics()


@pytest.fixture
def app(written: MemoryTopics) -> FastAPI:
    return app_on(MemoryReader(), written, settings={"ui_port": 8050}, heartbeat_s=0.05)


@pytest.fixture
async def place(app: FastAPI) -> AsyncIterator[str]:
    async with serving(app) as authority:
        yield f"ws://{authority}/stream"


@pytest.fixture
async def line(place: str) -> AsyncIterator[ClientConnection]:
    async with connect(place, proxy=None) as connection:
        yield connection


async def test_a_snapshot_and_updates_count_on_from_each_other(
    app: FastAPI, written: MemoryTopics, line: ClientConnection
) -> None:
    written.put(topics.BARS, bar(0), bar(1), arrival_ms=5)
    await until(lambda: hub_of(app).channels[BARS].seq == 2, what="both bars")
    await say(line, "subscribe", BARS)
    snapshot = await hear(line, "snapshot")
    seq = 0
    frames = [snapshot]
    written.put(topics.BARS, bar(1), bar(2), bar(3), bar(3), bar(4))
    while frames[-1]["seq"] < 5:
        frames.append(await hear(line, "update"))
    for frame in frames:
        seq += len(frame["data"])
        assert frame["seq"] == seq
    opened = [row["open_ms"] for frame in frames for row in frame["data"]]
    assert opened == [OPEN_MS + 1_000 * second for second in range(5)]
    assert snapshot["data"][0]["arrival_ms"] == 5
    assert snapshot["epoch"] == hub_of(app).epoch


async def test_bars_spreads_and_health_come_over_one_line(
    written: MemoryTopics, line: ClientConnection
) -> None:
    wanted = {BARS, "spreads:BTCUSDT~ETHUSDT:1s", "health"}
    await say(line, "subscribe", *wanted)
    assert {(await hear(line, "snapshot"))["channel"] for _ in wanted} == wanted
    written.put(topics.BARS, bar())
    written.put(topics.SPREADS, spread())
    written.put(topics.FEED_HEALTH, health())
    assert {(await hear(line, "update"))["channel"] for _ in wanted} == wanted


async def test_after_unsubscribing_the_channel_is_silent(
    app: FastAPI, written: MemoryTopics, line: ClientConnection
) -> None:
    await say(line, "subscribe", BARS, "health")
    await say(line, "unsubscribe", BARS)
    await until(
        lambda: not hub_of(app).channels[BARS].clients and hub_of(app).channels["health"].clients,
        what="the unsubscription",
    )
    written.put(topics.BARS, bar())
    written.put(topics.FEED_HEALTH, health())
    assert (await hear(line, "update"))["channel"] == "health"


async def test_a_heartbeat_and_the_answer_to_a_ping_carry_our_clock(
    line: ClientConnection,
) -> None:
    assert (await hear(line, "heartbeat"))["now_ms"] > OPEN_MS
    await say(line, "ping")
    assert (await hear(line, "pong"))["now_ms"] > OPEN_MS


async def test_an_unknown_channel_is_refused_naming_what_exists_and_the_others_come(
    line: ClientConnection,
) -> None:
    await say(line, "subscribe", "bars:NOPE:1s", BARS)
    frames = [await hear(line, "error"), await hear(line, "snapshot")]
    problem = frames[0]["problem"]
    assert problem["status"] == 404
    assert "bars:NOPE:1s" in problem["detail"]
    assert BARS in problem["channels"]
    assert frames[1]["channel"] == BARS


@pytest.mark.parametrize(
    "command",
    [
        "not json",
        "[]",
        '{"op":"dance"}',
        '{"op":"subscribe"}',
        '{"op":"subscribe","channels":[]}',
        '{"op":"subscribe","channels":"health"}',
        json.dumps({"op": "subscribe", "channels": ["health"] * 1_000}),
        b"\xff\xfe",
    ],
)
async def test_a_command_that_is_none_is_answered_with_what_was_expected(
    line: ClientConnection, command: str | bytes
) -> None:
    await line.send(command)
    problem = (await hear(line, "error"))["problem"]
    assert problem["status"] == 422
    assert problem["detail"].startswith('expected a command such as {"op":"subscribe"')
    await say(line, "ping")
    assert await hear(line, "pong")


async def test_a_command_beyond_the_limit_ends_the_line(line: ClientConnection) -> None:
    await line.send("x" * (MAX_COMMAND_BYTES + 1))
    with pytest.raises(ConnectionClosed) as closed:
        await hear(line, "pong")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == TOO_BIG


async def test_a_page_of_a_foreign_origin_is_refused_with_a_problem(place: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(place, proxy=None, additional_headers={"Origin": "http://evil.example"})
    response = refused.value.response
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert "ODDLOT_ALLOWED_ORIGINS" in json.loads(response.body)["detail"]


async def test_the_dashboards_own_origin_is_let_in(place: str) -> None:
    headers = {"Origin": DASHBOARD}
    async with connect(place, proxy=None, additional_headers=headers) as line:
        assert await hear(line, "heartbeat")


async def test_a_client_that_goes_is_forgotten(app: FastAPI, place: str) -> None:
    async with connect(place, proxy=None) as line:
        await say(line, "subscribe", BARS)
        await hear(line, "snapshot")
        assert len(hub_of(app).clients) == 1
    await until(lambda: not hub_of(app).clients, what="the client to be forgotten")
    assert not hub_of(app).channels[BARS].clients


async def test_a_client_whose_line_breaks_is_forgotten(app: FastAPI, place: str) -> None:
    line = await connect(place, proxy=None)
    await say(line, "subscribe", BARS)
    await hear(line, "snapshot")
    line.transport.abort()
    await until(lambda: not hub_of(app).clients, what="the client to be forgotten")


async def test_one_client_too_many_is_told_to_come_later(
    place: str, monkeypatch: pytest.MonkeyPatch, line: ClientConnection
) -> None:
    monkeypatch.setattr(hubs, "MAX_CLIENTS", 1)
    await hear(line, "heartbeat")
    async with connect(place, proxy=None) as second:
        assert (await hear(second, "error"))["problem"]["status"] == 503
        with pytest.raises(ConnectionClosed) as closed:
            await hear(second, "pong")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == TRY_LATER


async def test_a_client_that_does_not_read_is_told_what_it_has_missed(
    app: FastAPI, place: str
) -> None:
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.setblocking(False)
    host, port = place.removeprefix("ws://").removesuffix("/stream").split(":")
    await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
    hub = hub_of(app)
    async with connect(place, sock=narrow, proxy=None, max_queue=1) as line:
        await say(line, "subscribe", BARS)
        await hear(line, "snapshot")
        line.transport.pause_reading()
        (client,) = hub.clients
        second = 0
        while not client.blocked_s():  # everything between us is full
            hub.publish(bar(second), arrival_ms=0, published_ms=0)
            second += 1
            await asyncio.sleep(0)
        for further in range(second, second + 2 * MAX_WAITING):
            hub.publish(bar(further), arrival_ms=0, published_ms=0)
        line.transport.resume_reading()
        came, told = await read_to_the_end(line, seq=second + 2 * MAX_WAITING)
    assert told >= MAX_WAITING
    assert came + told == second + 2 * MAX_WAITING


async def read_to_the_end(line: ClientConnection, *, seq: int) -> tuple[int, int]:
    """Give how many messages came and how many were said to be skipped, each frame checked."""
    came = told = at = 0
    async with asyncio.timeout(DEADLINE_S):
        while at < seq:
            frame = json.loads(await line.recv())
            if frame["type"] == "update":
                came += len(frame["data"])
                assert frame["seq"] - len(frame["data"]) == at
                at = frame["seq"]
            elif frame["type"] == "skipped":
                told += frame["count"]
                assert frame["seq"] - frame["count"] == at
                at = frame["seq"]
    return came, told
