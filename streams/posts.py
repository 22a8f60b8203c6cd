"""social.posts, social.scans -> what is known of every hour, in memory.

Read anew from the topics at every start, and by a plain reader: Faust would take longer over a
month of them than trades can wait.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import ForumScan, Post
from oddlot.errors import BadMessage
from oddlot.quant.buzz import Crowds
from oddlot.settings import Settings

log = logging.getLogger(__name__)

READ_TOPICS = (topics.POSTS, topics.FORUM_SCANS)
READ_RECORDS, READ_WAIT_MS = 100, 100  # as many as take two or three milliseconds


class Posts:
    """What has been written, and read.

    Attributes
    ----------
    crowds : that it was told to.
    is_level : whether all that was on the topics at the start is here.
    """

    def __init__(self) -> None:
        self.crowds = Crowds()
        self.is_level = False
        self._ends: defaultdict[str, int] = defaultdict(int)

    @property
    def revision(self) -> int:
        """How many records are behind what is known: it never shrinks, whoever starts again."""
        return sum(self._ends.values())

    def has(self, ends: Mapping[str, int]) -> bool:
        """Tell whether the records before some offsets, by topic, have been read."""
        return all(self._ends[name] >= end for name, end in ends.items())

    async def follow(self, settings: Settings, arrived: Callable[[], None]) -> None:
        """Read until cancelled, and tell when there is more."""
        async with kafka.subscribe(settings, READ_TOPICS, start="earliest") as reading:
            while True:
                records = await reading.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS)
                before = self.crowds.refused
                self.add(records)
                if self.crowds.refused and not before:
                    log.warning("more symbols or places than can be counted; new ones are left out")
                if not self.is_level and len(records) < READ_RECORDS and not await reading.lag():
                    self.is_level = True
                    log.info("%d posts and scans of forums are known", self.revision)
                if records:
                    arrived()
                await asyncio.sleep(0)

    def add(self, records: Iterable[kafka.Record]) -> None:
        """Take in records, in the order of their topics."""
        for record in records:
            self._ends[record.topic.name] = record.offset + 1
            try:
                message = record.message()
                if isinstance(message, Post):
                    self.crowds.add_post(message)
                elif isinstance(message, ForumScan):
                    self.crowds.add_scan(message)
            except BadMessage as e:
                log.debug("a record that breaks its contract; others put it aside: %s", e)
