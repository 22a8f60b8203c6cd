"""Peer groups and config.pairs -> the watched pairs of this worker, as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from mode import Service

from oddlot import kafka, watchlist
from oddlot.contracts import topics
from oddlot.contracts.messages import Pair
from oddlot.kafka import Subscription
from oddlot.settings import Settings
from oddlot.watchlist import Watchlist
from streams.groups import Groups, groups_of
from streams.worker import Worker

VENUE = "binance"


class Watched:
    """Follows the watchlist from its beginning, for every part of the worker at once.

    Attributes
    ----------
    groups : the peer groups, as they change.
    """

    def __init__(self, settings: Settings, groups: Groups) -> None:
        self._settings = settings
        self._groups, self._seen = groups, groups.all
        self._watchlist = Watchlist(groups.all, VENUE)
        self._subscription: Subscription | None = None
        self._moved = asyncio.Condition()
        self._pairs: Mapping[str, Pair] = self._watchlist.pairs

    @property
    def pairs(self) -> Mapping[str, Pair]:
        """By id; another object after each change, so that parts notice by identity."""
        if self._groups.all is not self._seen:
            self._seen = self._groups.all
            self._watchlist.regroup(self._seen)
            self._pairs = self._watchlist.pairs
        return self._pairs

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
        self._pairs = self._watchlist.pairs
        async with self._moved:
            self._moved.notify_all()


def watched_by(app: Worker) -> Watched:
    """Give what the worker watches; the first part to ask lets it follow."""
    if app.watched is None:
        app.watched = watched = Watched(app.settings, groups_of(app))

        @app.service
        class Following(Service):
            """Starts and stops with the worker."""

            @Service.task
            async def _run(self) -> None:
                await watched.run()

    return app.watched
