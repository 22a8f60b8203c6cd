"""streams.buzz: what changed is said, soon where it matters, and the same whoever dies when."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import Buzz, Crowd, ForumScan, Post
from oddlot.contracts.topics import Topic
from oddlot.errors import BrokerUnavailable
from oddlot.kafka import Record
from oddlot.quant.buzz import CROWDS, Crowds
from oddlot.quant.hours import HOUR_MS
from streams import buzz as module
from streams.buzz import LATEST_S, QUIET_S, SOON_S, Hours
from streams.posts import Posts
from tests.fakes import MemoryPublisher
from tests.quant.crowds import FIRST, made_up, post, scan
from tests.streams.workers import FakeEvent, FakeWorker
from tests.waiting import beside

DAY = 24
NOW = FIRST + 10 * DAY
SOON, LATER = SOON_S + 0.1, QUIET_S + 0.1
Message = Post | ForumScan
Key = tuple[Crowd, str, int]


class Killed(Exception):
    """What a test ends a life with."""


class FrailPublisher(MemoryPublisher):
    """Publishes until its patience is over, then raises, with or without having published."""

    def __init__(self) -> None:
        super().__init__()
        self.patience = 1_000_000
        self.error: Exception = Killed()
        self.is_there = False

    async def publish(self, topic: Topic[Any], messages: Sequence[Any], *, arrival_ms: int) -> None:
        await asyncio.sleep(0)
        self.patience -= bool(messages)
        if self.patience >= 0 or self.is_there:
            await super().publish(topic, messages, arrival_ms=arrival_ms)
        if self.patience < 0:
            raise self.error


class System:
    """The topics, and the lives of a worker on them."""

    def __init__(self) -> None:
        self.worker = FakeWorker()
        self.publisher = self.worker.publisher = FrailPublisher()
        self.events: list[FakeEvent] = []
        self._records: list[Record] = []
        self._ends = {topics.POSTS: 0, topics.FORUM_SCANS: 0}
        self.told = 0

    async def start(self) -> None:
        """Begin another life: of the one before only what is on the topics is left."""
        self.publisher.patience = 1_000_000
        self.posts = Posts()
        self.posts.add(self._records)
        self.posts.is_level = True
        self.hours = Hours(self.worker, self.posts)  # type: ignore[arg-type]
        again = [event for event in self.events if not event.acknowledged]
        if again:
            await self.hours.take(again)  # type: ignore[arg-type]

    async def arrive(self, *messages: Message) -> list[FakeEvent]:
        """Put messages on their topics and let them be read."""
        new, records = [], []
        for message in messages:
            topic: Any = topics.POSTS if isinstance(message, Post) else topics.FORUM_SCANS
            offset, self._ends[topic] = self._ends[topic], self._ends[topic] + 1
            event = FakeEvent(topic, message, self.worker.consumer_generation_id, offset=offset)
            new.append(event)
            records.append(Record(topic, 0, offset, 0, event.value))
        self.events += new
        self._records += records
        self.posts.add(records)
        await self.hours.take(new)  # type: ignore[arg-type]
        return new

    async def said(self, after_s: float = LATER) -> list[Buzz]:
        """Let time pass; give what has been said by then and not been given before."""
        await self.hours.say(time.monotonic() + after_s)
        found = self.publisher.on(topics.BUZZ)
        found, self.told = found[self.told :], len(found)
        return found

    def table(self) -> dict[Key, Buzz]:
        """Give what the store would have: of each row the highest revision, the last of equals."""
        rows: dict[Key, Buzz] = {}
        for row in self.publisher.on(topics.BUZZ):
            key = row.forum, row.symbol, row.hour_ms
            if key not in rows or row.revision >= rows[key].revision:
                rows[key] = replace(row)
        return {key: replace(row, revision=0) for key, row in rows.items()}

    def right(self) -> dict[Key, Buzz]:
        """Give what it should have, computed from the topics in one go."""
        crowds = Crowds()
        for record in self._records:
            message: Any = record.message()
            crowds.add_post(message) if isinstance(message, Post) else crowds.add_scan(message)
        assert crowds.newest is not None
        return {
            (crowd, row.symbol, row.hour_ms): row
            for hour in range(crowds.first_open, crowds.newest + 1)
            for crowd in CROWDS
            for row in crowds.rows(crowd, hour, 0)
        }


@pytest.fixture
async def system() -> System:
    system = System()
    await system.start()
    return system


def posts(symbol: str, hour: float, count: int) -> list[Post]:
    return [post(symbol, hour + n / 100, f"{symbol}-{hour}-{n}") for n in range(count)]


PAST = [p for day in range(1, 9) for p in posts("A", NOW - DAY * day, 2)]
READ = scan(NOW - 9 * DAY, NOW)


def of(rows: list[Buzz], crowd: Crowd = "reddit") -> list[Buzz]:
    return [row for row in rows if row.forum == crowd]


async def test_posts_are_said_soon_and_ranked(system: System) -> None:
    await system.arrive(*PAST, READ)
    await system.said()
    await system.arrive(*posts("A", NOW, 3), *posts("B", NOW, 12), scan(NOW, NOW + 0.5))
    assert await system.said(0) == []
    found = of(await system.said(SOON))
    assert [(row.symbol, row.mentions, row.rank) for row in found] == [("A", 3, 2), ("B", 12, 1)]
    assert {row.hour_ms for row in found} == {NOW * HOUR_MS}


async def test_an_hour_that_goes_on_is_said_when_it_is_quiet(system: System) -> None:
    await system.arrive(*PAST, READ, *posts("A", NOW, 3), scan(NOW, NOW + 0.5))
    await system.said()
    await system.arrive(scan(NOW + 0.5, NOW + 0.6))
    assert await system.said(SOON) == []
    assert [row.covered for row in of(await system.said())] == [0.6]


async def test_an_hour_that_goes_on_and_on_is_said_once_a_minute(system: System) -> None:
    await system.arrive(*PAST, READ, *posts("A", NOW, 3), scan(NOW, NOW + 0.5))
    await system.said()
    await system.arrive(scan(NOW + 0.5, NOW + 0.6))
    assert LATEST_S <= 60
    await system.arrive(scan(NOW + 0.6, NOW + 0.7))
    assert [row.covered for row in of(await system.said(LATEST_S))] == [0.7]


async def test_rows_that_did_not_change_are_not_said_again(system: System) -> None:
    await system.arrive(*PAST, READ, *posts("A", NOW, 3), *posts("B", NOW, 4))
    await system.said()
    await system.arrive(*posts("B", NOW, 6))
    assert {row.symbol for row in await system.said()} == {"B"}
    await system.arrive(*posts("B", NOW, 6))  # the producer has read them again
    assert await system.said() == []


async def test_a_late_post_corrects_what_was_said(system: System) -> None:
    await system.arrive(*PAST, READ, *posts("A", NOW, 3), scan(NOW, NOW + 1))
    before = {(row.forum, row.hour_ms): row for row in await system.said()}
    late = [post("A", NOW - DAY * 4 + 0.5 + n / 50, f"late {n}") for n in range(3)]
    await system.arrive(*late, post("A", NOW - 1, "another"))
    assert {row.hour_ms // HOUR_MS for row in await system.said(SOON)} == {NOW - 1}
    found = {(row.forum, row.hour_ms): row for row in await system.said()}
    corrected = found["reddit", (NOW - DAY * 4) * HOUR_MS]
    assert corrected.mentions == 5
    assert corrected.revision > before["reddit", (NOW - DAY * 4) * HOUR_MS].revision
    await system.said()
    assert system.table() == system.right()


async def test_what_was_said_soon_is_not_acknowledged_yet(system: System) -> None:
    """The rest of what it changes is still to be said."""
    events = await system.arrive(*PAST)
    await system.said(SOON)
    assert not any(event.acknowledged for event in events)
    await system.said()
    assert all(event.acknowledged == 1 for event in events)


async def test_a_scan_that_read_nothing_is_acknowledged(system: System) -> None:
    (event,) = await system.arrive(scan(NOW, NOW))
    assert await system.said() == []
    assert event.acknowledged == 1


async def test_who_dies_before_an_acknowledgement_leaves_it_to_the_next(system: System) -> None:
    await system.arrive(*PAST, READ)
    await system.said(0)
    await system.start()
    await system.said()
    assert system.table() == system.right() != {}
    await system.start()
    assert await system.said(1_000) == []


async def test_a_broker_that_is_away_is_asked_again(system: System) -> None:
    events = await system.arrive(*PAST, READ)
    system.publisher.patience, system.publisher.error = 0, BrokerUnavailable("away")
    await system.said()
    assert not any(event.acknowledged for event in events)
    system.publisher.patience = 1_000_000
    await system.said()
    assert all(event.acknowledged for event in events)
    assert system.table() == system.right()


async def test_what_another_worker_is_to_say_is_left_to_it(system: System) -> None:
    events = await system.arrive(*PAST, READ)
    system.worker.consumer_generation_id = 2
    system.worker.is_owner = False
    assert await system.said() == []
    assert not any(event.acknowledged for event in events)
    assert await system.arrive(*posts("A", NOW, 1))


async def test_who_takes_over_says_again_what_others_may_have_said(system: System) -> None:
    await system.arrive(*PAST, READ, *posts("A", NOW, 3))
    await system.said()
    system.worker.consumer_generation_id = 2
    again = await system.arrive(*posts("A", NOW, 3))  # nothing new
    assert [row.symbol for row in of(await system.said())] == ["A"]
    assert all(event.acknowledged for event in again)


async def test_nothing_is_said_before_the_posts_themselves_are_known(system: System) -> None:
    system.posts.is_level = False
    async with beside(system.hours.run()):
        await system.arrive(*PAST, READ)
        system.hours.wake()
        for _ in range(20):
            await asyncio.sleep(0)
    ahead = FakeEvent(topics.POSTS, PAST[0], offset=10_000)
    await system.hours.take([ahead])  # type: ignore[list-item]
    assert not system.posts.has({topics.POSTS.name: 10_001})
    assert system.posts.has({topics.POSTS.name: len(PAST)})
    assert system.publisher.on(topics.BUZZ) == []


async def test_a_post_from_the_future_goes_to_the_dead_letters(system: System) -> None:
    good = post("A", NOW)
    (event,) = await system.arrive(replace(good, event_ms=good.seen_ms + 2 * HOUR_MS))
    assert await system.said() == []
    (letter,) = system.publisher.on(topics.DEAD_LETTERS)
    assert "before it was read" in letter.reason
    assert event.acknowledged


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_dies_whenever_the_rows_are_right_in_the_end(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 5)
    rng = random.Random(seed)
    some, scans = made_up(seed, days=3)
    messages: list[Message] = [*some, *scans]
    messages.sort(key=lambda m: m.event_ms if isinstance(m, Post) else m.to_ms)
    for i in range(0, len(messages) - 9, 7):  # some come late
        if rng.random() < 0.3:
            messages.insert(min(len(messages), i + 40), messages.pop(i))
    system, died = System(), 0
    await system.start()
    while messages:
        count = rng.randrange(1, 12)
        part, messages = messages[:count], messages[count:]
        await system.arrive(*part, *(rng.sample(part, 1) if rng.random() < 0.2 else []))
        if rng.random() < 0.5:
            system.publisher.patience = rng.randrange(4)
            system.publisher.error = Killed() if rng.random() < 0.5 else BrokerUnavailable("away")
            system.publisher.is_there = rng.random() < 0.5  # though it was not acknowledged
        try:
            await system.said(rng.choice([0, SOON, LATER]))
        except Killed:
            died += 1
            await system.start()
        system.publisher.patience = 1_000_000
    await system.said()
    assert died
    assert system.table() == system.right()
    assert all(event.acknowledged for event in system.events)
