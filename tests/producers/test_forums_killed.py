"""Killed in the middle of a scan, the producers leave no mention out and say none twice."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from oddlot import kafka, peer_groups
from oddlot.contracts import topics
from oddlot.contracts.messages import ForumScan, Post
from oddlot.contracts.topics import Topic
from oddlot.local import ports, roles
from oddlot.quant.mentions import mentioned
from oddlot.settings import LOOPBACK, Settings
from producers.forums.covers import Covers
from producers.forums.lexicons import symbols_of
from producers.forums.places import DEPTH_MS, Place
from producers.forums.subreddits import source_of
from producers.forums.written import Written
from sandbox import forums_server, providers
from sandbox.forums import Forums, Quotas
from sandbox.listings import MAJORS
from tests.conftest import ROOT

SUBREDDITS = ("killed_stocks", "killed_options")
GROUPS = peer_groups.load(ROOT / "peer_groups")
KILLS = 2
DEADLINE_S = 120.0
SLACK_MS = 3_600_000  # thirty days ago is another time by the end of the test


@pytest.fixture(name="site")
async def _site() -> AsyncIterator[str]:
    """Serve made-up forums; give their address."""
    universe = providers.universe_of(GROUPS, MAJORS, seed=3)
    quotas = Quotas(reddit_per_minute=100_000, stocktwits_per_hour=100_000)
    site = Forums(universe, SUBREDDITS, seed=3, quotas=quotas)
    listener = forums_server.listen(0)
    async with forums_server.serving(site, listener):
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"


@pytest.fixture(name="knobs")
def _knobs(broker: Settings, site: str) -> Settings:
    nobody = f"{LOOPBACK}:{ports.free_port()}"
    return broker.model_copy(
        update={
            "binance_stream_url": f"ws://{nobody}",
            "binance_rest_url": f"http://{nobody}",
            "reddit_client_id": "me",
            "reddit_client_secret": SecretStr("secret"),
            "reddit_url": f"{site}/reddit",
            "reddit_www_url": f"{site}/reddit",
            "reddit_subreddits": ",".join(SUBREDDITS),
            "reddit_per_minute": 100_000,
            "stocktwits_url": "",
            "news_feeds": f"none=http://{nobody}/rss",
        }
    )


@contextlib.contextmanager
def producing(knobs: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run the producers as their users do, and kill them at the end."""
    command = [sys.executable, "-m", "producers"]
    process = subprocess.Popen(command, env=roles.environment(knobs), cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Heard:
    """What the topics say of our subreddits."""

    def __init__(self, oldest: dict[str, int]) -> None:
        self.posts: list[Post] = []
        self._oldest = oldest
        self.covers = {name: Covers() for name in SUBREDDITS}

    async def listen(self, reading: kafka.Subscription, until: int | float) -> None:
        """Read until so many posts are there, or all of the listings is covered."""
        deadline = time.monotonic() + DEADLINE_S
        while len(self.posts) < until and not self.is_complete:
            assert time.monotonic() < deadline, f"{len(self.posts)} posts, {self._stretches}"
            for record in await reading.read(limit=100, wait_ms=100):
                message = record.message()
                if isinstance(message, Post) and message.place in SUBREDDITS:
                    self.posts.append(message)
                elif isinstance(message, ForumScan) and message.place in SUBREDDITS:
                    self.covers[message.place].add(message.from_ms, message.to_ms)

    @property
    def is_complete(self) -> bool:
        """Whether the past that anybody looks at is covered without a hole."""
        now_ms = int(time.time() * 1_000)
        return all(
            len(covers.stretches) == 1
            and covers.stretches[0][0] <= max(self._oldest[name], now_ms - DEPTH_MS + SLACK_MS)
            for name, covers in self.covers.items()
        )

    @property
    def _stretches(self) -> str:
        return str({name: covers.stretches for name, covers in self.covers.items()})


async def listings(knobs: Settings) -> dict[str, list[Written]]:
    """Give all that the listings have, read in one go."""
    found = {}
    async with httpx.AsyncClient(headers={"user-agent": "tests"}) as http:
        source = source_of(knobs, http)
        for name in SUBREDDITS:
            place, written = Place(name, Covers()), list[Written]()
            page = await source.page(name, None)
            place.note_newest(page, int(time.time() * 1_000))
            written += page.written
            while place.walk:
                page = await source.page(name, place.walk.anchors[-1])
                place.note_older(page)
                written += page.written
            found[name] = written
    return found


@pytest.mark.broker
async def test_producers_that_are_killed_in_a_scan_leave_nothing_out_and_say_nothing_twice(
    knobs: Settings,
) -> None:
    before = await listings(knobs)
    heard = Heard({name: min(post.event_ms for post in before[name]) for name in SUBREDDITS})
    wanted: list[Topic[Any]] = [topics.POSTS, topics.FORUM_SCANS]
    async with kafka.subscribe(knobs, wanted, start="earliest") as reading:
        for kill in range(KILLS):
            with producing(knobs):
                await heard.listen(reading, until=200 + 500 * kill)
        with producing(knobs):
            await heard.listen(reading, until=float("inf"))
    lexicon = symbols_of(GROUPS).lexicon
    said = Counter((post.post_id, post.symbol) for post in heard.posts)
    assert [mention for mention, times in said.items() if times > 1] == []
    for name, written in before.items():
        expected = {
            (post.post_id, symbol)
            for post in written
            for symbol in mentioned(post.words, lexicon)
            if heard.covers[name].start_of(post.event_ms) is not None
        }
        assert len(expected) > 200
        assert expected - said.keys() == set()
