"""The Binance producer follows the symbols as they change, on the connection that it has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from websockets.asyncio.server import broadcast

from oddlot.contracts import topics
from producers import binance
from tests.producers.feeds import assert_chained, assert_contiguous, feed_of
from tests.sandbox import places
from tests.waiting import until

LATE = '{"e":"trade","E":2,"T":1,"s":"NAME","t":1,"p":"1","q":"1","m":true}'


class Changes:
    """Symbols that a test sets."""

    def __init__(self) -> None:
        self._changes: asyncio.Queue[Sequence[str]] = asyncio.Queue()

    def set(self, *symbols: str) -> None:
        self._changes.put_nowait(symbols)

    async def __aiter__(self) -> AsyncIterator[Sequence[str]]:
        while True:
            yield await self._changes.get()


async def test_a_new_symbol_streams_and_the_others_are_not_disturbed() -> None:
    changes = Changes()
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, symbols=["BTCUSDT", "ETHUSDT"], changes=changes) as feed,
    ):
        await feed.brings(50)
        assert feed.count("SOLUSDT") == 0
        changes.set("BTCUSDT", "ETHUSDT", "SOLUSDT")
        await feed.brings(50, "SOLUSDT")
        await feed.brings(50)
        assert_contiguous(feed.ids("BTCUSDT"))
        assert_contiguous(feed.ids("SOLUSDT"))
        await until(lambda: feed.health.symbols == 3, what="the count of symbols")
        assert feed.health.reconnects_total == 0
        assert len(exchange.sessions) == 1
        assert not feed.publisher.on(topics.DEAD_LETTERS)


async def test_a_symbol_that_left_is_unsubscribed_and_nothing_is_said_of_it() -> None:
    changes = Changes()
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, changes=changes) as feed,
    ):
        await feed.brings(20, "SOLUSDT")
        changes.set("BTCUSDT", "ETHUSDT")
        await until(lambda: feed.health.symbols == 2, what="the count of symbols")
        (session,) = exchange.sessions
        await until(lambda: len(session.streams) == 2, what="the exchange to know")
        await feed.brings(50)  # what was on the way has arrived, and been cut
        said = len(feed.batches("SOLUSDT"))
        await feed.brings(3_000)
        assert len(feed.batches("SOLUSDT")) == said, "not even a watermark"
        assert_contiguous(feed.ids("BTCUSDT"))
        for late in (LATE.replace("NAME", "SOLUSDT"), LATE.replace("NAME", "PEPEUSDT")):
            broadcast([session.connection], late)
        letters = feed.publisher.on
        await until(lambda: letters(topics.DEAD_LETTERS), what="the frame of a stranger")
        (letter,) = letters(topics.DEAD_LETTERS)
        assert "PEPEUSDT" in letter.reason, "the last frames of one that left are no mistake"


async def test_a_symbol_that_comes_back_shows_the_hole() -> None:
    changes = Changes()
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, changes=changes) as feed,
    ):
        await feed.brings(20, "SOLUSDT")
        changes.set("BTCUSDT", "ETHUSDT")
        await until(lambda: feed.health.symbols == 2, what="the count of symbols")
        await feed.brings(200)
        changes.set("BTCUSDT", "ETHUSDT", "SOLUSDT")
        await feed.brings(50, "SOLUSDT")
        ids = feed.ids("SOLUSDT")
        assert ids[-1] - ids[0] > len(ids) - 1
        assert_chained(feed.batches("SOLUSDT"))


async def test_a_connection_made_again_has_the_symbols_of_now() -> None:
    changes = Changes()
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, symbols=["BTCUSDT"], changes=changes) as feed,
    ):
        await feed.brings(20)
        changes.set("ETHUSDT", "SOLUSDT")
        await feed.brings(20, "SOLUSDT")
        (session,) = exchange.sessions
        await session.connection.close()
        await until(lambda: feed.health.reconnects_total == 1, what="another connection")
        await feed.brings(20, "ETHUSDT")
        await until(
            lambda: (
                [s.streams for s in exchange.sessions] == [{"ethusdt@aggTrade", "solusdt@aggTrade"}]
            ),
            what="its streams",
        )


async def test_more_symbols_than_a_line_takes_get_another_which_goes_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(binance, "MAX_STREAMS", 2)
    changes = Changes()
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, symbols=["BTCUSDT", "ETHUSDT"], changes=changes) as feed,
    ):
        await feed.brings(20)
        changes.set("BTCUSDT", "ETHUSDT", "SOLUSDT")
        await feed.brings(20, "SOLUSDT")
        assert len(exchange.sessions) == 2
        changes.set("BTCUSDT", "ETHUSDT")
        await until(lambda: len(exchange.sessions) == 1, what="the line to go")
        await feed.brings(20)
        assert_contiguous(feed.ids("BTCUSDT"))


async def test_without_any_symbol_those_of_before_go_on() -> None:
    changes = Changes()
    async with (
        places.exchange_of() as exchange,
        feed_of(exchange.port, changes=changes) as feed,
    ):
        await feed.brings(20)
        changes.set()
        changes.set("BTCUSDT")
        await until(lambda: feed.health.symbols == 1, what="the change after")
        await feed.brings(20)
