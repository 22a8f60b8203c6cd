"""What a reader of forums has said, and what its next life knows from it."""

from __future__ import annotations

from oddlot.contracts import topics
from oddlot.contracts.messages import ForumScan, Post
from producers.forums.seen import Known
from tests.fakes import MemoryPublisher


class Saying:
    """Keeps what is published."""

    def __init__(self, publisher: MemoryPublisher | None = None) -> None:
        self.publisher = publisher or MemoryPublisher()

    @property
    def posts(self) -> list[Post]:
        return self.publisher.on(topics.POSTS)

    @property
    def scans(self) -> list[ForumScan]:
        return self.publisher.on(topics.FORUM_SCANS)

    def known(self) -> Known:
        """Give what the next life knows from the topics."""
        known = Known()
        for _, message, _ in self.publisher.published:
            if isinstance(message, Post | ForumScan):
                known.add(message)
        return known
