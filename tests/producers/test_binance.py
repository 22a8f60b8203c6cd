"""The Binance producer against the sandbox exchange: what it publishes, and how it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from websockets.asyncio.server import broadcast

from oddlot import errors, settings
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.topics import Topic
from producers import binance
from tests.fakes import MemoryPublisher
from tests.producers.feeds import SYMBOLS, assert_chained, assert_contiguous, feed_of, newest
from tests.sandbox import places
from tests.sandbox.places import BTC, ETH, SOL
from tests.waiting import until


async def test_every_trade_is_published_once_in_order_and_chained() -> None:
    async with places.exchange_of() as exchange, feed_of(exchange.port) as feed:
        await feed.brings(300)
        for symbol in SYMBOLS:
            assert_contiguous(feed.ids(symbol))
            assert_chained(feed.batches(symbol))
        assert {batch.source for batch in feed.batches("BTCUSDT")} == {"live"}
        published = {m.symbol: m for m in feed.publisher.on(topics.TICKS)}
        assert set(published) == set(SYMBOLS)


async def test_what_is_published_is_what_the_exchange_remembers() -> None:
    async with places.exchange_of() as exchange, feed_of(exchange.port) as feed:
        await feed.brings(200)
        batch = next(b for b in feed.batches("BTCUSDT") if len(b) > 1)
        rows = exchange.tape.find(
            0, from_id=int(batch.ids[0]), start_ms=None, end_ms=None, limit=len(batch)
        )
    assert batch.ids.tolist() == [row["a"] for row in rows]
    assert batch.event_ms.tolist() == [row["T"] for row in rows]
    assert batch.price.tolist() == [float(row["p"]) for row in rows]
    assert batch.quantity.tolist() == [float(row["q"]) for row in rows]
    assert batch.is_buyer_maker.tolist() == [row["m"] for row in rows]
    assert batch.trades.tolist() == [row["l"] - row["f"] + 1 for row in rows]


async def test_refused_frames_become_dead_letters_and_are_counted() -> None:
    async with places.exchange_of() as exchange, feed_of(exchange.port) as feed:
        await until(lambda: exchange.sessions, what="the session")
        stray = '{"e":"trade","E":2,"T":1,"s":"PEPEUSDT","t":1,"p":"1","q":"1","m":true}'
        broadcast([s.connection for s in exchange.sessions], "nonsense")
        broadcast([s.connection for s in exchange.sessions], stray)
        letters = feed.publisher.on
        await until(lambda: len(letters(topics.DEAD_LETTERS)) == 2, what="the letters")
        first, second = letters(topics.DEAD_LETTERS)
        assert (first.origin, first.payload) == ("binance", b"nonsense")
        assert "JSON" in first.reason
        assert "PEPEUSDT" in second.reason
        await until(lambda: feed.health.rejected_total == 2, what="the count")


async def test_health_tells_how_the_feed_is_doing() -> None:
    async with places.exchange_of() as exchange, feed_of(exchange.port) as feed:
        await until(lambda: feed.details and feed.health.trades_total > 0, what="a count")
        health = feed.health
        assert (health.feed, health.symbols, health.connected) == ("binance", 3, True)
        assert health.last_frame_ms is not None
        assert health.silence_ms is not None
        assert health.lag_ms is not None
        assert abs(health.lag_ms) < 5_000
        assert 0 <= health.silence_ms < 5_000


class SlowPublisher(MemoryPublisher):
    """Acknowledges ticks only while the gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def publish(self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int) -> None:
        if topic is topics.TICKS:
            await self.gate.wait()
        await super().publish(topic, messages, arrival_ms=arrival_ms)


async def test_a_full_buffer_stops_reading_and_loses_nothing() -> None:
    publisher = SlowPublisher()
    knobs = {"tick_buffer_trades": 200}
    async with (
        places.exchange_of(BTC) as exchange,
        feed_of(
            exchange.port, symbols=["BTCUSDT"], publisher=publisher, knobs=knobs, silence_s=1.0
        ) as feed,
    ):
        await feed.says("the buffer is full; reading waits for the broker")
        sent = exchange.tape.find(0, from_id=None, start_ms=None, end_ms=None, limit=1)[0]["a"]
        stuck = feed.health.trades_total
        assert stuck <= 400, "one cut on its way and one full buffer"
        await until(lambda: newest(exchange) > sent + 1_500, what="the exchange to go on")
        told = len(feed.details)
        await until(lambda: len(feed.details) > told, what="health to be told again")
        assert feed.health.trades_total == stuck
        publisher.gate.set()
        await until(lambda: feed.ids()[-1:] > [sent + 1_500], what="all of it")
        assert_contiguous(feed.ids())
        assert feed.health.reconnects_total == 0, "our own pause is not the venue's silence"


class FailingPublisher(MemoryPublisher):
    """Loses its broker for the first publications of ticks."""

    failures = 2

    async def publish(self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int) -> None:
        if topic is topics.TICKS and self.failures:
            self.failures -= 1
            raise errors.BrokerUnavailable("gone for a moment")
        await super().publish(topic, messages, arrival_ms=arrival_ms)


async def test_a_broker_that_is_away_gets_the_same_batches_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(binance, "BROKER_BACKOFF_S", 0.01)
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, publisher=FailingPublisher()) as feed,
    ):
        await feed.brings(100)
        assert_contiguous(feed.ids())
        assert feed.batches("BTCUSDT")[0].after_id is None


async def test_quiet_symbols_get_watermarks_from_the_others() -> None:
    async with (
        places.exchange_of(BTC, ETH, SOL) as exchange,
        feed_of(exchange.port) as feed,
    ):
        await feed.brings(20, "SOLUSDT")
        exchange.muted.add("solusdt@aggTrade")
        await until(
            lambda: [b for b in feed.batches("SOLUSDT")[-1:] if not len(b)], what="a watermark"
        )
        batches = feed.batches("SOLUSDT")
        assert batches[-1].watermark_ms % 1_000 == 0
        assert batches[-1].after_id == feed.ids("SOLUSDT")[-1]
        assert all(batches[-1].watermark_ms >= b.watermark_ms for b in batches)


async def test_no_symbols_at_all_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(errors.BadSetting, match="found none; add a group"):
        await binance.run(settings.load(), MemoryPublisher(), symbols=[])
