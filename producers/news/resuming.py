"""news.headlines, ops.news-sources -> what has been said before, and of which sources."""

from __future__ import annotations

import logging
from typing import Any

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Headline, NewsSource
from oddlot.contracts.topics import Topic
from oddlot.settings import Settings
from producers.news.said import Said

log = logging.getLogger(__name__)

READ_RECORDS, READ_WAIT_MS = 500, 500


async def resume(settings: Settings) -> tuple[Said, dict[str, NewsSource]]:
    """Read both topics from their beginning to where they end now."""
    said = Said()
    sources: dict[str, NewsSource] = {}
    wanted: list[Topic[Any]] = [topics.HEADLINES, topics.NEWS_SOURCES]
    async with kafka.subscribe(settings, wanted, start="earliest") as subscription:
        while await subscription.lag():
            for record in await subscription.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS):
                try:
                    message = record.message()
                except errors.BadMessage as e:
                    log.warning("%s, offset %d: %s", record.topic.name, record.offset, e)
                    continue
                if isinstance(message, Headline):
                    said.add(message)
                elif isinstance(message, NewsSource):
                    sources[message.source] = message
    log.info("%d headlines have been said before", len(said))
    return said, sources
