"""The Binance producer against the sandbox exchange: nothing lost unsaid, every trouble told."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.http11 import Request, Response

from oddlot import errors, settings
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import FeedHealth, Ticks
from oddlot.contracts.topics import Topic
from producers import binance
from producers.links import Patience
from sandbox.exchange import Exchange, Rules
from tests.fakes import MemoryPublisher
from tests.sandbox import places
from tests.sandbox.places import BTC, ETH, SOL, until

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
# Deadlines short enough for tests, and long ones where a test is about another deadline.
LONG_S = 3_600.0
PATIENCE: dict[str, float] = {
    "connect_s": 5.0,
    "first_trade_s": LONG_S,
    "silence_s": LONG_S,
    "renew_s": LONG_S,
    "overlap_s": 5.0,
    "first_backoff_s": 0.02,
    "last_backoff_s": 0.1,
}


class Feed:
    """A producer under test and what it has published."""

    def __init__(self, publisher: MemoryPublisher, task: asyncio.Task[None]) -> None:
        self.publisher = publisher
        self.task = task

    @property
    def health(self) -> FeedHealth:
        return self.publisher.on(topics.FEED_HEALTH)[-1]

    @property
    def details(self) -> list[str]:
        return [health.detail for health in self.publisher.on(topics.FEED_HEALTH)]

    def batches(self, symbol: str) -> list[Ticks]:
        return [batch for batch in self.publisher.on(topics.TICKS) if batch.symbol == symbol]

    def ids(self, symbol: str = "BTCUSDT") -> list[int]:
        return [i for batch in self.batches(symbol) for i in batch.ids.tolist()]

    def count(self, symbol: str = "BTCUSDT") -> int:
        return sum(map(len, self.batches(symbol)))

    async def says(self, words: str) -> None:
        """Wait until the health says something."""
        await until(
            lambda: self.task.done() or any(words in detail for detail in self.details),
            what=f"{words!r} in {self.details[-3:]}",
        )
        if self.task.done():
            self.task.result()

    async def brings(self, more: int = 50, symbol: str = "BTCUSDT") -> None:
        """Wait for so many more trades of a symbol."""
        wanted = self.count(symbol) + more
        await until(lambda: self.count(symbol) >= wanted, what=f"{more} trades of {symbol}")


@contextlib.asynccontextmanager
async def feed_of(
    port: int,
    *,
    symbols: Sequence[str] = SYMBOLS,
    publisher: MemoryPublisher | None = None,
    route: str = "/market",
    knobs: dict[str, Any] | None = None,
    **patience: float,
) -> AsyncIterator[Feed]:
    publisher = publisher or MemoryPublisher()
    url = f"ws://127.0.0.1:{port}"
    task = asyncio.create_task(
        binance.run(
            settings.load(binance_stream_url=url, simulated=True, **(knobs or {})),
            publisher,
            symbols=symbols,
            patience=Patience(**PATIENCE | patience),
            rng=random.Random(1),
            route=route,
        )
    )
    try:
        yield Feed(publisher, task)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def assert_contiguous(ids: list[int]) -> None:
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def assert_chained(batches: list[Ticks]) -> None:
    """Each batch names the id before it, also where the venue's ids jump."""
    last_id = None
    for batch in batches:
        assert batch.after_id == last_id
        last_id = int(batch.ids[-1]) if len(batch) else last_id


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


async def test_a_lost_connection_is_made_again_and_the_hole_stays_visible() -> None:
    async with places.exchange_of() as exchange, feed_of(exchange.port) as feed:
        await feed.brings()
        exchange.muted.add("btcusdt@aggTrade")
        missed = newest(exchange) + 20
        await until(lambda: newest(exchange) > missed, what="trades that nobody hears")
        exchange.drop_all()
        exchange.muted.clear()
        await feed.says("connection broke; trying again in")
        await until(lambda: feed.health.reconnects_total == 1, what="the reconnect to be told")
        await feed.brings()
        assert missed not in feed.ids()
        assert_chained(feed.batches("BTCUSDT"))
        assert feed.health.connected


async def test_a_venue_that_cannot_be_reached_is_told_and_tried_again() -> None:
    port = free_port()
    async with feed_of(port) as feed:
        await feed.says("cannot reach 127.0.0.1: connection refused; trying again in")
        assert not feed.health.connected
        async with places.exchange_of(port=port):
            await feed.says("connected to 127.0.0.1: 3 streams")
            await feed.brings(20)
        assert feed.health.simulated
        assert feed.health.reconnects_total >= 1


async def test_the_retired_address_is_told_apart_from_a_dead_venue() -> None:
    async with places.exchange_of() as exchange, feed_of(exchange.port, route="") as feed:
        await feed.says("the venue has nothing at this path (HTTP 404)")


async def test_whoever_asked_too_often_waits_for_a_minute() -> None:
    def refuse(connection: ServerConnection, _: Request) -> Response:
        return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "")

    async with (
        serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0, process_request=refuse) as server,
        feed_of(server.sockets[0].getsockname()[1]) as feed,
    ):
        await feed.says("too many requests (HTTP 429); trying again in 60.0 s")


