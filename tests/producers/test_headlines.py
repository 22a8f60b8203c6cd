"""Headlines: from feeds to their topic, once; how every source is doing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Headline, NewsSource
from oddlot.settings import Settings, load
from producers import headlines
from producers.headlines import News
from producers.news import asking
from producers.news.editor import Editor
from producers.news.entries import Reading
from producers.news.pauses import LONGEST_S, REFUSED_S, pause_after
from producers.news.registry import sources_of
from producers.news.said import Said
from sandbox import newsroom
from tests.fakes import MemoryPublisher
from tests.producers.news.places import NOW_MS, SITE, World, item, rss
from tests.waiting import beside, until

DEADLINE_S = 60.0
FEEDS = ",".join(f"{name}={SITE}/{name}.xml" for name in newsroom.NAMES)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let our clock be that of the made-up news."""
    monkeypatch.setattr(headlines, "_now_ms", lambda: NOW_MS)


def knobs(tmp_path: Path, **changed: Any) -> Settings:
    return load(**{"state_dir": tmp_path, "news_feeds": FEEDS, "news_every_s": 5, **changed})


def news_on(
    world: World, settings: Settings, publisher: MemoryPublisher, said: Said | None = None
) -> News:
    sources = sources_of(settings, world.client())
    return News(settings, publisher, sources, Editor(said or Said()))


def states(publisher: MemoryPublisher) -> dict[str, NewsSource]:
    return {state.source: state for state in publisher.on(topics.NEWS_SOURCES)}


def titles(found: Sequence[Headline]) -> set[str]:
    return {headline.title for headline in found}


