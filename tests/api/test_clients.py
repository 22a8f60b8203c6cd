"""Clients: what they are owed, however slowly they take it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api import clients
from api.channels import MAX_WAITING, Channel
from api.clients import MAX_CHANNELS, MAX_REPLIES, Client, Stuck
from tests.api.messages import bar
from tests.waiting import beside, until


class Line:
    """Takes frames one by one while it is open."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.waits = False

    async def send(self, frame: str) -> None:
        self.waits = True
        await self.is_open.wait()
        self.waits = False
        self.frames.append(json.loads(frame))


@contextlib.asynccontextmanager
async def speaking(client: Client) -> AsyncIterator[Line]:
    line = Line()
    async with beside(client.speak(line.send)):
        yield line


def publish(channel: Channel, *seconds: int) -> None:
    for second in seconds:
        assert channel.add(bar(second), arrival_ms=0, published_ms=0)
        for client in channel.clients:
            client.notify(channel)


@pytest.fixture
def channel() -> Channel:
    return Channel("bars:BTCUSDT:1s")


async def test_a_client_gets_a_snapshot_and_then_every_message_once(channel: Channel) -> None:
    client = Client("epoch")
    publish(channel, 0, 1)
    async with speaking(client) as line:
        client.subscribe(channel)
        await until(lambda: line.frames, what="the snapshot")
        publish(channel, 2)
        await until(lambda: len(line.frames) == 2, what="the first update")
        publish(channel, 3, 4)
        await until(lambda: len(line.frames) == 3, what="the second update")
    assert [(f["type"], f["seq"], len(f["data"])) for f in line.frames] == [
        ("snapshot", 2, 2),
        ("update", 3, 1),
        ("update", 5, 2),  # both in one frame
    ]


async def test_a_slow_client_gets_the_newest_and_is_told_what_it_has_missed(
    channel: Channel,
) -> None:
    client = Client("epoch")
    async with speaking(client) as line:
        client.subscribe(channel)
        await until(lambda: line.frames, what="the snapshot")
        line.is_open.clear()
        publish(channel, 0)
        await until(lambda: line.waits, what="the line to be full")
        publish(channel, *range(1, MAX_WAITING + 11))
        line.is_open.set()
        await until(lambda: len(line.frames) == 4, what="the rest")
    _, first, skipped, rest = line.frames
    assert first["seq"] == 1
    assert skipped == {"type": "skipped", "channel": channel.name, "count": 10, "seq": 11}
    assert rest["seq"] - len(rest["data"]) == skipped["seq"]
    assert rest["seq"] == channel.seq


async def test_a_slow_client_holds_up_nobody_else(channel: Channel) -> None:
    slow, quick = Client("epoch"), Client("epoch")
    async with speaking(slow) as slow_line, speaking(quick) as quick_line:
        slow_line.is_open.clear()
        slow.subscribe(channel)
        quick.subscribe(channel)
        publish(channel, *range(5))
        await until(
            lambda: quick_line.frames and quick_line.frames[-1]["seq"] == 5, what="all five"
        )
    assert slow_line.frames == []


async def test_after_unsubscribing_nothing_more_comes(channel: Channel) -> None:
    client = Client("epoch")
    async with speaking(client) as line:
        client.subscribe(channel)
        client.unsubscribe(channel)
        publish(channel, 0)
        client.beat(7)
        await until(lambda: line.frames, what="the heartbeat")
    assert line.frames == [{"type": "heartbeat", "now_ms": 7}]
    assert not channel.clients


async def test_subscribing_again_brings_a_new_snapshot(channel: Channel) -> None:
    client = Client("epoch")
    async with speaking(client) as line:
        client.subscribe(channel)
        await until(lambda: line.frames, what="the first snapshot")
        client.subscribe(channel)
        await until(lambda: len(line.frames) == 2, what="the second snapshot")
    assert [frame["type"] for frame in line.frames] == ["snapshot", "snapshot"]


def test_a_client_has_a_limit_of_channels() -> None:
    client = Client("epoch")
    channels = [Channel(f"bars:S{i}:1s") for i in range(MAX_CHANNELS + 1)]
    assert [client.subscribe(channel) for channel in channels] == [True] * MAX_CHANNELS + [False]
    client.leave()
    assert not any(channel.clients for channel in channels)


async def test_a_client_that_takes_no_answers_is_not_listened_to() -> None:
    client = Client("epoch")
    for number in range(MAX_REPLIES):
        await client.reply({"number": number})
    one_more = asyncio.create_task(client.reply({"number": MAX_REPLIES}))
    await asyncio.sleep(0)  # its turn
    assert not one_more.done()
    async with speaking(client) as line:
        await until(lambda: len(line.frames) > MAX_REPLIES, what="all answers")
    assert one_more.done()
    assert [frame["number"] for frame in line.frames] == list(range(MAX_REPLIES + 1))


async def test_heartbeats_do_not_pile_up_for_a_slow_client() -> None:
    client = Client("epoch")
    for now_ms in range(5):
        client.beat(now_ms)
    async with speaking(client) as line:
        await client.reply({"type": "pong"})
        await until(lambda: len(line.frames) == 2, what="both")
    assert [frame["type"] for frame in line.frames] == ["heartbeat", "pong"]


async def test_a_client_that_takes_nothing_for_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch, channel: Channel
) -> None:
    monkeypatch.setattr(clients, "SEND_DEADLINE_S", 0.0)
    client = Client("epoch")
    client.beat(0)  # nothing on its way yet: no reason to give up
    async with speaking(client) as line:
        await until(lambda: line.frames, what="the first heartbeat")
        client.beat(1)  # it took that one
        await until(lambda: len(line.frames) == 2, what="the second heartbeat")
        line.is_open.clear()
        client.beat(2)
        await until(lambda: line.waits, what="the line to be full")
        with pytest.raises(Stuck):
            client.beat(0)
