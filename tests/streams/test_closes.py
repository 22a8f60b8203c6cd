"""streams.closes: histories from the topic, level once all that was there has been read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from oddlot.contracts import topics
from oddlot.settings import load
from streams import closes as module
from streams.closes import MAX_SYMBOLS, Closes
from tests.fakes import MemoryTopics
from tests.streams.test_divergence import closes as history


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> MemoryTopics:
    topic = MemoryTopics()

    @contextlib.asynccontextmanager
    async def subscribe(*_: Any, **__: Any) -> AsyncIterator[MemoryTopics]:
        yield topic

    monkeypatch.setattr(module.kafka, "subscribe", subscribe)
    return topic


async def test_what_is_on_the_topic_is_read_before_it_is_level(topic: MemoryTopics) -> None:
    closes, told = Closes(), list[tuple[bool, set[str]]]()
    topic.put(topics.CLOSES, history("M0")[0])
    topic.put_raw(topics.CLOSES, b"{}")  # is skipped
    topic.put(topics.CLOSES, history("M1")[0])
    reading = asyncio.create_task(
        closes.follow(load(), lambda changed: told.append((closes.is_level, changed)))
    )
    async with asyncio.timeout(10):
        while not closes.is_level:  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0)
    assert told == [(False, {"M0"}), (False, {"M1"})]
    topic.put(topics.CLOSES, history("M2")[0])
    async with asyncio.timeout(10):
        while len(told) < 3:  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0)
    assert told[-1] == (True, {"M2"})
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


def test_symbols_are_bounded_and_those_fetched_longest_ago_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert MAX_SYMBOLS >= 5_000
    monkeypatch.setattr(module, "MAX_SYMBOLS", 2)
    closes = Closes()
    for symbol, fetched_ms in (("M0", 2), ("M1", 1), ("M2", 3)):
        closes.add(history(symbol, fetched_ms=fetched_ms))
    assert sorted(closes.by_symbol) == ["M0", "M2"]
