"""Bars and feed health become figures, and what is not well is named."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import FeedHealth
from oddlot.local import pulse as pulses
from oddlot.local.processes import Child, State
from oddlot.local.pulse import Pulse
from oddlot.local.roles import Process
from oddlot.settings import Settings
from tests.api.messages import bar, health
from tests.fakes import MemoryTopics
from tests.waiting import DEADLINE_S, beside

NOW_S = 1_000.0


class Clock:
    """The time of the pulse, moved by the test."""

    def __init__(self) -> None:
        self.now_s = NOW_S

    def monotonic(self) -> float:
        return self.now_s

    def time_ns(self) -> int:
        return int(self.now_s * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pulses, "time", clock)
    return clock


def children(**states: State) -> list[Child]:
    found = []
    for name, state in states.items():
        child = Child(Process(name=name, command=[]), {}, Path())
        child.state = state
        found.append(child)
    return found


async def hear(pulse: Pulse, *messages: FeedHealth) -> None:
    said = MemoryTopics()
    for message in messages:
        said.put(topics.FEED_HEALTH, message)
        await pulse.read_once(said)


async def hear_bar(pulse: Pulse, *, arrival_ms: int) -> None:
    said = MemoryTopics()
    said.put(topics.BARS, bar(), arrival_ms=arrival_ms)
    await pulse.read_once(said)


async def test_figures_are_of_the_last_seconds(clock: Clock):
    pulse = Pulse()
    await hear(pulse, health(0, trades_total=100), health(1_000, trades_total=350))
    await hear_bar(pulse, arrival_ms=int(NOW_S * 1_000) - 20)
    running = children(streams="running", producers="running", api="ready")
    assert pulse.line(running) == "250 trades/s · 0.2 bars/s · lag 20 ms · all well"
    clock.now_s += pulses.WINDOW_S + 1
    assert pulse.line(running).startswith("0 trades/s · 0.0 bars/s · lag - · ")


@pytest.mark.usefixtures("clock")
async def test_a_producer_that_starts_again_counts_from_zero():
    pulse = Pulse()
    await hear(pulse, health(0, trades_total=9_000), health(1_000, trades_total=5))
    assert pulse.line([]).startswith("0 trades/s")


@pytest.mark.usefixtures("clock")
async def test_a_feed_that_is_away_is_named_with_what_is_being_done():
    pulse = Pulse()
    why = "cannot reach fstream.binance.com: name not resolved; trying again in 7.1 s"
    await hear(pulse, health(0, connected=False, detail=why))
    assert pulse.line([]).endswith(f"binance: {why}")
    await hear(pulse, health(1_000, connected=True))
    assert pulse.line([]).endswith("all well")


@pytest.mark.usefixtures("clock")
async def test_a_feed_that_the_system_is_well_without_is_left_to_the_pages():
    pulse = Pulse()
    await hear(pulse, health(0), health(0, feed="reddit", connected=False, optional=True))
    assert pulse.line([]).endswith("all well")


async def test_a_feed_that_falls_silent_is_named(clock: Clock):
    pulse = Pulse()
    await hear(pulse, health(0))
    clock.now_s += 8
    assert pulse.line([]).endswith("binance: no report for 8 s")


@pytest.mark.usefixtures("clock")
async def test_a_process_that_is_not_up_is_named():
    pulse = Pulse()
    await hear(pulse, health(0))
    states: Sequence[Child] = children(kafka="ready", streams="restarting", ui="starting")
    assert pulse.line(states).endswith("streams restarting; ui starting")


async def test_trades_without_bars_are_not_well(clock: Clock):
    pulse = Pulse()
    await hear_bar(pulse, arrival_ms=0)
    assert pulse.sees_bars
    clock.now_s += pulses.NO_BARS_AFTER_S + 1
    await hear(pulse, health(0, trades_total=0), health(1_000, trades_total=5))
    assert pulse.line([]).endswith("streams: trades come in, no bars come out")
    await hear_bar(pulse, arrival_ms=0)
    assert pulse.line([]).endswith("all well")


async def test_trades_without_bars_are_well_where_nobody_makes_bars(clock: Clock):
    pulse = Pulse(awaits_bars=False)
    clock.now_s += pulses.NO_BARS_AFTER_S + 1
    await hear(pulse, health(0, trades_total=0), health(1_000, trades_total=5))
    assert pulse.line([]).endswith("all well")


def test_producers_that_have_not_reported_are_not_called_well():
    line = Pulse().line(children(producers="running"))
    assert line == "0 trades/s · 0.0 bars/s · lag - · producers: no report yet"


@pytest.mark.usefixtures("clock")
async def test_a_broken_message_is_passed_over():
    pulse, said = Pulse(), MemoryTopics()
    said.put_raw(topics.BARS, b"{")
    await pulse.read_once(said)
    assert not pulse.sees_bars


@pytest.mark.broker
async def test_it_follows_a_running_broker(broker: Settings):
    pulse = Pulse()
    async with (
        beside(pulse.follow(broker)),
        asyncio.timeout(DEADLINE_S),
        kafka.connect(broker) as publisher,
    ):
        while not pulse.sees_bars:
            now_ms = time.time_ns() // 1_000_000
            await publisher.publish(topics.BARS, [bar()], arrival_ms=now_ms)
            await asyncio.sleep(0.05)
