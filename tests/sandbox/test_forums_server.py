"""The forums as readers find them: one server, its switches, and a port that may be taken."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from oddlot import errors, peer_groups
from oddlot.settings import LOOPBACK, load
from sandbox import forums, forums_server, providers
from sandbox.exchange import Exchange, Rules
from sandbox.forums import Forums, Quotas
from sandbox.listings import MAJORS
from sandbox.posts import DAY_MS
from sandbox.tape import Tape
from tests.conftest import ROOT
from tests.sandbox.crowds import AGENT, NOON_MS, titles
from tests.sandbox.places import market
from tests.waiting import DEADLINE_S, beside

SUBREDDITS = ("stocks", "options", "CryptoCurrency")
KEY = ("id", "secret")


@pytest.fixture
def site() -> Forums:
    groups = peer_groups.load(ROOT / "peer_groups")
    universe = providers.universe_of(groups, MAJORS, seed=1)
    return Forums(universe, SUBREDDITS, seed=1, clock=lambda: NOON_MS)


@contextlib.asynccontextmanager
async def reader_of(site: Forums) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(site.app())
    url = "http://sandbox"
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=AGENT) as client:
        yield client


async def bearer(client: httpx.AsyncClient) -> dict[str, str]:
    form = {"grant_type": "client_credentials"}
    answer = await client.post("/reddit/api/v1/access_token", data=form, auth=KEY)
    return {"Authorization": f"bearer {answer.json()['access_token']}"}


async def test_reddit_stocktwits_and_news_answer_at_their_paths(site: Forums) -> None:
    async with reader_of(site) as client:
        headers = await bearer(client)
        answers = [
            await client.get("/reddit/r/stocks/new", headers=headers),
            await client.get("/reddit/r/stocks/new/.rss"),
            await client.get("/stocktwits/api/2/streams/symbol/BTC.X.json"),
            await client.get("/news/market-wire.xml"),
        ]
        anonymous = await client.get("/reddit/r/stocks/new.json")
    assert [answer.status_code for answer in answers] == [200] * 4
    kinds = [answer.headers["content-type"].split(";")[0] for answer in answers]
    json = "application/json"
    assert kinds == [json, "application/atom+xml", json, "application/rss+xml"]
    assert anonymous.status_code == 403


async def test_a_planted_burst_goes_where_its_symbol_is_on_topic(site: Forums) -> None:
    async with reader_of(site) as client:
        headers = await bearer(client)
        planted = await client.post("/sandbox/burst?symbol=GME&posts=60&seconds=1")
        site.clock = lambda: NOON_MS + 1_000
        seen = {
            name: " ".join(titles((await client.get(url, headers=headers)).json()))
            for name in SUBREDDITS
            if (url := f"/reddit/r/{name}/new?limit=100&raw_json=1")
        }
        stream = await client.get("/stocktwits/api/2/streams/symbol/GME.json")
    assert planted.json() == {"reddit": 30, "stocktwits": 30}
    assert "GME" in seen["stocks"]
    assert "GME" in seen["options"]
    assert "GME" not in seen["CryptoCurrency"]
    assert all("$GME" in message["body"] for message in stream.json()["messages"])


async def test_a_burst_can_be_on_one_forum_alone(site: Forums) -> None:
    async with reader_of(site) as client:
        planted = await client.post("/sandbox/burst?symbol=BTCUSDT&posts=7&forum=reddit")
    assert planted.json() == {"reddit": 7}


@pytest.mark.parametrize(
    "query", ["", "symbol=GME", "symbol=GME&posts=many", "symbol=A&posts=9999"]
)
async def test_a_burst_that_makes_no_sense_says_what_was_expected(site: Forums, query: str) -> None:
    async with reader_of(site) as client:
        answer = await client.post(f"/sandbox/burst?{query}")
    assert answer.status_code == 400
    assert "expected ?symbol=" in answer.json()["msg"]


async def test_a_forum_fails_as_often_as_it_was_told(site: Forums) -> None:
    async with reader_of(site) as client:
        await client.post("/sandbox/fail?forum=stocktwits&count=2")
        url = "/stocktwits/api/2/streams/symbol/NVDA.json"
        answers = [(await client.get(url)).status_code for _ in range(3)]
    assert answers == [503, 503, 200]


async def test_calls_and_rejections_are_told(site: Forums) -> None:
    async with reader_of(site) as client:
        await client.get("/reddit/r/stocks/new/.rss")
        await client.get("/reddit/r/options/new/.rss")
        report = await client.get("/sandbox/forums")
    assert report.json()["reddit"] == {"calls": 2, "rejections": {"feed": 1}}
    assert site.rejections == 1


async def test_who_breaks_ranks_at_the_exchanges_is_talked_about(site: Forums) -> None:
    """On each of the last days, those that the closes make divergers are louder than they were."""
    moved = site._find_moves(NOON_MS // DAY_MS)
    day, symbols = max((day, moved[day]) for day in moved if day < NOON_MS // DAY_MS)
    stream = [post.event_ms // DAY_MS for post in site.crowd.newest(f"s/{symbols[0]}", NOON_MS)]
    assert stream.count(day) > 10


def test_quotas_are_those_that_our_readers_believe_in() -> None:
    quotas = forums.quotas_of(load(reddit_per_minute=7, stocktwits_per_hour=8))
    assert quotas == Quotas(reddit_per_minute=7, stocktwits_per_hour=8)
    assert forums.subreddits_of(load(reddit_subreddits=" a,, b ")) == ["a", "b"]


def test_a_port_that_is_taken_is_named_with_what_to_set() -> None:
    with (
        socket.create_server((LOOPBACK, 0)) as holder,
        pytest.raises(errors.Refused, match="set ODDLOT_SANDBOX_FORUMS_PORT to another port"),
    ):
        forums_server.listen(holder.getsockname()[1])


async def test_beside_an_exchange_people_write_about_what_moves(
    site: Forums, monkeypatch: pytest.MonkeyPatch
) -> None:
    lively = market(*MAJORS)
    tape = Tape(lively, now_ms=NOON_MS, history_ms=60_000, memory_trades=100_000)
    tape.moves = lambda *, span_ms: {"DOGEUSDT": -0.05}  # type: ignore[method-assign]
    exchange = Exchange(tape, Rules(), providers.Providers(site._universe))
    monkeypatch.setattr(forums_server, "ALONE_S", 0.0)
    knobs = load(reddit_subreddits="CryptoCurrency", sandbox_forums_port=1)
    with forums_server.listen(0) as listener:
        url = "http://{}:{}/stocktwits/api/2/streams/symbol/DOGE.X.json".format(
            *listener.getsockname()
        )
        async with (
            beside(forums_server.run_beside(knobs, listener, exchange)) as serving,
            httpx.AsyncClient(headers=AGENT, timeout=DEADLINE_S) as client,
        ):
            answer = await client.get(url)  # waits until there is a server
            newest = answer.json()["messages"][0]
    assert "$DOGE.X" in newest["body"]
    assert serving.done()
