"""The sandbox exchange over real sockets: routes, control frames, rules, mischief."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket as sockets
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sandbox.exchange import Exchange, Rules
from tests.sandbox import places
from tests.waiting import until

AGG_TRADE_FIELDS = {"e", "E", "s", "a", "p", "q", "nq", "f", "l", "T", "m", "st"}


def at(exchange: Exchange, path: str) -> connect:
    return connect(f"ws://127.0.0.1:{exchange.port}{path}", compression=None)


async def frame(socket: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return json.loads(await socket.recv())


async def control(socket: ClientConnection, method: str, *params: str, number: int = 1) -> Any:
    """Send a control frame and give its answer, past whatever trades come in between."""
    await socket.send(json.dumps({"method": method, "params": params, "id": number}))
    while "id" not in (answer := await frame(socket)):
        continue
    return answer


async def frames_to_the_end(socket: ClientConnection, found: list[Any] | None = None) -> None:
    """Read until the exchange ends the connection; what was read stays in `found`."""
    found = [] if found is None else found
    while True:
        found.append(await frame(socket))


def shrink_buffers(end: sockets.socket) -> None:
    """Let the kernel hold little, so that a stalled client is noticed soon."""
    for option in (sockets.SO_RCVBUF, sockets.SO_SNDBUF):
        end.setsockopt(sockets.SOL_SOCKET, option, 4_096)


async def rest(exchange: Exchange, path: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{exchange.port}{path}")


async def test_a_combined_stream_brings_aggregate_trades_with_contiguous_ids() -> None:
    async with (
        places.exchange_of() as exchange,
        at(exchange, "/market/stream?streams=btcusdt@aggTrade/ethusdt@aggTrade") as socket,
    ):
        found: dict[str, list[Any]] = {"BTCUSDT": [], "ETHUSDT": []}
        while min(map(len, found.values())) < 20:
            combined = await frame(socket)
            trade = combined["data"]
            assert combined["stream"] == f"{trade['s'].lower()}@aggTrade"
            assert set(trade) == AGG_TRADE_FIELDS
            assert trade["E"] >= trade["T"]
            found[trade["s"]].append(trade)
    for trades in found.values():
        assert [t["a"] for t in trades] == list(range(trades[0]["a"], trades[-1]["a"] + 1))
        assert all(b["f"] == a["l"] + 1 for a, b in itertools.pairwise(trades))


async def test_a_single_stream_comes_without_an_envelope() -> None:
    async with (
        places.exchange_of() as exchange,
        at(exchange, "/market/ws/btcusdt@aggTrade") as socket,
    ):
        assert set(await frame(socket)) == AGG_TRADE_FIELDS


async def test_streams_are_subscribed_listed_and_left_while_connected() -> None:
    async with places.exchange_of() as exchange, at(exchange, "/market/stream") as socket:
        assert await control(socket, "SUBSCRIBE", "btcusdt@aggTrade") == {"result": None, "id": 1}
        assert (await frame(socket))["data"]["s"] == "BTCUSDT"
        listed = await control(socket, "LIST_SUBSCRIPTIONS", number=2)
        assert listed == {"result": ["btcusdt@aggTrade"], "id": 2}
        await control(socket, "UNSUBSCRIBE", "btcusdt@aggTrade", number=3)
        listed = await control(socket, "LIST_SUBSCRIPTIONS", number=4)
        assert listed == {"result": [], "id": 4}


async def test_a_control_frame_that_says_nothing_is_answered_with_an_error() -> None:
    async with places.exchange_of() as exchange, at(exchange, "/market/stream") as socket:
        await socket.send("nonsense")
        assert (await frame(socket))["error"]["code"] == 2
        await socket.send('{"method":"SHOUT","id":5}')
        assert (await frame(socket))["error"]["code"] == 2


async def test_a_stream_on_the_wrong_route_is_acknowledged_and_stays_silent() -> None:
    async with (
        places.exchange_of() as exchange,
        at(exchange, "/public/stream?streams=btcusdt@aggTrade") as wrong,
        at(exchange, "/market/stream?streams=btcusdt@aggTrade") as right,
    ):
        answer = await control(wrong, "SUBSCRIBE", "ethusdt@aggTrade")
        assert answer == {"result": None, "id": 1}
        for _ in range(50):
            await frame(right)
        # Everything sent before this answer has arrived before it, and that is nothing.
        await wrong.send('{"method":"LIST_SUBSCRIPTIONS","id":9}')
        listed = await frame(wrong)
        assert listed == {"result": ["btcusdt@aggTrade", "ethusdt@aggTrade"], "id": 9}


@pytest.mark.parametrize("path", ["/stream?streams=btcusdt@aggTrade", "/ws/btcusdt@aggTrade", "/"])
async def test_the_retired_unrouted_addresses_are_refused(path: str) -> None:
    async with places.exchange_of() as exchange:
        with pytest.raises(InvalidStatus) as refused:
            await at(exchange, path)
    assert refused.value.response.status_code == 404


async def test_too_many_streams_are_refused() -> None:
    streams = "/".join(f"coin{i}usdt@aggTrade" for i in range(201))
    async with places.exchange_of() as exchange:
        with pytest.raises(InvalidStatus) as refused:
            await at(exchange, f"/market/stream?streams={streams}")
        assert refused.value.response.status_code == 400
        async with at(exchange, "/market/stream") as socket:
            await socket.send(json.dumps({"method": "SUBSCRIBE", "params": streams.split("/")}))
            with pytest.raises(ConnectionClosed) as closed:
                await frame(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_a_client_that_floods_the_exchange_is_cut_off() -> None:
    answers: list[Any] = []
    async with places.exchange_of() as exchange, at(exchange, "/market/stream") as socket:
        # All in one packet, so that they arrive within a second on any machine.
        for number in range(30):
            socket.protocol.send_text(f'{{"method":"LIST_SUBSCRIPTIONS","id":{number}}}'.encode())
        socket.send_data()
        with pytest.raises(ConnectionClosed) as closed:
            await frames_to_the_end(socket, answers)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert [answer["id"] for answer in answers] == list(range(10))


async def test_a_connection_ends_at_the_venues_age_limit() -> None:
    async with places.exchange_of(rules=Rules(max_age_s=0.2)) as exchange:
        async with at(exchange, "/market/stream?streams=btcusdt@aggTrade") as socket:
            with pytest.raises(ConnectionClosed):
                await frames_to_the_end(socket)
        await until(lambda: not exchange.sessions, what="the session to be forgotten")


async def test_the_server_pings_and_gives_up_on_a_client_that_does_not_answer() -> None:
    rules = Rules(ping_s=0.1, pong_s=0.5)
    async with (
        places.exchange_of(rules=rules) as exchange,
        at(exchange, "/market/stream") as socket,
    ):
        await until(lambda: exchange.sessions, what="the session")
        await asyncio.wait_for(await socket.ping(), 10)
        socket.transport.pause_reading()
        await until(lambda: not exchange.sessions, what="the exchange to give up")
        socket.transport.abort()


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    rules = Rules(max_unsent_bytes=10_000)
    async with (
        places.exchange_of(rules=rules, trades_per_s=20_000) as exchange,
        at(exchange, "/market/stream?streams=btcusdt@aggTrade") as socket,
    ):
        await until(lambda: exchange.sessions, what="the session")
        socket.transport.pause_reading()
        (session,) = exchange.sessions
        for end in (socket, session.connection):
            shrink_buffers(end.transport.get_extra_info("socket"))
        await until(lambda: not exchange.sessions, what="the exchange to give up")
        socket.transport.abort()


async def test_rest_is_served_on_the_same_port() -> None:
    async with places.exchange_of() as exchange:
        ping = await rest(exchange, "/fapi/v1/ping")
        assert (ping.status_code, ping.json()) == (200, {})
        assert ping.headers["X-MBX-USED-WEIGHT-1M"] == "1"
        assert (await rest(exchange, "/fapi/v1/time")).json()["serverTime"] > 0
        trades = await rest(exchange, "/fapi/v1/aggTrades?symbol=BTCUSDT&limit=3")
        assert len(trades.json()) == 3
        assert trades.headers["X-MBX-USED-WEIGHT-1M"] == "22"
        assert (await rest(exchange, "/fapi/v1/aggTrades?symbol=NO")).json()["code"] == -1121


async def test_mischief_can_be_made_over_http() -> None:
    async with (
        places.exchange_of() as exchange,
        at(exchange, "/market/stream?streams=btcusdt@aggTrade") as socket,
    ):
        assert (await rest(exchange, "/sandbox/mute?stream=btcusdt@aggTrade")).status_code == 200
        assert exchange.muted == {"btcusdt@aggTrade"}
        assert (await rest(exchange, "/sandbox/unmute")).status_code == 200
        assert not exchange.muted
        assert (await rest(exchange, "/sandbox/skip?symbol=BTCUSDT&count=3")).status_code == 200
        assert (await rest(exchange, "/sandbox/skip?symbol=NO")).status_code == 400
        assert (await rest(exchange, "/sandbox/explode")).status_code == 404
        assert (await rest(exchange, "/sandbox/drop")).status_code == 200
        with pytest.raises(ConnectionClosed):
            await frames_to_the_end(socket)