async def test_every_feed_is_read_and_nothing_is_said_twice(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    async with beside(news_on(World(), knobs(tmp_path), publisher).run()):
        await until(lambda: len(states(publisher)) == 3, what="3 feeds")
    found = publisher.on(topics.HEADLINES)
    assert {headline.source for headline in found} == set(newsroom.NAMES)
    assert len(found) == len({(each.source, each.headline_id) for each in found}) >= 60
    assert len(titles(found)) == len(found), "the same words once"
    assert sum(bool(headline.symbols) for headline in found) > 0.7 * len(found)
    assert not any("<" in title and ">" in title for title in titles(found))
    assert {state.state for state in states(publisher).values()} == {"read"}
    assert sum(state.headlines for state in states(publisher).values()) == len(found)


async def test_a_later_reading_says_only_what_is_new(tmp_path: Path) -> None:
    world, publisher = World(), MemoryPublisher()
    settings = knobs(tmp_path, news_feeds=f"wire={SITE}/market-wire.xml")
    news = news_on(world, settings, publisher)
    (source,) = sources_of(settings, world.client())
    await news.read(source)
    before = publisher.on(topics.HEADLINES)
    world.now_ms += 3 * 45_000
    await news.read(source)
    new = publisher.on(topics.HEADLINES)[len(before) :]
    assert 1 <= len(new) <= 3
    assert not titles(new) & titles(before)


class Failing:
    """A source that fails in one way after another."""

    name = "wire"
    every_s = 60.0

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    async def read(self, now_ms: int) -> Reading:
        if self._errors:
            raise self._errors.pop(0)
        return Reading(())


async def test_a_source_that_fails_says_why_and_when_it_is_read_again(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    news = News(knobs(tmp_path), publisher, (), Editor(Said()))
    source = Failing(
        errors.VenueUnavailable("cannot be reached"),
        errors.QuotaSpent("wants to be read less often", retry_ms=600_000),
        errors.BadMessage("expected RSS or Atom, was text/html"),
    )
    failures, waits = 0, []
    for _ in range(4):
        failures, wait_s = await news.read(source, failures)
        waits.append(wait_s)
    said = publisher.on(topics.NEWS_SOURCES)
    assert [(state.state, state.detail) for state in said] == [
        ("unavailable", "cannot be reached"),
        ("limited", "wants to be read less often"),
        ("unavailable", "expected RSS or Atom, was text/html"),
        ("read", ""),
    ]
    assert waits == [60, 600, 240, 60]
    assert [state.next_ms for state in said] == [NOW_MS + wait * 1_000 for wait in waits]
    assert [state.read_ms for state in said] == [None, None, None, NOW_MS]


async def test_an_answer_that_is_no_feed_is_a_dead_letter_once(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    news = News(knobs(tmp_path), publisher, (), Editor(Said()))
    source, failures = Failing(*(errors.BadMessage("was text/html") for _ in range(3))), 0
    for _ in range(3):
        failures, _ = await news.read(source, failures)
    (letter,) = publisher.on(topics.DEAD_LETTERS)
    assert (letter.origin, letter.reason) == ("producers.headlines.wire", "was text/html")


@pytest.mark.parametrize(
    ("error", "failures", "state", "wait_s"),
    [
        (None, 0, "read", 300),
        (errors.VenueUnavailable("x"), 1, "unavailable", 300),
        (errors.VenueUnavailable("x"), 3, "unavailable", 1_200),
        (errors.VenueUnavailable("x"), 99, "unavailable", LONGEST_S),
        (errors.KeyRefused("x"), 1, "unavailable", REFUSED_S),
        (errors.QuotaSpent("x"), 2, "limited", 600),
        (errors.QuotaSpent("x", retry_ms=1_000), 1, "limited", 300),
    ],
)
def test_a_source_is_left_alone_for_longer_each_time(
    error: errors.Oddlot | None, failures: int, state: str, wait_s: float
) -> None:
    pause = pause_after(error, every_s=300, failures=failures)
    assert (pause.state, pause.wait_s) == (state, wait_s)


async def test_health_speaks_of_all_sources(tmp_path: Path) -> None:
    bad = f"{SITE}/coin-desk.xml"
    publisher = MemoryPublisher()
    news = news_on(World(answers={bad: httpx.Response(403)}), knobs(tmp_path), publisher)
    async with beside(news.run()):
        await until(lambda: len(states(publisher)) == 3, what="3 feeds")
    health = news.health(NOW_MS)
    assert (health.feed, health.connected, health.symbols) == ("news", True, 3)
    assert health.detail == "2 of 3 sources read; not coin-desk: the news page says why"
    assert publisher.on(topics.FEED_HEALTH)[0].connected, "nothing is wrong before the first answer"
    assert health.trades_total == 0, "headlines are no trades"


async def test_a_world_without_news_is_not_connected(tmp_path: Path) -> None:
    answers: dict[str, Any] = {
        f"{SITE}/{name}.xml": httpx.ConnectError("offline") for name in newsroom.NAMES
    }
    publisher = MemoryPublisher()
    news = news_on(World(answers=answers), knobs(tmp_path), publisher)
    async with beside(news.run()):
        await until(lambda: len(states(publisher)) == 3, what="3 feeds")
    assert not news.health(NOW_MS).connected
    assert publisher.on(topics.HEADLINES) == []


async def test_sources_without_a_key_and_sources_that_are_gone_are_told(tmp_path: Path) -> None:
    publisher = MemoryPublisher()
    news = news_on(World(), knobs(tmp_path, fmp_key="secret"), publisher)
    old = NewsSource(
        source="old-wire", state="read", detail="", headlines=3, read_ms=1, next_ms=2, sent_ms=1
    )
    await news.tell_absent([old])
    said = {state.source: state for state in publisher.on(topics.NEWS_SOURCES)}
    assert set(said) == {"finnhub", "old-wire"}
    assert said["old-wire"].state == "gone"
    assert "ODDLOT_FINNHUB_KEY" in said["finnhub"].detail
    assert said["finnhub"].next_ms is None


class AwayAtFirst(MemoryPublisher):
    """A broker that does not acknowledge headlines the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.tries = 0

    async def publish(self, topic: Any, messages: Any, *, arrival_ms: int) -> None:
        if topic is topics.HEADLINES:
            self.tries += 1
            if self.tries == 1:
                raise errors.BrokerUnavailable("restarting")
        await super().publish(topic, messages, arrival_ms=arrival_ms)


async def test_headlines_are_published_until_the_broker_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headlines, "FIRST_BACKOFF_S", 0.01)
    publisher = AwayAtFirst()
    settings = knobs(tmp_path, news_feeds=f"wire={SITE}/one.xml")
    world = World(answers={f"{SITE}/one.xml": httpx.Response(200, content=rss(item("Up")))})
    news = news_on(world, settings, publisher)
    (source,) = sources_of(settings, world.client())
    await news.read(source)
    assert publisher.tries == 2
    assert titles(publisher.on(topics.HEADLINES)) == {"Up"}


async def test_a_bug_starts_the_headlines_again_and_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    async def broken(*_: Any) -> None:
        tries.append(1)
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(headlines, "_serve", broken)
    monkeypatch.setattr(headlines, "FIRST_BACKOFF_S", 0.01)
    with caplog.at_level(logging.CRITICAL):
        async with beside(headlines.run(knobs(tmp_path), MemoryPublisher())) as task:
            await until(lambda: len(tries) > 1, what="a second try")
            assert not task.done()


async def _none(*_: Any) -> tuple[Said, dict[str, NewsSource]]:
    return Said(), {}


async def test_feeds_set_wrongly_are_told_by_the_feeds_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headlines, "resume", _none)
    publisher = MemoryPublisher()
    settings = knobs(tmp_path, news_feeds="nonsense")
    async with beside(headlines.run(settings, publisher)):
        await until(lambda: publisher.on(topics.FEED_HEALTH), what="health")
    health = publisher.on(topics.FEED_HEALTH)[0]
    assert not health.connected
    assert health.detail.startswith("ODDLOT_NEWS_FEEDS: expected NAME=URL")


async def said(subscription: kafka.Subscription) -> list[Headline]:
    """Read what there is to read now."""
    found = [record.message() for record in await subscription.read(limit=500, wait_ms=100)]
    return [message for message in found if isinstance(message, Headline)]


@pytest.mark.broker
async def test_what_was_said_before_a_restart_is_not_said_again(
    broker: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    monkeypatch.setattr(asking, "client", world.client)
    settings = knobs(tmp_path, kafka=broker.kafka_address)
    found: list[Headline] = []
    reading = kafka.subscribe(settings, [topics.HEADLINES], start="earliest")
    async with kafka.connect(settings) as publisher, reading as subscription:
        for wanted in (60, 0):  # the second life has nothing new to say
            asked, already = len(world.requests), len(found)
            async with beside(headlines.run(settings, publisher)), asyncio.timeout(DEADLINE_S):
                # Every feed, and one of them twice.
                while len(found) < already + wanted or len(world.requests) < asked + 4:
                    found += await said(subscription)
        while await subscription.lag():
            found += await said(subscription)
    assert len({(each.source, each.headline_id) for each in found}) == len(found)
