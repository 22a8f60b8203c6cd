"""ops.news-sources -> how every source of headlines is doing, in memory and on its channel."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from api import following
from api.following import FIRST_BACKOFF_S, Subscription
from api.hub import Hub
from api.live import now_ms
from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.messages import NewsSource

log = logging.getLogger(__name__)

READ_RECORDS, READ_WAIT_MS = 500, 1_000
MAX_SOURCES = 100  # more than a producer reads

SOURCES = (topics.NEWS_SOURCES,)
FollowSources = Callable[[], AbstractAsyncContextManager[Subscription]]


class NewsSources:
    """Knows the newest state of every source, from the beginning of the topic on."""

    def __init__(
        self, hub: Hub, follow: FollowSources, *, backoff_s: float = FIRST_BACKOFF_S
    ) -> None:
        self._hub = hub
        self._follow = follow
        self._backoff_s = backoff_s
        self._known: dict[str, NewsSource] = {}

    @property
    def known(self) -> list[NewsSource]:
        """Every source that is read, or could be, in the order of their names."""
        there = (state for state in self._known.values() if state.state != "gone")
        return sorted(there, key=lambda state: state.source)

    async def run(self) -> None:
        """Follow until cancelled."""
        await following.keep(self._read, lost=_lost, backoff_s=self._backoff_s)

    def take(self, state: NewsSource) -> bool:
        """Keep a state if it is newer than what is known; tell whether it is."""
        before = self._known.get(state.source)
        if before is None and len(self._known) >= MAX_SOURCES:
            return False
        if before is not None and before.sent_ms > state.sent_ms:
            return False
        self._known[state.source] = state
        return True

    async def _read(self) -> None:
        async with self._follow() as subscription:
            while True:
                for record in await subscription.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS):
                    try:
                        state = record.message()
                    except errors.BadMessage as e:
                        log.warning("%s, offset %d: %s", record.topic.name, record.offset, e)
                        continue
                    if isinstance(state, NewsSource) and self.take(state):
                        at_ms = record.arrival_ms
                        self._hub.publish(state, arrival_ms=at_ms, published_ms=now_ms())


def _lost(error: BaseException) -> None:
    log.warning("lost the states of news sources: %s; trying again", error)
