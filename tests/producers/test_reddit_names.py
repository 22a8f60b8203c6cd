"""Subreddits as people list them: good names are read, others and former ones are told of."""

from __future__ import annotations

import asyncio

import pytest

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import ForumScan
from oddlot.settings import Settings
from producers import reddit
from tests.fakes import MemoryPublisher
from tests.producers.forums.fake_reddit import FakeReddit, settings_of
from tests.waiting import DEADLINE_S, beside

ADDRESS = {"state_dir", "kafka_port", "kafka"}


@pytest.mark.parametrize("bad", ["a b", "x", "https://reddit.com/r/stocks", "ä"])
def test_a_name_that_is_none_is_refused_and_the_others_are_read(bad: str) -> None:
    names, refused = reddit.subreddits_of(settings_of(reddit_subreddits=f"stocks,{bad}"))
    assert names == ["stocks"]
    assert refused.keys() == {bad}
    assert "expected 2 to 21 letters" in refused[bad]
    with pytest.raises(errors.BadSetting, match="expected 2 to 21 letters"):
        reddit.subreddits_of(settings_of(reddit_subreddits=bad))


def test_names_are_taken_as_people_write_them() -> None:
    given = settings_of(reddit_subreddits=" r/stocks, /r/options,Stocks,,wallstreetbets ")
    assert reddit.subreddits_of(given) == (["Stocks", "options", "wallstreetbets"], {})


def test_there_is_a_limit_to_subreddits() -> None:
    many = settings_of(reddit_subreddits=",".join(f"s{i:03}" for i in range(60)))
    names, refused = reddit.subreddits_of(many)
    assert (len(names), list(refused)) == (50, [f"s{i:03}" for i in range(50, 60)])
    assert "at most 50, was 60" in refused["s055"]


async def scans_until(reading: kafka.Subscription, place: str) -> list[ForumScan]:
    """Give what is said of places, up to the first that is said of one."""
    found: list[ForumScan] = []
    async with asyncio.timeout(DEADLINE_S):
        while all(scan.place != place for scan in found):
            messages = [each.message() for each in await reading.read(limit=500, wait_ms=100)]
            found += [each for each in messages if isinstance(each, ForumScan)]
    return found


@pytest.mark.broker
async def test_a_place_that_is_not_read_any_more_says_so_once(
    broker: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = FakeReddit()
    monkeypatch.setattr(reddit, "client", site.client)
    before = settings_of(reddit_subreddits="gone_stocks,a b", **broker.model_dump(include=ADDRESS))
    after = before.model_copy(update={"reddit_subreddits": "gone_options"})
    lives = [(before, "gone_stocks"), (after, "gone_options"), (after, "gone_options")]
    scans: list[ForumScan] = []
    reading = kafka.subscribe(broker, [topics.FORUM_SCANS], start="earliest")
    async with kafka.connect(broker) as publisher, reading as subscription:
        for settings, read in lives:
            async with beside(reddit.run(settings, publisher)):
                scans += await scans_until(subscription, read)
    told = [scan.place for scan in scans if scan.detail == reddit.GONE]
    assert {place: told.count(place) for place in ("gone_stocks", "a b", "gone_options")} == {
        "gone_stocks": 1,
        "a b": 1,
        "gone_options": 0,
    }
    assert all(scan.from_ms == scan.to_ms for scan in scans if scan.detail == reddit.GONE)


async def test_no_subreddits_means_not_to_read_any() -> None:
    await reddit.run(settings_of(reddit_subreddits=" "), MemoryPublisher())
