"""A free port and forums -> a server beside the exchange, in the same process."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import socket
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from oddlot.local import ports
from oddlot.settings import LOOPBACK, Settings
from sandbox import bursts
from sandbox.bursts import Bursts

if TYPE_CHECKING:
    import uvicorn

    from sandbox.exchange import Exchange
    from sandbox.forums import Forums

log = logging.getLogger(__name__)

SETTING = "ODDLOT_SANDBOX_FORUMS_PORT"
BACKLOG = 128
STOP_S = 1
MAX_CLIENTS = 200
HEAD_START_S = 2.0  # from the first reader of trades to the first bar
ALONE_S = 6.0  # nobody reads trades by then: posts alone are asked for
LOOK_EVERY_S = 300.0  # for somebody to talk about


def listen(port: int) -> socket.socket:
    """Take a port, so that whoever comes before there is a server waits for it; 0 for a free one.

    Raises
    ------
    Refused
        If it is taken; the message says who holds it and what to set.
    """
    if port:
        ports.require_free(port, SETTING)
    return socket.create_server((LOOPBACK, port), backlog=BACKLOG)


@contextlib.asynccontextmanager
async def serving(forums: Forums, listener: socket.socket) -> AsyncIterator[None]:
    """Serve forums while the block lasts, in a thread: a long listing must not hold up trades."""
    server = await asyncio.to_thread(_server, forums)
    running = asyncio.create_task(asyncio.to_thread(server.run, [listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await running


async def run_beside(knobs: Settings, listener: socket.socket, exchange: Exchange) -> None:
    """Serve forums until cancelled; people there write about what moves at the exchange."""
    await _until_trades_are_heard(exchange)
    # In a thread: it takes as long to load as the exchange itself.
    module = await asyncio.to_thread(importlib.import_module, "sandbox.forums")
    forums: Forums = module.Forums(
        exchange.providers.universe,
        module.subreddits_of(knobs),
        seed=knobs.sandbox_seed,
        quotas=module.quotas_of(knobs),
    )
    async with serving(forums, listener):
        log.info("SIMULATED forums and news on http://%s:%d", *listener.getsockname())
        tape = exchange.tape
        talked = Bursts(tape.market.listings)
        while True:
            moves = tape.moves(span_ms=bursts.SPAN_MS)
            symbol = talked.next(moves, time.time_ns() // 1_000_000)
            if symbol is not None:
                forums.burst(symbol, bursts.POSTS, lasts_ms=bursts.LASTS_MS)
                log.info("people write about %s: %+.2f %%", symbol, 100 * moves[symbol])
            await asyncio.sleep(LOOK_EVERY_S)


async def _until_trades_are_heard(exchange: Exchange) -> None:
    """Let whoever starts have the cores first: posts are not what a first look waits for."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ALONE_S):
            while not exchange.sessions:  # noqa: ASYNC110  # it has no event for that
                await asyncio.sleep(0.1)
            await asyncio.sleep(HEAD_START_S)


def _server(forums: Forums) -> uvicorn.Server:
    import uvicorn

    config = uvicorn.Config(
        forums.app(),
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CLIENTS,
        timeout_graceful_shutdown=STOP_S,
    )
    return uvicorn.Server(config)
