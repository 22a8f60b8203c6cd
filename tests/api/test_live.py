"""Following the topics: nothing lost, nothing twice, whatever the broker does."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from aiokafka.errors import KafkaError

from api import live as lives
from api.hub import Hub
from api.live import LOOK_BACK_MS, OVERLAP_MS, Live, now_ms
from oddlot.contracts import topics
from oddlot.errors import BrokerUnavailable
from tests.api.messages import bar, health
from tests.fakes import MemoryTopics
from tests.waiting import beside, until

BARS = "bars:BTCUSDT:1s"


@contextlib.asynccontextmanager
async def following(written: MemoryTopics) -> AsyncIterator[tuple[Live, Hub]]:
    hub = Hub([BARS])
    live = Live(hub, written.follow, backoff_s=0.0)
    async with beside(live.run()) as task:
        yield live, hub
    assert task.cancelled()


async def test_it_starts_some_minutes_back_so_that_snapshots_overlap_history() -> None:
    written = MemoryTopics()
    async with following(written):
        await until(lambda: written.starts, what="the start")
    assert now_ms() - LOOK_BACK_MS - written.starts[0] < 60_000


@pytest.mark.parametrize(
    "error", [KafkaError("gone"), BrokerUnavailable("gone"), ConnectionError("gone")]
)
async def test_after_a_failure_it_goes_on_before_the_last_record_and_repeats_nothing(
    error: Exception,
) -> None:
    written = MemoryTopics()
    arrival_ms = now_ms()
    async with following(written) as (_, hub):
        written.put(topics.BARS, bar(0), bar(1), arrival_ms=arrival_ms)
        written.put(topics.FEED_HEALTH, health(), arrival_ms=arrival_ms + 5_000)
        written.fail(error)
        written.put(topics.BARS, bar(0), bar(1), bar(2), arrival_ms=arrival_ms)
        await until(lambda: hub.channels[BARS].latest == bar(2), what="the third bar")
        assert hub.channels[BARS].seq == 3
        assert hub.repeated_total == 2
    assert written.starts[1] == arrival_ms - OVERLAP_MS


async def test_a_broker_that_is_not_there_at_first_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = MemoryTopics()
    refusals = [BrokerUnavailable("expected Kafka, found none")]

    @contextlib.asynccontextmanager
    async def refuse_once(start_ms: int) -> AsyncIterator[MemoryTopics]:
        if refusals:
            raise refusals.pop()
        async with MemoryTopics.follow(written, start_ms) as topics_:
            yield topics_

    monkeypatch.setattr(written, "follow", refuse_once)
    async with following(written) as (live, _):
        assert not live.is_connected
        await until(lambda: live.is_connected, what="the second attempt")


async def test_a_broker_that_does_not_answer_is_noticed_and_so_is_its_return(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lives, "PROBE_S", 0.01)
    written = MemoryTopics()
    async with following(written) as (live, _):
        await until(lambda: live.is_connected, what="the broker")
        written.away = True
        await until(lambda: not live.is_connected, what="its absence to be noticed")
        assert "does not answer" in live.detail
        written.away = False
        await until(lambda: live.is_connected, what="its return to be noticed")
    assert len(written.starts) == 1  # the consumer has kept its places


async def test_a_message_that_breaks_its_contract_is_counted_and_passed_over() -> None:
    written = MemoryTopics()
    async with following(written) as (live, hub):
        written.put_raw(topics.BARS, b'{"symbol":"BTCUSDT"}')
        written.put(topics.BARS, bar(0))
        await until(lambda: hub.channels[BARS].seq == 1, what="the good bar")
        assert live.refused_total == 1


async def test_a_symbol_outside_the_groups_gets_a_channel_of_its_own() -> None:
    written = MemoryTopics()
    async with following(written) as (_, hub):
        written.put(topics.BARS, bar(0, symbol="NEWUSDT"))
        await until(lambda: "bars:NEWUSDT:1s" in hub.channels, what="the channel")


async def test_channels_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.hub.MAX_CHANNELS", len(Hub().channels))
    hub = Hub([BARS])
    hub.publish(bar(0, symbol="NEWUSDT"), arrival_ms=0, published_ms=0)
    assert set(hub.channels) == {BARS, *Hub().channels}


async def test_what_is_published_says_when_its_trades_arrived_and_when_we_had_it() -> None:
    written = MemoryTopics()
    before_ms = now_ms()
    async with following(written) as (_, hub):
        written.put(topics.BARS, bar(0), arrival_ms=before_ms - 17)
        await until(lambda: hub.channels[BARS].seq == 1, what="the bar")
        row = json.loads(hub.channels[BARS].snapshot(""))["data"][0]
    assert row["arrival_ms"] == before_ms - 17
    assert before_ms <= row["published_ms"] <= now_ms()
