"""A stream of events -> micro-batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from oddlot.contracts import topics
from streams import batches
from tests.streams.workers import FakeEvent


class FakeStream:
    """Everything has arrived already."""

    def __init__(self, *generations: int) -> None:
        self.channel = SimpleNamespace(queue=asyncio.Queue())
        for offset, generation in enumerate(generations):
            event = FakeEvent(topics.SPREADS, b"", generation, offset=offset)
            self.channel.queue.put_nowait(event)

    def noack(self) -> FakeStream:
        return self

    async def events(self) -> AsyncIterator[Any]:
        while not self.channel.queue.empty():
            yield self.channel.queue.get_nowait()


async def split(stream: FakeStream) -> list[list[int]]:
    found = batches.micro_batches(stream)  # type: ignore[arg-type]  # all that is used of it
    return [[event.message.offset for event in batch] async for batch in found]


async def test_what_has_arrived_is_one_batch():
    assert await split(FakeStream(1, 1, 1)) == [[0, 1, 2]]


async def test_a_batch_is_of_one_assignment():
    """Else those of the old one would have those of the new one thrown away with them."""
    assert await split(FakeStream(1, 1, 2, 2, 3)) == [[0, 1], [2, 3], [4]]


async def test_a_batch_has_a_limit():
    found = await split(FakeStream(*[1] * (batches.LIMIT + 2)))
    assert [len(batch) for batch in found] == [batches.LIMIT, 2]
