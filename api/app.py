"""Settings -> the app: `uvicorn api.app:app`, or `python -m api` with the right options."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.metadata
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.responses import RedirectResponse

from api import (
    alerts,
    bars,
    bugs,
    buzz,
    closes,
    divergence,
    divergence_scans,
    headlines,
    health,
    origins,
    pair_scans,
    pair_tests,
    pairs,
    peer_groups,
    posts,
    problems,
    spreads,
    stream,
    symbols,
    uploads,
    uploads_views,
)
from api.backend import Backend
from api.buzz_store import BuzzStore, ConnectBuzz
from api.buzzing import Buzzing
from api.divergence_store import ClosesStore, ConnectCloses
from api.diverging import STATES, Diverging, FollowStates
from api.exports import Exports
from api.grouping import Grouping
from api.hub import Hub
from api.live import TOPICS, Follow, Live
from api.news_sources import SOURCES, FollowSources, NewsSources
from api.scans import Scans
from api.store import Connect, Store
from api.uploads_work import Uploads
from api.watching import FollowChanges, Publishing, Watching
from oddlot import kafka
from oddlot import settings as oddlot_settings
from oddlot.contracts import topics
from oddlot.contracts.messages import Message
from oddlot.contracts.topics import Topic
from oddlot.settings import Settings
from oddlot.store.buzz_reader import BuzzReader
from oddlot.store.divergence_reader import DivergenceReader
from oddlot.store.reader import Reader

log = logging.getLogger(__name__)

HEARTBEAT_S = 5.0
# A path with a name in it comes after those that it would hide.
ROOMS = (
    bars, spreads, pair_tests, symbols, pair_scans, pairs, alerts, uploads, uploads_views,
    divergence_scans, divergence, closes, buzz, posts, headlines, peer_groups, health,
    stream,
)  # fmt: skip
DESCRIPTION = """Bars, spreads and divergence: history by `GET`, live by the WebSocket `/stream`.

Times are integer milliseconds UTC. Errors are `application/problem+json` (RFC 9457).
"""


def make_app(
    settings: Settings,
    *,
    connect: Connect = Reader.connect,
    connect_closes: ConnectCloses = DivergenceReader.connect,
    connect_buzz: ConnectBuzz = BuzzReader.connect,
    follow: Follow | None = None,
    follow_changes: FollowChanges | None = None,
    follow_states: FollowStates | None = None,
    follow_sources: FollowSources | None = None,
    publishing: Publishing | None = None,
    heartbeat_s: float = HEARTBEAT_S,
) -> FastAPI:
    """Make an app that connects once it runs; store and topics can be stood in for."""
    hub = Hub()
    grouping = Grouping(settings, hub)
    store, closes_store = Store(settings, connect), ClosesStore(settings, connect_closes)
    buzz_store = BuzzStore(settings, connect_buzz)
    buzzing = Buzzing(buzz_store)
    publishing = publishing or functools.partial(kafka.connect, settings)
    diverging = Diverging(
        hub,
        store,
        closes_store,
        follow_states or _follow_from_first(settings, STATES),
        publishing,
        fresh_ms=settings.closes_fresh_minutes * 60_000,
    )
    backend = Backend(
        settings=settings,
        grouping=grouping,
        store=store,
        closes=closes_store,
        buzz=buzz_store,
        exports=Exports(),
        scans=Scans(store),
        hub=hub,
        live=Live(hub, follow or _follow(settings), hear=_all(diverging.hear, buzzing.hear)),
        watching=Watching(
            grouping.watchlist,
            follow_changes or _follow_from_first(settings, [topics.PAIRS]),
            publishing,
        ),
        uploads=Uploads(settings),
        diverging=diverging,
        buzzing=buzzing,
        news_sources=NewsSources(hub, follow_sources or _follow_from_first(settings, SOURCES)),
        heartbeat_s=heartbeat_s,
    )
    return _app_on(backend)


def _app_on(backend: Backend) -> FastAPI:
    app: FastAPI = FastAPIOffline(
        title="Oddlot",
        summary="Finds the odd one of the lot, live.",
        description=DESCRIPTION,
        version=importlib.metadata.version("oddlot"),
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},  # else it asks a server of Swagger's
        lifespan=_lifespan,
        responses=problems.documented(500),
    )
    app.state.backend = backend
    for room in ROOMS:
        app.include_router(room.router)
    app.add_api_route("/", _to_docs, include_in_schema=False)
    problems.install(app)
    bugs.install(app)
    origins.install(app, backend.settings.origins)  # last, so that its headers are on every answer
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Follow the topics while the app runs; a bug in that stops the process."""
    backend: Backend = app.state.backend
    following = [
        asyncio.create_task(part.run())
        for part in (
            backend.live,
            backend.watching,
            backend.uploads,
            backend.grouping,
            backend.diverging,
            backend.buzzing,
            backend.news_sources,
        )
    ]
    for task in following:
        task.add_done_callback(_stop_on_bug)
    try:
        yield
    finally:
        for task in following:
            task.cancel()
        await asyncio.wait(following)
        await backend.scans.close()
        await backend.diverging.sparklines.close()
        await backend.buzzing.close()
        await backend.store.close()
        await backend.closes.close()
        await backend.buzz.close()


def _stop_on_bug(following: asyncio.Task[None]) -> None:
    if not following.cancelled() and (bug := following.exception()):
        log.critical("following the topics ended by a bug; stopping", exc_info=bug)
        signal.raise_signal(signal.SIGTERM)


def _all(*listeners: Callable[[Message], None]) -> Callable[[Message], None]:
    def hear(message: Message) -> None:
        for listener in listeners:
            listener(message)

    return hear


def _follow(settings: Settings) -> Follow:
    def follow(start_ms: int) -> contextlib.AbstractAsyncContextManager[kafka.Subscription]:
        return kafka.subscribe(settings, TOPICS, start=start_ms)

    return follow


def _follow_from_first(settings: Settings, wanted: Sequence[Topic[Any]]) -> FollowChanges:
    def follow() -> contextlib.AbstractAsyncContextManager[kafka.Subscription]:
        return kafka.subscribe(settings, wanted, start="earliest")

    return follow


async def _to_docs() -> RedirectResponse:
    return RedirectResponse("/docs")


app = make_app(oddlot_settings.load())
