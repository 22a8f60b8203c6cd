"""streams.closes: histories from the topic, level once all that was there has been read."""

from __future__ import annotations

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
from tests.waiting import beside, until


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
    tell = lambda changed: told.append((closes.is_level, changed))  # noqa: E731
    async with beside(closes.follow(load(), tell)):
        await until(lambda: closes.is_level)
        assert told == [(False, {"M0"}), (False, {"M1"})]
        topic.put(topics.CLOSES, history("M2")[0])
        await until(lambda: len(told) == 3)
    assert told[-1] == (True, {"M2"})


def test_symbols_are_bounded_and_those_fetched_longest_ago_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert MAX_SYMBOLS >= 5_000
    monkeypatch.setattr(module, "MAX_SYMBOLS", 2)
    closes = Closes()
    for symbol, fetched_ms in (("M0", 2), ("M1", 1), ("M2", 3)):
        closes.add(history(symbol, fetched_ms=fetched_ms))
    assert sorted(closes.by_symbol) == ["M0", "M2"]
