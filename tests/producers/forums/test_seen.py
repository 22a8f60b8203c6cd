"""What is known of a forum at the start is what its topics say."""

from __future__ import annotations

import time

import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import ForumScan, Post
from oddlot.contracts.social import Forum
from oddlot.settings import Settings
from producers.forums.seen import Known, Said, resume

NOW = int(time.time() * 1_000)


def post(post_id: str, symbol: str = "TSLA", *, forum: Forum = "reddit", ago_ms: int = 0) -> Post:
    return Post(
        symbol=symbol, forum=forum, place="stocks", post_id=post_id, event_ms=NOW - ago_ms,
        mood=None, mood_by=None, mood_score=None, excerpt="", url="", seen_ms=NOW,
    )  # fmt: skip


def scan(from_ms: int, to_ms: int, *, forum: Forum = "reddit") -> ForumScan:
    return ForumScan(
        forum=forum, place="stocks", symbol=None, from_ms=NOW + from_ms, to_ms=NOW + to_ms,
        posts=1, state="read", detail="", next_ms=None, scanned_ms=NOW,
    )  # fmt: skip


def test_a_mention_is_a_post_and_a_symbol() -> None:
    said = Said()
    said.add([post("t3_1", "TSLA")])
    assert said.unsaid("t3_1", ["TSLA", "NVDA"]) == ["NVDA"]
    assert said.unsaid("t3_2", ["TSLA"]) == ["TSLA"]


def test_the_mentions_said_longest_ago_are_forgotten_first() -> None:
    said = Said(limit=10)
    said.add([post(f"t3_{i}") for i in range(25)])
    assert len(said) == 10
    assert said.unsaid("t3_14", ["TSLA"]) == ["TSLA"]
    assert said.unsaid("t3_15", ["TSLA"]) == []


def test_the_newest_post_of_a_place_is_known() -> None:
    known = Known()
    for each in (post("2", ago_ms=5), post("3", ago_ms=1), post("1", ago_ms=9)):
        known.add(each)
    assert known.newest == {"stocks": "3"}


@pytest.mark.broker
async def test_what_was_said_is_known_in_the_next_life(broker: Settings) -> None:
    async with kafka.connect(broker) as publisher:
        posts = [post("seen-1"), post("seen-1", "NVDA"), post("seen-2", forum="stocktwits")]
        await publisher.publish(topics.POSTS, posts, arrival_ms=NOW)
        scans = [scan(0, 10), scan(10, 20), scan(40, 40), scan(50, 60, forum="stocktwits")]
        await publisher.publish(topics.FORUM_SCANS, scans, arrival_ms=NOW)
    known = await resume(broker, "reddit")
    assert known.said.unsaid("seen-1", ["TSLA", "NVDA", "AMD"]) == ["AMD"]
    assert known.said.unsaid("seen-2", ["TSLA"]) == ["TSLA"]
    assert known.covers["stocks"].stretches == [(NOW, NOW + 20)]
