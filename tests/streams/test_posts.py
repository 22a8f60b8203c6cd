"""streams.posts: a month of posts from the topics, level once all that was there has been read."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import ForumScan, Post
from oddlot.kafka import Record
from oddlot.settings import load
from streams import posts as module
from streams.posts import READ_RECORDS, Posts
from tests.quant.crowds import FIRST, post, scan
from tests.waiting import beside, until


class Topics:
    """Two topics that have some records already."""

    def __init__(self, *messages: Post | ForumScan | bytes) -> None:
        self.records: list[Record] = []
        self.asked = 0
        for message in messages:
            self.put(message)

    def put(self, message: Post | ForumScan | bytes) -> None:
        topic: Any = topics.FORUM_SCANS if isinstance(message, ForumScan) else topics.POSTS
        payload = message if isinstance(message, bytes) else topic.codec.encode(message)
        self.records.append(Record(topic, 0, 100 + len(self.records), 0, payload))

    async def read(self, *, limit: int, wait_ms: int) -> list[Record]:
        found, self.records = self.records[:limit], self.records[limit:]
        return found

    async def lag(self) -> int:
        self.asked += 1
        return len(self.records)


async def level(monkeypatch: pytest.MonkeyPatch, there: Topics) -> tuple[Posts, int]:
    """Follow until level; give how often something had arrived by then."""
    starts, told = [], []

    @contextlib.asynccontextmanager
    async def subscribe(*_: Any, start: str) -> AsyncIterator[Topics]:
        starts.append(start)
        yield there

    monkeypatch.setattr(module.kafka, "subscribe", subscribe)
    posts = Posts()
    async with beside(posts.follow(load(), lambda: told.append(posts.is_level))):
        await until(lambda: posts.is_level)
    assert starts == ["earliest"]
    return posts, len(told)


async def test_all_that_is_on_the_topics_is_known_before_it_is_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = Topics(
        *(post("A", FIRST, str(n)) for n in range(READ_RECORDS + 5)), scan(FIRST, FIRST + 1)
    )
    posts, told = await level(monkeypatch, there)
    (row,) = posts.crowds.rows("reddit", FIRST, 0)
    assert (row.mentions, row.covered, told) == (READ_RECORDS + 5, 1.0, 2)
    assert there.asked == 1  # it takes a round trip: not after every hundred records


async def test_topics_without_a_record_are_level(monkeypatch: pytest.MonkeyPatch) -> None:
    posts, _ = await level(monkeypatch, Topics())
    assert posts.crowds.newest is None
    assert posts.revision == 0


async def test_a_record_that_breaks_its_contract_is_skipped_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posts, _ = await level(monkeypatch, Topics(b"{}", post("A", FIRST), scan(FIRST, FIRST + 1)))
    assert [row.symbol for row in posts.crowds.rows("all", FIRST, 0)] == ["A"]
    assert posts.revision == 102 + 103  # the ends of both topics


def test_what_was_read_is_known_by_its_offsets() -> None:
    posts = Posts()
    posts.add(Topics(post("A", FIRST)).records)
    assert posts.has({})
    assert posts.has({topics.POSTS.name: 101})
    assert not posts.has({topics.POSTS.name: 102})
    assert not posts.has({topics.POSTS.name: 101, topics.FORUM_SCANS.name: 1})
