"""Hand-written stand-ins that pass the same suites as the real things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oddlot.contracts.codecs import M
from oddlot.contracts.messages import Message
from oddlot.contracts.topics import Topic


class MemoryPublisher:
    """Keeps what was published, as it would come off the wire."""

    def __init__(self) -> None:
        self.published: list[tuple[Topic[Any], Message, int]] = []

    async def publish(self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int) -> None:
        for message in messages:
            decoded = topic.codec.decode(topic.codec.encode(message))
            self.published.append((topic, decoded, arrival_ms))

    def on(self, topic: Topic[M]) -> list[M]:
        """Give the messages of one topic in the order they were published."""
        return [m for t, m, _ in self.published if t is topic]  # type: ignore[misc]
