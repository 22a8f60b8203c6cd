"""Topics -> which mentions have been said of a forum before, and what has been read of it.

A mention is kept as a number: the memory of half a year of posts would not fit otherwise.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import ForumScan, Post
from oddlot.contracts.social import Forum
from oddlot.contracts.topics import Topic
from oddlot.errors import BadMessage
from oddlot.settings import Settings
from producers.forums.covers import Covers

log = logging.getLogger(__name__)

MAX_SAID = 300_000  # mentions; those said longest ago go, and would be said again if read again
READ_RECORDS, READ_WAIT_MS = 200, 200  # as many as take two milliseconds


class Said:
    """The mentions that have been said."""

    def __init__(self, limit: int = MAX_SAID) -> None:
        self._limit = limit
        self._mentions: dict[int, None] = {}

    def __len__(self) -> int:
        """Count them."""
        return len(self._mentions)

    def add(self, posts: Iterable[Post]) -> None:
        """Note that some have been said."""
        for post in posts:
            self._mentions[hash((post.post_id, post.symbol))] = None
        while len(self._mentions) > self._limit:
            del self._mentions[next(iter(self._mentions))]

    def unsaid(self, post_id: str, symbols: Sequence[str]) -> list[str]:
        """Give the symbols of a post that have not been said of it."""
        return [symbol for symbol in symbols if hash((post_id, symbol)) not in self._mentions]


@dataclass(slots=True)
class Known:
    """What is known of a forum at the start.

    Attributes
    ----------
    said : its mentions.
    covers : by place, what has been read.
    newest : by place, the id of its newest post said.
    scans : by place, the last one said.
    """

    said: Said = field(default_factory=Said)
    covers: defaultdict[str, Covers] = field(default_factory=lambda: defaultdict(Covers))
    newest: dict[str, str] = field(default_factory=dict)
    scans: dict[str, ForumScan] = field(default_factory=dict)
    _newest_ms: dict[str, int] = field(default_factory=dict)

    def add(self, message: Post | ForumScan) -> None:
        """Take in what was said before."""
        if isinstance(message, ForumScan):
            self.covers[message.place].add(message.from_ms, message.to_ms)
            self.scans[message.place] = message
            return
        self.said.add((message,))
        if message.event_ms >= self._newest_ms.get(message.place, 0):
            self._newest_ms[message.place] = message.event_ms
            self.newest[message.place] = message.post_id


async def resume(settings: Settings, forum: Forum) -> Known:
    """Read back from the topics what is known of a forum."""
    known = Known()
    wanted: list[Topic[Any]] = [topics.POSTS, topics.FORUM_SCANS]
    async with kafka.subscribe(settings, wanted, start="earliest") as subscription:
        while await subscription.lag():
            for record in await subscription.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS):
                try:
                    message = record.message()
                except BadMessage as e:
                    log.debug("a message that breaks its contract; the sink has it: %s", e)
                    continue
                if isinstance(message, Post | ForumScan) and message.forum == forum:
                    known.add(message)
    log.info("%s: %d mentions have been said before", forum, len(known.said))
    return known
