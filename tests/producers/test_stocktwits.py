"""Stocktwits: what is read of a stream, how far, once, and what is said where it refuses us."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import ForumScan, Post
from oddlot.contracts.topics import DAY_MS
from oddlot.quant.mentions import lexicon_of
from oddlot.settings import load
from producers import stocktwits
from producers.forums.lexicons import Symbols
from producers.forums.places import LAG_MS
from producers.forums.seen import Known
from producers.forums.streams import ROWS, Stocktwits
from producers.forums.voice import Voice
from producers.stocktwits import MAX_PARTS, Reader
from tests.fakes import MemoryPublisher
from tests.producers.forums.fake_reddit import at_ms
from tests.producers.forums.saying import Saying

AGO_S = 3_700  # of the visit before
TAGS = {"TSLA": "TSLA", "BTC.X": "BTCUSDT"}


class FakeStocktwits:
    """Answers as Stocktwits does: newest messages first, `since` and `max` by id."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.asked: list[httpx.Request] = []
        self.answers: list[httpx.Response] = []
        self.headers: dict[str, str] = {}

    def write(self, *, event_ms: int, mood: str | None = None, body: str = "$TSLA up") -> int:
        """Write a message; give its id."""
        number = 1_000 + len(self.messages)
        made = dt.datetime.fromtimestamp(event_ms // 1_000, dt.UTC)
        entities = {"sentiment": {"basic": mood} if mood else None}
        message = {"id": number, "body": body, "created_at": f"{made:%Y-%m-%dT%H:%M:%SZ}"}
        user = {"username": "someone"}
        self.messages.append(message | {"entities": entities, "user": user})
        return number

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.asked.append(request)
        if self.answers:
            return self.answers.pop(0)
        asked = request.url.params
        since, newest = int(asked.get("since", 0)), int(asked.get("max", 10**9))
        found = [each for each in self.messages[::-1] if since < each["id"] <= newest]
        body = {"messages": found[:ROWS], "cursor": {"more": len(found) > ROWS}}
        return httpx.Response(200, json={"response": {"status": 200}, **body}, headers=self.headers)


class Desk(Saying):
    """A reader, the forum it reads and what it has said."""

    def __init__(self, http: httpx.AsyncClient, known: Known | None = None) -> None:
        super().__init__()
        known = known or Known()
        source = Stocktwits(load(stocktwits_per_hour=100_000), http)
        voice = Voice("stocktwits", self.publisher, known.said)
        self.reader = Reader(source, voice, known, simulated=True)
        self.reader.follow(
            Symbols(lexicon=lexicon_of(()), tags=TAGS, in_use=frozenset({"BTCUSDT"}))
        )
        self.pace = source.pace

    async def visit(self, tag: str = "TSLA", *, ago_s: float = 0) -> ForumScan:
        """Read a stream, now or some time ago, and give what was said of it."""
        with pytest.MonkeyPatch.context() as patch:
            if ago_s:
                patch.setattr(stocktwits, "now_ms", lambda: at_ms(ago_s))
            await self.reader.visit(self.reader.streams[tag])
        return self.scans[-1]


@pytest.fixture(name="site")
def _site() -> FakeStocktwits:
    return FakeStocktwits()


@pytest.fixture(name="http")
async def _http(site: FakeStocktwits) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(site.answer)) as http:
        yield http


