"""What was read of a forum -> social.posts first, social.scans once they are acknowledged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import FeedHealth, ForumScan, Post
from oddlot.contracts.social import Forum
from oddlot.contracts.topics import Topic
from oddlot.kafka import Publisher
from oddlot.quant.mentions import Lexicon, mentioned
from producers.forums.pace import now_ms
from producers.forums.places import DEPTH_MS
from producers.forums.seen import Said
from producers.forums.written import Written, posts_of

log = logging.getLogger(__name__)

PUBLISHED_AT_ONCE = 50  # encoding more would hold the trades up
DIGESTED_AT_ONCE = 2  # posts: a long one takes a millisecond or two, and trades cannot wait
HEALTH_S = 1.0
AHEAD_MS = 120_000  # clocks differ; an hour that has not begun must not be the newest one
BACKOFF_S = 1.0  # the broker's client itself has been trying for a minute by then

Mentions = Callable[[Written], Sequence[str]]


class Voice:
    """Says what was read of one forum, each mention once."""

    def __init__(self, forum: Forum, publisher: Publisher, said: Said) -> None:
        self.forum = forum
        self.trouble = ""  # with the broker
        self.refused_total = 0
        self._publisher = publisher
        self._said = said

    async def tell_posts(self, place: str, written: Sequence[Written], mentions: Mentions) -> int:
        """Publish the mentions that have not been said, oldest first; give how many these were."""
        new: list[Post] = []
        timely = [each for each in written if await self._is_timely(place, each)]
        for first in range(0, len(timely), DIGESTED_AT_ONCE):
            for each in timely[first : first + DIGESTED_AT_ONCE]:
                symbols = self._said.unsaid(each.post_id, mentions(each))
                seen_ms = now_ms()
                new += posts_of(each, symbols, forum=self.forum, place=place, seen_ms=seen_ms)
            await asyncio.sleep(0)
        new.sort(key=lambda post: post.event_ms)
        await self.insist(topics.POSTS, new)
        self._said.add(new)
        return len(new)

    async def tell_scan(self, scan: ForumScan) -> None:
        """Publish how far a place has been read, as far as anybody looks; its posts are there."""
        from_ms = min(scan.to_ms, max(scan.from_ms, now_ms() - DEPTH_MS))
        await self.insist(topics.FORUM_SCANS, [replace(scan, from_ms=from_ms)])

    async def refuse(self, place: str, payload: bytes, reason: str) -> None:
        """Put aside what could not be read."""
        self.refused_total += 1
        origin = f"producers.{self.forum}"
        try:
            await kafka.refuse(self._publisher, origin, payload, f"{place}: {reason}")
        except errors.BrokerUnavailable as e:
            log.warning("a refused post is not among the dead letters: %s", e)

    async def tell_health(self, health: Callable[[int], FeedHealth]) -> None:
        """Say once a second how it goes, until cancelled."""
        while True:
            at_ms = now_ms()
            try:
                await self._publisher.publish(topics.FEED_HEALTH, [health(at_ms)], arrival_ms=at_ms)
            except errors.BrokerUnavailable as e:
                log.warning("feed health not published: %s", e)
            await asyncio.sleep(HEALTH_S)

    async def insist(self, topic: Topic[M], messages: Sequence[M]) -> None:
        """Publish until the broker has it all: a scan says that its posts are there."""
        for first in range(0, len(messages), PUBLISHED_AT_ONCE):
            piece = messages[first : first + PUBLISHED_AT_ONCE]
            while True:
                try:
                    await self._publisher.publish(topic, piece, arrival_ms=now_ms())
                    break
                except errors.BrokerUnavailable as e:
                    log.warning("%s; publishing again", e)
                    self.trouble = "the broker does not acknowledge; publishing again"
                    await asyncio.sleep(BACKOFF_S)
            self.trouble = ""

    async def _is_timely(self, place: str, written: Written) -> bool:
        """Tell whether a post is of the time that anybody looks at; none is of the future."""
        ahead_ms = written.event_ms - now_ms()
        if ahead_ms > AHEAD_MS:
            words = f"expected a post of the past, was {ahead_ms // 1_000} s ahead of our clock"
            await self.refuse(place, written.post_id.encode(), f"{words}; see to the clock")
            return False
        return -ahead_ms <= DEPTH_MS


def by_words(lexicon: Lexicon) -> Mentions:
    """Give what finds the symbols in a post's words."""
    return lambda written: mentioned(written.words, lexicon)
