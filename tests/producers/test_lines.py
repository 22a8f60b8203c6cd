"""Lines to the sandbox exchange: they break, fall silent and grow old; every trouble is told."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from oddlot.local import ports
from sandbox.exchange import Rules
from tests.producers.feeds import (
    LONG_S,
    SYMBOLS,
    assert_chained,
    assert_contiguous,
    feed_of,
    newest,
)
from tests.sandbox import places
from tests.waiting import until


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
    port = ports.free_port()
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
