"""Reddit: what is read, how far, once, and what is said where it refuses us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import ForumScan, Post
from oddlot.contracts.topics import DAY_MS, Topic
from oddlot.quant.mentions import lexicon_of
from producers.forums import voice as voices
from producers.forums.lexicons import Symbols
from producers.forums.places import LAG_MS, Place
from producers.forums.seen import Known
from producers.forums.subreddits import source_of
from producers.forums.voice import Voice
from producers.reddit import Reader
from tests.fakes import MemoryPublisher
from tests.producers.forums.fake_reddit import FakeReddit, at_ms, settings_of
from tests.producers.forums.saying import Saying
from tests.waiting import beside, until

PLACE = "stocks"


def symbols(*names: str) -> Symbols:
    members = [(name, name) for name in names]
    return Symbols(lexicon=lexicon_of(members), tags={}, in_use=frozenset())


class Desk(Saying):
    """A reader, the forum it reads and what it has said."""

    def __init__(self, site: FakeReddit, http: httpx.AsyncClient, **given: Any) -> None:
        super().__init__(given.pop("publisher", None))
        self.site = site
        known: Known = given.pop("known", Known())
        self.places = [Place(name, known.covers[name]) for name in given.pop("names", [PLACE])]
        voice = Voice("reddit", self.publisher, known.said)
        source = source_of(settings_of(**given), http)
        self.reader = Reader(self.places, source, voice, simulated=True)
        self.reader.learn(symbols("TSLA", "NVDA"))
        self.pace = source.pace

    @property
    def place(self) -> Place:
        return self.places[0]

    async def look(self) -> None:
        """Read the newest page."""
        self.place.next_ms = 0
        await self.reader.visit(self.place)

    async def go_back(self) -> None:
        """Read older pages until nothing more is wanted."""
        while self.place.walk:
            await self.reader.visit(self.place)


@pytest.fixture(name="site")
def _site() -> FakeReddit:
    return FakeReddit()


@pytest.fixture(name="http")
async def _http(site: FakeReddit) -> AsyncIterator[httpx.AsyncClient]:
    async with site.client() as http:
        yield http


@pytest.mark.parametrize("key", [True, False], ids=["listings", "feeds"])
async def test_new_posts_are_said_once_and_then_how_far_was_read(
    site: FakeReddit, http: httpx.AsyncClient, key: bool
) -> None:
    oldest_ms = at_ms(3_600)
    site.write("All in on TSLA and $GME", event_ms=oldest_ms, selftext="by u/someone. DD: NVDA")
    site.write("Nothing to see", event_ms=at_ms(60))
    desk = Desk(site, http, key=key)
    await desk.look()
    await desk.look()
    assert [post.symbol for post in desk.posts] == ["TSLA", "GME", "NVDA"]
    assert {post.post_id for post in desk.posts} == {"t3_0"}
    assert "someone" not in str(desk.posts)
    kinds = [type(message) for _, message, _ in desk.publisher.published]
    assert kinds == [Post, Post, Post, ForumScan]
    (scan,) = desk.scans
    assert (scan.state, scan.detail, scan.posts, scan.from_ms) == ("read", "", 3, oldest_ms)
    assert scan.to_ms <= at_ms() + 1_000 - LAG_MS
    assert scan.next_ms is not None
    assert scan.next_ms > scan.scanned_ms


@pytest.mark.parametrize("key", [True, False], ids=["listings", "feeds"])
async def test_the_first_scan_goes_back_as_far_as_the_listing_does(
    site: FakeReddit, http: httpx.AsyncClient, key: bool
) -> None:
    names = site.write_hourly(350, until_ms=at_ms(60))
    desk = Desk(site, http, key=key)
    await desk.look()
    await desk.go_back()
    assert {post.post_id for post in desk.posts} == set(names)
    assert len(desk.posts) == 350
    oldest_ms = min(post.event_ms for post in desk.posts)
    assert min(scan.from_ms for scan in desk.scans) == oldest_ms
    assert len(desk.place.covers.stretches) == 1


async def test_a_deleted_post_at_the_end_of_a_page_does_not_stop_the_scan(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    names = site.write_hourly(250, until_ms=at_ms(60))
    newest_first = names[::-1]
    site.after_asking = [lambda: site.delete(newest_first[99], newest_first[98])]
    desk = Desk(site, http)
    await desk.look()
    await desk.go_back()
    assert site.anchors[1:4] == [newest_first[99], newest_first[98], newest_first[97]]
    assert {post.post_id for post in desk.posts} == set(names)
    assert len(desk.place.covers.stretches) == 1


async def test_posts_that_moved_to_the_next_page_meanwhile_are_not_said_twice(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    site.write_hourly(150, until_ms=at_ms(3_600))
    site.after_asking = [lambda: site.write_hourly(5, until_ms=at_ms(30))]
    desk = Desk(site, http)
    await desk.look()
    await desk.go_back()
    await desk.look()
    assert len(desk.posts) == 155
    assert len({post.post_id for post in desk.posts}) == 155


async def test_a_restart_reads_on_where_the_last_life_ended(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    start_ms = at_ms(31 * 86_400)
    site.write("TSLA", event_ms=start_ms)
    site.write_hourly(30, until_ms=at_ms(3_600))
    before = Desk(site, http)
    await before.look()
    site.write("NVDA", event_ms=at_ms(60))
    asked = len(site.asked)
    after = Desk(site, http, known=before.known())
    await after.look()
    await after.go_back()
    assert [post.symbol for post in after.posts] == ["NVDA"]
    assert len(site.asked) == asked + 1
    assert after.scans[0].from_ms == before.scans[-1].to_ms


async def test_a_restart_in_the_middle_of_the_way_back_finishes_it(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    names = site.write_hourly(320, until_ms=at_ms(60))
    before = Desk(site, http)
    await before.look()
    await before.reader.visit(before.place)
    after = Desk(site, http, known=before.known())
    await after.look()
    await after.go_back()
    said = [post.post_id for desk in (before, after) for post in desk.posts]
    assert sorted(said) == sorted(names)
    assert after.place.covers.start_of(after.scans[0].to_ms) == min(
        post.event_ms for post in after.posts
    )


async def test_hours_that_a_listing_does_not_reach_any_more_stay_missing(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    known = Known()
    known.covers[PLACE].add(at_ms() - 20 * DAY_MS, at_ms() - 15 * DAY_MS)
    site.write_hourly(48, until_ms=at_ms(60))
    desk = Desk(site, http, known=known)
    await desk.look()
    await desk.go_back()
    assert len(desk.place.covers.stretches) == 2
    assert all(scan.from_ms > at_ms() - 3 * DAY_MS for scan in desk.scans)


async def test_a_new_member_of_the_peer_groups_is_looked_for_at_once(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    site.write("TSLA or PLTR", event_ms=at_ms(60))
    desk = Desk(site, http)
    await desk.look()
    desk.reader.learn(symbols("TSLA", "PLTR"))
    await desk.look()
    assert [post.symbol for post in desk.posts] == ["TSLA", "PLTR"]


async def test_posts_that_the_broker_does_not_take_have_no_scan(
    site: FakeReddit, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(MemoryPublisher):
        is_away = True
        refused = 0

        async def publish(self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int) -> None:
            if messages and self.is_away:
                self.refused += 1
                raise errors.BrokerUnavailable("away")
            await super().publish(topic, messages, arrival_ms=arrival_ms)

    monkeypatch.setattr(voices, "BACKOFF_S", 0.001)
    site.write("TSLA", event_ms=at_ms(60))
    publisher = Away()
    desk = Desk(site, http, publisher=publisher)
    looking = asyncio.create_task(desk.look())
    await until(lambda: publisher.refused > 3, what="a broker that refuses")
    assert publisher.published == []
    assert "the broker does not acknowledge" in desk.reader.health(0).detail
    publisher.is_away = False
    await looking
    assert [len(desk.posts), len(desk.scans)] == [1, 1]


async def test_posts_of_the_future_and_of_long_ago_are_not_said(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    site.write("TSLA", event_ms=at_ms(-3_600))
    site.write("TSLA", event_ms=at_ms(60))
    site.write("TSLA", event_ms=at_ms(40 * 86_400))
    desk = Desk(site, http)
    await desk.look()
    assert [post.post_id for post in desk.posts] == ["t3_1"]
    (letter,) = desk.publisher.on(topics.DEAD_LETTERS)
    assert "ahead of our clock" in letter.reason
    (scan,) = desk.scans
    assert scan.from_ms >= at_ms() - 30 * DAY_MS - 60_000


async def test_a_token_that_was_taken_back_is_renewed(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    desk = Desk(site, http)
    await desk.look()
    site.expired.add("token-1")
    await desk.look()
    assert site.tokens == 2
    assert desk.scans[-1].state == "read"


REFUSALS = [
    (403, {}, {"key": True}, "unavailable", "may be private"),
    (403, {}, {"key": False}, "unavailable", "set ODDLOT_REDDIT_CLIENT_ID"),
    (404, {}, {"key": True}, "unavailable", "has no r/stocks"),
    (302, {}, {"key": True}, "unavailable", "has no r/stocks"),
    (503, {}, {"key": True}, "unavailable", "trouble of its own"),
    (429, {"retry-after": "30"}, {"key": True}, "limited", "too many requests"),
    (429, {}, {"key": False}, "limited", "A key has a hundred times as many"),
]


@pytest.mark.parametrize(("status", "headers", "given", "state", "words"), REFUSALS)
async def test_a_refusal_says_why_and_what_to_do(
    site: FakeReddit,
    http: httpx.AsyncClient,
    status: int,
    headers: dict[str, str],
    given: dict[str, bool],
    state: str,
    words: str,
) -> None:
    site.answers = [httpx.Response(status, headers=headers, text="<html>blocked</html>")]
    desk = Desk(site, http, **given)
    await desk.look()
    (scan,) = desk.scans
    assert (scan.state, scan.posts) == (state, 0)
    assert scan.from_ms == scan.to_ms
    assert words in scan.detail
    assert scan.next_ms is not None
    assert scan.next_ms > scan.scanned_ms
    health = desk.reader.health(0)
    assert (health.connected, health.optional) == (False, True)
    assert words in health.detail
    await desk.look()
    assert desk.scans[-1].state == "read"
    assert desk.reader.health(0).connected


async def test_a_key_that_is_not_taken_is_said_without_telling_it(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    desk = Desk(site, http, secret="wrong-secret")
    await desk.look()
    (scan,) = desk.scans
    assert "does not take the key (HTTP 401): compare ODDLOT_REDDIT_CLIENT_ID" in scan.detail
    assert "wrong-secret" not in str(desk.publisher.published)
    assert site.asked == []


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (403, "unavailable", "does not take the key (HTTP 403)"),
        (404, "unavailable", "gives no token (HTTP 404)"),
        (503, "unavailable", "gives no token (HTTP 503)"),
        (429, "limited", "too many requests"),
        (200, "unavailable", "expected a token of Reddit"),
    ],
)
async def test_without_a_token_nothing_is_asked_for(
    site: FakeReddit, http: httpx.AsyncClient, status: int, state: str, words: str
) -> None:
    site.token_answers = [httpx.Response(status, json={"error": "unsupported_grant_type"})]
    desk = Desk(site, http)
    await desk.look()
    assert desk.scans[0].state == state
    assert words in desk.scans[0].detail
    assert site.asked == []


async def test_a_machine_that_is_offline_says_so() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as http:
        desk = Desk(FakeReddit(), http, key=False)
        await desk.look()
    assert desk.scans[0].detail == ("Reddit cannot be reached; see whether this machine is online")


async def test_an_answer_that_cannot_be_read_is_a_dead_letter(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    site.answers = [httpx.Response(200, text="<html>Welcome to Reddit</html>")]
    desk = Desk(site, http)
    await desk.look()
    assert desk.scans[0].state == "unavailable"
    (letter,) = desk.publisher.on(topics.DEAD_LETTERS)
    assert letter.origin == "producers.reddit"
    assert "expected a listing of Reddit" in letter.reason


async def test_the_quota_that_reddit_tells_is_kept(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    site.headers = {"X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Reset": "300"}
    desk = Desk(site, http)
    await desk.look()
    assert desk.pace.next_ms(at_ms()) > at_ms() + 290_000


async def test_one_feed_a_minute_is_read_without_a_key(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    desk = Desk(site, http, key=False)
    await desk.look()
    assert desk.pace.next_ms(at_ms()) >= at_ms() + 59_000


async def test_newest_and_older_pages_are_read_in_turn(
    site: FakeReddit, http: httpx.AsyncClient
) -> None:
    """However many subreddits there are, the way back goes on, and new posts are not left lying."""
    site.write_hourly(900, until_ms=at_ms(60), title="nothing")
    desk = Desk(site, http, names=["stocks", "options", "investing"], reddit_per_minute=100_000)
    async with beside(desk.reader.run()):
        await until(lambda: len(site.asked) > 20 and not any(p.walk for p in desk.places))
    assert len(site.asked) == 24  # of each the 720 hours of 30 days, in pages of 100
    firsts = [request.url.path for request in site.asked if "after" not in request.url.params]
    assert sorted(firsts) == [f"/r/{name}/new" for name in ("investing", "options", "stocks")]
    assert site.asked[1].url.params.get("after")
