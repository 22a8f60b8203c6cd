"""A worker that compares hours is killed twice: in the end every row is right, and the newest."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Buzz, Crowd, ForumScan, Post
from oddlot.quant.buzz import CROWDS, Crowds
from tests.end_to_end.systems import DEADLINE_S, System, running_system
from tests.end_to_end.test_kills import now_ms
from tests.quant.crowds import made_up
from tests.waiting import beside

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

PARTS = "buzz"
SLICES = 30
PAUSE_S = 0.2  # between them
SEED = 7

Message = Post | ForumScan
Key = tuple[Crowd, str, int]


def as_they_come(rng: random.Random) -> list[Message]:
    """Give posts and scans in their order, but for some that come late, and some twice."""
    some, scans = made_up(SEED, days=5, symbols=9)
    messages: list[Message] = [*some, *scans]
    messages.sort(key=lambda m: m.event_ms if isinstance(m, Post) else m.to_ms)
    for i in range(0, len(messages) - 60, 9):
        messages.insert(i + rng.randrange(60), messages.pop(i))
    return [m for message in messages for m in [message] * rng.choice([1, 1, 1, 2])]


def right(messages: list[Message]) -> dict[Key, Buzz]:
    """Compare every hour in one go."""
    crowds = Crowds()
    for message in messages:
        if isinstance(message, Post):
            crowds.add_post(message)
        else:
            crowds.add_scan(message)
    assert crowds.newest is not None
    return {
        (crowd, row.symbol, row.hour_ms): row
        for hour in range(crowds.first_open, crowds.newest + 1)
        for crowd in CROWDS
        for row in crowds.rows(crowd, hour, 0)
    }


async def publish(system: System, messages: list[Message]) -> None:
    """Publish slowly enough for the trouble."""
    size = -(-len(messages) // SLICES)
    async with kafka.connect(system.settings) as publisher:
        for first in range(0, len(messages), size):
            part = messages[first : first + size]
            posts = [m for m in part if isinstance(m, Post)]
            scans = [m for m in part if isinstance(m, ForumScan)]
            await publisher.publish(topics.POSTS, posts, arrival_ms=now_ms())
            await publisher.publish(topics.FORUM_SCANS, scans, arrival_ms=now_ms())
            await asyncio.sleep(PAUSE_S)


async def follow(system: System, said: list[Buzz], grown: asyncio.Event) -> None:
    """Read all rows from the beginning, until cancelled."""
    async with kafka.subscribe(system.settings, [topics.BUZZ], start="earliest") as reading:
        while True:
            for record in await reading.read(limit=1_000, wait_ms=100):
                said.append(topics.BUZZ.codec.decode(record.payload))
                grown.set()


async def kill_twice(system: System, grown: asyncio.Event) -> None:
    """Kill in mid-work, at moments that have nothing to do with it."""
    rng = random.Random(SEED)
    for _ in range(2):
        worker = system.start_worker(parts=PARTS)
        grown.clear()
        await asyncio.wait_for(grown.wait(), DEADLINE_S)
        await asyncio.sleep(rng.uniform(0, 0.8))
        worker.kill()
    system.start_worker(parts=PARTS)


def newest(said: list[Buzz]) -> dict[Key, Buzz]:
    """Give each row as the store keeps it."""
    rows: dict[Key, Buzz] = {}
    for row in said:
        key = row.forum, row.symbol, row.hour_ms
        if key not in rows or row.revision >= rows[key].revision:
            rows[key] = row
    return {key: replace(row, revision=0) for key, row in rows.items()}


async def test_every_row_is_right_in_the_end(tmp_path: Path) -> None:
    messages = as_they_come(random.Random(SEED))
    wanted, said, grown = right(messages), list[Buzz](), asyncio.Event()
    with running_system(tmp_path, with_store=False) as system:
        following, publishing = follow(system, said, grown), publish(system, messages)
        async with beside(following), beside(publishing) as done:
            await kill_twice(system, grown)
            await asyncio.wait_for(done, DEADLINE_S)
            async with asyncio.timeout(DEADLINE_S):
                while newest(said) != wanted:
                    grown.clear()
                    await grown.wait()
    assert wanted
    revisions: dict[Key, int] = {}
    for row in said:
        key = row.forum, row.symbol, row.hour_ms
        assert row.revision >= revisions.get(key, 0)
        revisions[key] = row.revision
