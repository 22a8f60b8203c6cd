"""Settings -> the app: `uvicorn api.app:app`, or `python -m api` with the right options."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.metadata
import logging
import signal
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.responses import RedirectResponse

from api import (
    alerts,
    bars,
    bugs,
    health,
    origins,
    pair_scans,
    pair_tests,
    pairs,
    problems,
    spreads,
    stream,
    symbols,
    uploads,
    uploads_views,
)
from api.backend import Backend
from api.exports import Exports
from api.hub import Hub, bar_channels
from api.live import TOPICS, Follow, Live
from api.scans import Scans
from api.store import Connect, Store
from api.uploads_work import Uploads
from api.watching import FollowChanges, Publishing, StreamedWatchlist, Watching
from oddlot import kafka, peer_groups
from oddlot import settings as oddlot_settings
from oddlot.contracts import topics
from oddlot.settings import Settings
from oddlot.store.reader import Reader

log = logging.getLogger(__name__)

HEARTBEAT_S = 5.0
# A path with a name in it comes after those that it would hide.
ROOMS = (
    bars, spreads, pair_tests, symbols, pair_scans, pairs, alerts, uploads, uploads_views,
    health, stream,
)  # fmt: skip
DESCRIPTION = """Bars and spreads: history by `GET`, live by the WebSocket `/stream`.

Times are integer milliseconds UTC. Errors are `application/problem+json` (RFC 9457).
"""


def make_app(
    settings: Settings,
    *,
    connect: Connect = Reader.connect,
    follow: Follow | None = None,
    follow_changes: FollowChanges | None = None,
    publishing: Publishing | None = None,
    heartbeat_s: float = HEARTBEAT_S,
) -> FastAPI:
    """Make an app that connects once it runs; store and topics can be stood in for."""
    groups = peer_groups.load(settings.peer_groups_dir)
    hub = Hub(bar_channels(groups))
    store = Store(settings, connect)
    backend = Backend(
        settings=settings,
        groups=groups,
        store=store,
        exports=Exports(),
        scans=Scans(store),
        hub=hub,
        live=Live(hub, follow or _follow(settings)),
        watching=Watching(
            StreamedWatchlist(groups, hub),
            follow_changes or _follow_changes(settings),
            publishing or functools.partial(kafka.connect, settings),
        ),
        uploads=Uploads(settings),
        heartbeat_s=heartbeat_s,
    )
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
    origins.install(app, settings.origins)  # last, so that its headers are on every answer
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Follow the topics while the app runs; a bug in that stops the process."""
    backend: Backend = app.state.backend
    following = [
        asyncio.create_task(part.run())
        for part in (backend.live, backend.watching, backend.uploads)
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
        await backend.store.close()


def _stop_on_bug(following: asyncio.Task[None]) -> None:
    if not following.cancelled() and (bug := following.exception()):
        log.critical("following the topics ended by a bug; stopping", exc_info=bug)
        signal.raise_signal(signal.SIGTERM)


def _follow(settings: Settings) -> Follow:
    def follow(start_ms: int) -> contextlib.AbstractAsyncContextManager[kafka.Subscription]:
        return kafka.subscribe(settings, TOPICS, start=start_ms)

    return follow


def _follow_changes(settings: Settings) -> FollowChanges:
    def follow() -> contextlib.AbstractAsyncContextManager[kafka.Subscription]:
        return kafka.subscribe(settings, [topics.PAIRS], start="earliest")

    return follow


async def _to_docs() -> RedirectResponse:
    return RedirectResponse("/docs")


app = make_app(oddlot_settings.load())
