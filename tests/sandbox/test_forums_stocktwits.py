"""The sandbox's Stocktwits: streams, cursors, tags, quota and refusals as the real one's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import posts, stocktwits
from sandbox.quotas import HOUR_MS
from sandbox.rest import Answer
from sandbox.stocktwits import Stocktwits
from tests.sandbox.crowds import AGENT, NOON_MS, SYMBOLS, crowd, falls, stream

COINS = [symbol for symbol in SYMBOLS if symbol.endswith("USDT")]


def site(*, an_hour: int = 10_000) -> Stocktwits:
    return Stocktwits(crowd(), COINS, an_hour=an_hour)


def ask(at: Stocktwits, name: str = "NVDA", now_ms: int = NOON_MS, **query: int) -> Answer:
    texts = {key: str(value) for key, value in query.items()}
    return at.stream(name, texts, AGENT, client="10.0.0.1", now_ms=now_ms)


def ids(answer: Answer) -> list[int]:
    return [message["id"] for message in answer.value["messages"]]


def test_a_stream_has_thirty_messages_newest_first_and_a_cursor() -> None:
    answer = ask(site())
    assert len(ids(answer)) == 30
    assert falls(ids(answer))
    cursor = answer.value["cursor"]
    assert cursor == {"more": True, "since": ids(answer)[0], "max": ids(answer)[-1]}


def test_pages_by_max_go_back_eight_hundred_messages() -> None:
    at, seen = site(), set[int]()
    page = ask(at)
    while page.value["cursor"]["more"]:
        seen |= set(ids(page))
        page = ask(at, max=page.value["cursor"]["max"])
    seen |= set(ids(page))
    whole = [post.number for post in stream(crowd(), "NVDA")]
    assert len(whole) > stocktwits.DEPTH
    assert seen == set(whole[: stocktwits.DEPTH])


def test_a_page_by_max_begins_with_the_message_itself() -> None:
    first = ask(site())
    assert ids(ask(site(), max=first.value["cursor"]["max"]))[0] == ids(first)[-1]


def test_since_gives_what_is_newer_alone() -> None:
    newest = ids(ask(site()))
    page = ask(site(), since=newest[5])
    assert ids(page) == newest[:5]
    assert not page.value["cursor"]["more"]
    nothing = ask(site(), since=newest[0])
    assert (ids(nothing), nothing.value["cursor"]["since"]) == ([], newest[0])


def test_a_coin_has_a_stream_of_its_own_name() -> None:
    answer = ask(site(), "PEPE.X")
    assert answer.value["symbol"]["symbol"] == "PEPE.X"
    assert all("$PEPE.X" in message["body"] for message in answer.value["messages"])
    assert ids(answer) == [post.number for post in stream(crowd(), "1000PEPEUSDT")][:30]


@pytest.mark.parametrize("name", ["GOLD.X", "ZZTOP", "XXII", "BTCUSDT", "NV DA"])
def test_an_unknown_symbol_is_not_found(name: str) -> None:
    answer = ask(site(), name)
    assert (answer.status, answer.value["response"]) == (404, {"status": 404})
    assert answer.value["errors"]


def test_some_authors_tag_their_mood() -> None:
    tags = [m["entities"]["sentiment"] for m in ask(site()).value["messages"]]
    assert None in tags
    assert {"basic": "Bullish"} in tags
    assert {"basic": "Bearish"} in tags


@pytest.mark.real_data
def test_messages_have_what_recorded_ones_have(real_data: Path) -> None:
    recording = real_data / "social/stocktwits_symbol_stream.json"
    [recorded, *_rest] = json.loads(recording.read_text())
    mine: dict[str, Any] = ask(site()).value["messages"][0]
    assert mine.keys() <= recorded.keys()
    assert {"id", "body", "created_at", "user", "symbols", "entities"} <= mine.keys()
    assert len(mine["created_at"]) == len(recorded["created_at"])


def test_the_hour_has_its_quota_and_a_rejection_is_our_defect() -> None:
    at = site(an_hour=3)
    answers = [ask(at) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].value == {
        "response": {"status": 429},
        "errors": [
            {"message": "Rate limit exceeded. Client may not make more than 3 requests an hour."}
        ],
    }
    assert answers[0].headers["X-RateLimit-Remaining"] == "2"
    assert answers[0].headers["X-RateLimit-Reset"] == str((NOON_MS + HOUR_MS) // 1_000)
    assert at.rejections == {"hour": 1}
    assert ask(at, now_ms=NOON_MS + HOUR_MS).status == 200


def test_readers_without_a_name_of_their_own_get_a_challenge() -> None:
    at = site()
    answer = at.stream("NVDA", {}, {"user-agent": "python-httpx/1"}, client="", now_ms=NOON_MS)
    assert (answer.status, at.rejections) == (403, {"user agent": 1})


def test_a_planted_burst_is_in_the_stream() -> None:
    people = crowd()
    people.plant(posts.place_of_stream("GME"), "GME", [NOON_MS - 5, NOON_MS - 4])
    answer = ask(Stocktwits(people, COINS), "GME")
    assert all("$GME" in message["body"] for message in answer.value["messages"][:2])
