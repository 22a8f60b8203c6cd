"""A stream of events -> micro-batches."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from oddlot.contracts import topics
from streams import batches
from tests.streams.workers import FakeEvent, FakeWorker


class FakeStream:
    """Events that have arrived, and others that arrive once those have been taken."""

    def __init__(self, *generations: int, later: tuple[int, ...] = ()) -> None:
        self.channel = SimpleNamespace(queue=asyncio.Queue())
        self.app = FakeWorker()
        self._offsets = itertools.count()
        self._arrive(generations)
        self._later = later

    def noack(self) -> FakeStream:
        return self

    async def events(self) -> AsyncIterator[Any]:
        while not self.channel.queue.empty():
            event = self.channel.queue.get_nowait()
            if self._later:
                asyncio.get_running_loop().call_soon(self._arrive, self._later)
                self._later = ()
            yield event

    def _arrive(self, generations: tuple[int, ...]) -> None:
        self.app.consumer_generation_id = generations[0]
        for generation in generations:
            event = FakeEvent(topics.SPREADS, b"", generation, offset=next(self._offsets))
            self.channel.queue.put_nowait(event)


async def split(stream: FakeStream) -> list[list[int]]:
    found = batches.micro_batches(stream)  # type: ignore[arg-type]  # all that is used of it
    return [[event.message.offset for event in batch] async for batch in found]


async def test_what_has_arrived_is_one_batch():
    assert await split(FakeStream(1, 1, 1)) == [[0, 1, 2]]


async def test_behind_what_arrives_soon_is_of_the_same_batch():
    assert await split(FakeStream(1, 1, later=(1, 1))) == [[0, 1, 2, 3]]


async def test_level_with_the_present_nothing_is_waited_for(monkeypatch):
    monkeypatch.setattr(batches, "BEHIND_MS", 1e15)
    assert await split(FakeStream(1, 1, later=(1, 1))) == [[0, 1]]


async def test_a_batch_is_of_one_assignment():
    """Else those of the old one would have those of the new one thrown away with them."""
    assert await split(FakeStream(1, 1, later=(2, 2))) == [[0, 1], [2, 3]]


async def test_what_is_left_of_another_assignment_is_passed_over():
    assert await split(FakeStream(2, 1, 1, 2)) == [[0, 3]]


async def test_a_batch_has_a_limit():
    found = await split(FakeStream(*[1] * (batches.LIMIT + 2)))
    assert [len(batch) for batch in found] == [batches.LIMIT, 2]