async def test_messages_are_said_with_their_authors_mood_and_without_him(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    oldest_ms = at_ms(3_600)
    site.write(event_ms=oldest_ms, mood="Bearish", body="$TSLA great &amp; good, says @someone")
    site.write(event_ms=at_ms(60))
    desk = Desk(http)
    scan = await desk.visit()
    assert [(post.symbol, post.mood, post.mood_by) for post in desk.posts] == [
        ("TSLA", "bearish", "tag"),
        ("TSLA", None, None),
    ]
    assert desk.posts[0].excerpt == "$TSLA great & good, says @…"
    assert "someone" not in str(desk.publisher.published)
    assert (scan.place, scan.symbol, scan.state, scan.posts) == ("TSLA", "TSLA", "read", 2)
    assert scan.from_ms == oldest_ms
    assert scan.to_ms <= at_ms() + 1_000 - LAG_MS
    kinds = [type(message) for _, message, _ in desk.publisher.published]
    assert kinds == [Post, Post, ForumScan]


async def test_a_coins_stream_is_that_of_its_contract(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    site.write(event_ms=at_ms(60), body="$BTC.X and $TSLA")
    desk = Desk(http)
    scan = await desk.visit("BTC.X")
    assert site.asked[0].url.path == "/api/2/streams/symbol/BTC.X.json"
    assert [post.symbol for post in desk.posts] == ["BTCUSDT"]
    assert (scan.place, scan.symbol) == ("BTC.X", "BTCUSDT")


async def test_only_what_is_new_is_asked_for(site: FakeStocktwits, http: httpx.AsyncClient) -> None:
    first = site.write(event_ms=at_ms(7_200))
    desk = Desk(http)
    before = await desk.visit(ago_s=AGO_S)
    site.write(event_ms=at_ms(60))
    after = await desk.visit()
    assert site.asked[1].url.params["since"] == str(first)
    assert after.from_ms == before.to_ms
    assert [post.post_id for post in desk.posts] == [str(first), str(first + 1)]


async def test_what_does_not_fit_one_answer_is_paged_back_to_what_was_read(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    site.write(event_ms=at_ms(7_200))
    desk = Desk(http)
    before = await desk.visit(ago_s=AGO_S)
    names = [site.write(event_ms=at_ms(3_600 - second)) for second in range(80)]
    after = await desk.visit()
    assert [request.url.params.get("max") for request in site.asked[1:]] == [
        None, str(names[-ROWS] - 1), str(names[-2 * ROWS] - 1),
    ]  # fmt: skip
    assert len(desk.posts) == 81
    assert after.from_ms == before.to_ms


async def test_what_is_too_much_for_one_visit_is_missing_and_not_zero(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    site.write(event_ms=at_ms(7_200))
    desk = Desk(http)
    before = await desk.visit(ago_s=AGO_S)
    for second in range(400):
        site.write(event_ms=at_ms(3_600 - second))
    after = await desk.visit()
    assert len(site.asked) == 1 + MAX_PARTS
    assert len(desk.posts) == 1 + MAX_PARTS * ROWS
    assert after.from_ms > before.to_ms
    assert after.from_ms == min(post.event_ms for post in desk.posts[1:])


async def test_the_first_visit_is_one_request_that_reaches_to_its_oldest_message(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    for minute in range(100, 0, -1):
        site.write(event_ms=at_ms(60 * minute))
    desk = Desk(http)
    scan = await desk.visit()
    assert len(site.asked) == 1
    assert scan.from_ms == min(post.event_ms for post in desk.posts)
    assert len(desk.posts) == ROWS


async def test_a_stream_in_which_nobody_writes_is_covered_from_the_first_visit_on(
    http: httpx.AsyncClient,
) -> None:
    desk = Desk(http)
    first = await desk.visit()
    second = await desk.visit()
    assert first.from_ms == first.to_ms
    assert (second.from_ms, second.posts) == (first.to_ms, 0)


async def test_a_restart_reads_on_where_the_last_life_ended(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    first = site.write(event_ms=at_ms(7_200))
    before = Desk(http)
    ended = await before.visit(ago_s=AGO_S)
    site.write(event_ms=at_ms(60))
    after = Desk(http, known=before.known())
    scan = await after.visit()
    assert site.asked[1].url.params["since"] == str(first)
    assert [post.post_id for post in after.posts] == [str(first + 1)]
    assert scan.from_ms == ended.to_ms


async def test_a_symbol_without_a_stream_is_left_alone_until_tomorrow(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    body = {"response": {"status": 404}, "errors": [{"message": "Symbol not found"}]}
    site.answers = [httpx.Response(404, json=body)]
    desk = Desk(http)
    scan = await desk.visit()
    assert (scan.state, scan.from_ms) == ("unavailable", scan.to_ms)
    assert "has no stream of TSLA" in scan.detail
    assert scan.next_ms is not None
    assert scan.next_ms > at_ms() + DAY_MS - 60_000
    assert desk.reader.health(0).connected
    assert desk.pace.next_ms(at_ms()) < at_ms() + 2_000


@pytest.mark.parametrize(
    ("status", "headers", "state", "words", "wait_s"),
    [
        (403, {}, "unavailable", "refuses this address (HTTP 403)", 600),
        (429, {"X-RateLimit-Reset": str(at_ms() // 1_000 + 3_500)}, "limited", "too many", 400),
        (429, {}, "limited", "ODDLOT_STOCKTWITS_PER_HOUR", 59),
        (503, {}, "unavailable", "trouble of its own", 29),
    ],
)
async def test_a_refusal_says_why_and_holds_everything_back(
    site: FakeStocktwits,
    http: httpx.AsyncClient,
    status: int,
    headers: dict[str, str],
    state: str,
    words: str,
    wait_s: int,
) -> None:
    site.answers = [httpx.Response(status, headers=headers, text="<title>Just a moment</title>")]
    desk = Desk(http)
    scan = await desk.visit()
    assert (scan.state, scan.from_ms, scan.posts) == (state, scan.to_ms, 0)
    assert words in scan.detail
    assert desk.pace.next_ms(at_ms()) > at_ms() + 1_000 * (wait_s - 5)
    assert words in desk.reader.health(0).detail
    assert not desk.reader.health(0).connected
    await desk.visit()
    assert desk.reader.health(0).connected


async def test_the_longer_it_refuses_the_longer_it_is_left_alone(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    site.answers = [httpx.Response(403) for _ in range(3)]
    desk = Desk(http)
    for _ in range(3):
        await desk.visit()
    assert desk.pace.next_ms(at_ms()) > at_ms() + 2_300_000


async def test_what_stocktwits_says_is_left_is_kept(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    reset = at_ms() // 1_000 + 1_000
    site.headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    desk = Desk(http)
    await desk.visit()
    assert desk.pace.next_ms(at_ms()) > at_ms() + 900_000


async def test_an_answer_that_cannot_be_read_is_a_dead_letter(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    site.answers = [httpx.Response(200, text="<title>Just a moment</title>")]
    desk = Desk(http)
    scan = await desk.visit()
    assert scan.state == "unavailable"
    (letter,) = desk.publisher.on(topics.DEAD_LETTERS)
    assert "expected a stream of Stocktwits" in letter.reason


async def test_a_stream_that_stays_keeps_what_is_known_of_it(
    site: FakeStocktwits, http: httpx.AsyncClient
) -> None:
    number = site.write(event_ms=at_ms(60))
    desk = Desk(http)
    await desk.visit()
    tags = {"TSLA": "TSLA", "NVDA": "NVDA"}
    desk.reader.follow(Symbols(lexicon=lexicon_of(()), tags=tags, in_use=frozenset()))
    assert set(desk.reader.streams) == {"TSLA", "NVDA"}
    assert desk.reader.streams["TSLA"].newest == number


async def test_an_empty_address_means_not_to_read_it() -> None:
    await stocktwits.run(load(stocktwits_url=""), MemoryPublisher())
