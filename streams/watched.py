"""Peer groups and config.pairs -> the watched pairs of this worker, as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from mode import Service

from oddlot import kafka, peer_groups, watchlist
from oddlot.contracts import topics
from oddlot.contracts.messages import Pair
from oddlot.kafka import Subscription
from oddlot.settings import Settings
from oddlot.watchlist import Watchlist
from streams.worker import Worker

VENUE = "binance"


class Watched:
    """Follows the watchlist from its beginning, for every part of the worker at once.

    Attributes
    ----------
    pairs : by id; another object after each change, so that parts notice by identity.
    symbols : all that stream, watched or not.
    """

    def __init__(self, settings: Settings) -> None:
        groups = peer_groups.load(settings.peer_groups_dir)
        self._settings = settings
        self._watchlist = Watchlist(groups, VENUE)
        self._subscription: Subscription | None = None
        self._moved = asyncio.Condition()
        self.pairs: Mapping[str, Pair] = self._watchlist.pairs
        self.symbols = peer_groups.streaming_symbols(groups, VENUE)

    async def caught_up(self) -> None:
        """Return once all changes that are on the broker now are in `pairs`.

        Whoever sees a consequence of a change calls this before asking what was changed.
        """
        async with self._moved:
            while self._subscription is None or await self._subscription.lag():
                await self._moved.wait()

    async def run(self) -> None:
        """Follow until cancelled."""
        reading = kafka.subscribe(self._settings, [topics.PAIRS], start="earliest")
        async with reading as subscription:
            await watchlist.catch_up(subscription, self._watchlist)
            self._subscription = subscription
            await self._tell()
            async for _ in watchlist.follow(subscription, self._watchlist):
                await self._tell()

    async def _tell(self) -> None:
        self.pairs = self._watchlist.pairs
        async with self._moved:
            self._moved.notify_all()


def watched_by(app: Worker) -> Watched:
    """Give what the worker watches; the first part to ask lets it follow."""
    if app.watched is None:
        app.watched = watched = Watched(app.settings)

        @app.service
        class Following(Service):
            """Starts and stops with the worker."""

            @Service.task
            async def _run(self) -> None:
                await watched.run()

    return app.watched