async def test_a_wrong_route_is_found_out_by_its_silence() -> None:
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, route="/public", silence_s=0.3, first_trade_s=0.1) as feed,
    ):
        await feed.says("none of 3 streams brought a trade within")
        await feed.says("the route may be wrong; trying again in")
        assert feed.count() == 0


async def test_a_silent_connection_is_given_up() -> None:
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, silence_s=0.3) as feed,
    ):
        await feed.brings()
        exchange.muted.update(["btcusdt@aggTrade", "ethusdt@aggTrade", "solusdt@aggTrade"])
        await feed.says("no frame for")
        exchange.muted.clear()
        await feed.brings()


async def test_a_stream_that_never_speaks_is_named_and_asked_for_again() -> None:
    async with places.exchange_of() as exchange:
        exchange.muted.add("solusdt@aggTrade")
        async with feed_of(exchange.port, first_trade_s=0.3) as feed:
            await until(lambda: exchange.sessions, what="the session")
            (session,) = exchange.sessions
            # The exchange has lost the subscription: only asking for it again helps.
            session.streams.discard("solusdt@aggTrade")
            exchange.muted.clear()
            await feed.says("1 of 3 streams: SOLUSDT")
            await feed.brings(5, "SOLUSDT")
            await feed.says("connected to 127.0.0.1: 3 streams")
            assert_contiguous(feed.ids("BTCUSDT"))
            assert feed.health.reconnects_total == 0, "the others were not disturbed"


async def test_an_old_connection_is_replaced_without_losing_or_doubling_a_trade() -> None:
    async with (
        places.exchange_of(trades_per_s=3_000) as exchange,
        feed_of(exchange.port, renew_s=0.4) as feed,
    ):
        await until(lambda: exchange.sessions_total >= 4, what="three renewals")
        await feed.brings(500)
        for symbol in SYMBOLS:
            assert_contiguous(feed.ids(symbol))
            assert_chained(feed.batches(symbol))
        assert feed.health.reconnects_total == 0
        assert len(exchange.sessions) <= 2


async def test_what_a_successor_held_back_is_published_when_its_predecessor_breaks() -> None:
    async with places.exchange_of() as exchange:
        exchange.muted.add("solusdt@aggTrade")  # keeps the successor waiting
        async with feed_of(exchange.port, renew_s=0.3, overlap_s=LONG_S) as feed:
            await until(lambda: len(exchange.sessions) == 2, what="the successor")
            old = min(exchange.sessions, key=lambda session: session.number)
            await feed.brings(20)
            old.streams.clear()  # from now on only the successor hears anything
            unheard = newest(exchange) + 100
            await until(lambda: newest(exchange) > unheard, what="trades that are held back")
            assert unheard not in feed.ids()
            old.connection.transport.abort()
            await until(lambda: unheard in feed.ids(), what="the successor to take over")
            assert_contiguous(feed.ids())
            assert_chained(feed.batches("BTCUSDT"))
            assert feed.health.reconnects_total == 0


async def test_the_venues_own_age_limit_is_survived() -> None:
    rules = Rules(max_age_s=0.5)
    async with places.exchange_of(rules=rules) as exchange, feed_of(exchange.port) as feed:
        await feed.says("closed by the venue (1001: a connection is valid for 24 hours)")
        await until(lambda: exchange.sessions_total >= 2, what="another connection")
        await feed.brings(20)


async def test_more_streams_than_a_connection_takes_are_spread_over_several() -> None:
    symbols = [*SYMBOLS, *(f"COIN{i}USDT" for i in range(200))]
    async with places.exchange_of() as exchange, feed_of(exchange.port, symbols=symbols) as feed:
        await until(lambda: len(exchange.sessions) == 2, what="two connections")
        asked = [session.streams for session in exchange.sessions]
        assert max(map(len, asked)) == 200
        assert len(set.union(*asked)) == 203
        await feed.says("connected to 127.0.0.1: 203 streams")
        await feed.brings(20, "BTCUSDT")
        await feed.brings(20, "SOLUSDT")


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
            exchange.port, symbols=["BTCUSDT"], publisher=publisher, knobs=knobs, silence_s=0.3
        ) as feed,
    ):
        await feed.says("the buffer is full; reading waits for the broker")
        sent = exchange.tape.find(0, from_id=None, start_ms=None, end_ms=None, limit=1)[0]["a"]
        stuck = feed.health.trades_total
        assert stuck <= 400, "one cut on its way and one full buffer"
        await until(lambda: newest(exchange) > sent + 1_000, what="the exchange to go on")
        told = len(feed.details)
        await until(lambda: len(feed.details) > told, what="health to be told again")
        assert feed.health.trades_total == stuck
        publisher.gate.set()
        await until(lambda: feed.ids()[-1:] > [sent + 1_000], what="all of it")
        assert_contiguous(feed.ids())
        assert feed.health.reconnects_total == 0, "our own pause is not the venue's silence"


def newest(exchange: Exchange) -> int:
    row = exchange.tape.find(0, from_id=None, start_ms=None, end_ms=None, limit=1)[0]
    return int(row["a"])


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
