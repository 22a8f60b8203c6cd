"""Posts: what was written, searched and paged; nothing of it is markup or script."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from api.formats import Format
from tests.api.places import app_on
from tests.api.test_exports import FILES, read
from tests.fakes import MemoryReader
from tests.fakes_buzz import MemoryBuzz
from tests.posts import HOUR, mention

HOSTILE = '<script>alert(1)</script> & "$NVDA"<img src=x onerror=alert(2)>'


@pytest.fixture
def kept() -> MemoryBuzz:
    first = mention(0, post_id="a", excerpt="I love $NVDA")
    second = mention(1, post_id="b", symbol="AMD", place="options", mood="bearish", excerpt="AMD")
    third = mention(
        2, post_id="c", forum="stocktwits", place="NVDA", mood=None, mood_by=None, excerpt="NVDA"
    )
    return MemoryBuzz(written=[first, second, third])


@pytest.fixture
def app(reader: MemoryReader, kept: MemoryBuzz) -> FastAPI:
    return app_on(reader, buzz=kept)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "cba"),
        ("symbol=NVDA", "ca"),
        ("forum=reddit", "ba"),
        ("place=options", "b"),
        ("mood=bearish", "b"),
        ("q=LOVE", "a"),
        ("q=love%20%24nvda", "a"),
        ("q=", "cba"),
        (f"from={HOUR + 1}&to={HOUR + 120_000}", "b"),
        ("limit=2", "cb"),
    ],
)
async def test_posts_are_chosen_by_what_is_asked(
    http: httpx.AsyncClient, query: str, expected: str
) -> None:
    found = (await http.get(f"/posts?{query}")).json()["posts"]
    assert "".join(post["post_id"] for post in found) == expected


async def test_a_post_says_where_and_by_whom_its_mood_was_told(http: httpx.AsyncClient) -> None:
    (post,) = (await http.get("/posts?q=love")).json()["posts"]
    assert (post["name"], post["forum"], post["place"]) == ("NVIDIA", "reddit", "stocks")
    assert (post["mood"], post["mood_by"], post["mood_score"]) == ("bullish", "vader", 0.6369)
    assert not {"author", "user", "username"} & set(post)


async def test_pages_follow_each_other(http: httpx.AsyncClient) -> None:
    seen, query = [], "limit=1"
    while True:
        answer = (await http.get("/posts", params=httpx.QueryParams(query))).json()
        seen += [post["post_id"] for post in answer["posts"]]
        if answer["next"] is None:
            break
        query = f"limit=1&before={answer['next']}"
    assert seen == ["c", "b", "a"]


@pytest.mark.parametrize(
    "query",
    [
        "forum=usenet",
        "mood=hungry",
        "limit=0",
        "limit=5001",
        "before=yesterday",
        "before=1~reddit~NVDA~",
        f"q={'x' * 101}",
        "q=1+2+3+4+5+6+7+8+9",
        f"symbol={'X' * 101}",
        "from=2&to=1",
    ],
)
async def test_what_cannot_be_is_refused(http: httpx.AsyncClient, query: str) -> None:
    answer = await http.get(f"/posts?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_hostile_post_stays_text_and_loses_its_script(
    http: httpx.AsyncClient, kept: MemoryBuzz
) -> None:
    kept.written = [
        mention(0, post_id="bad", excerpt=HOSTILE, url="javascript:alert(3)"),
        mention(1, post_id="data", url="data:text/html,<script>alert(4)</script>"),
        mention(2, post_id="good", url="HTTPS://www.reddit.com/r/stocks/"),
    ]
    answer = await http.get("/posts")
    assert answer.headers["content-type"] == "application/json"
    by_id = {post["post_id"]: post for post in answer.json()["posts"]}
    assert by_id["bad"]["excerpt"] == HOSTILE
    assert [by_id[name]["url"] for name in ("bad", "data")] == ["", ""]
    assert by_id["good"]["url"] == "HTTPS://www.reddit.com/r/stocks/"


async def test_an_absent_store_is_said(http: httpx.AsyncClient, kept: MemoryBuzz) -> None:
    kept.away = True
    assert (await http.get("/posts")).status_code == 503


@pytest.mark.parametrize("format_", FILES)
async def test_all_posts_come_as_a_file_oldest_first(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, format_: Format
) -> None:
    monkeypatch.setattr("api.posts.MAX_POSTS", 2)  # a chunk: three posts are two of them
    answer = await http.get(f"/posts?limit=1&format={format_}")
    assert 'filename="oddlot-posts.' in answer.headers["content-disposition"]
    table = read(answer.content, format_)
    assert table["post_id"].to_pylist() == ["a", "b", "c"]
    assert table["mood_by"].to_pylist()[:2] == ["vader", "vader"]
