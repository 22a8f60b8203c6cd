"""Errors: one envelope, saying what was expected, what was found, what to do."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.fakes import MemoryReader


@pytest.mark.parametrize(
    ("path", "expected", "was"),
    [
        ("/bars/BTCUSDT?limit=0", "greater than or equal to 1", "0"),
        ("/bars/BTCUSDT?limit=5001", "less than or equal to 5000", "5001"),
        ("/bars/BTCUSDT?limit=many", "integer", "many"),
        ("/bars/BTCUSDT?interval=2m", "'1s', '1m' or '5m'", "2m"),
        ("/spreads/BTCUSDT~ETHUSDT?interval=1h", "'1s', '1m' or '5m'", "1h"),
        ("/bars/BTCUSDT?from=yesterday", "ISO 8601", "yesterday"),
        ("/bars/BTCUSDT?to=-1", "ISO 8601", "-1"),
        ("/bars/BTCUSDT?from=99999999999999999", "1970 to 9999", "99999999999999999"),
        ("/bars/BTCUSDT?from=1960-01-01", "1970 to 9999", "1960-01-01"),
        ("/bars/BTCUSDT?from=2&to=1", "from before to", "from=2 and to=1"),
        ("/bars/BTCUSDT?from=" + "1" * 41, "at most 40", "1" * 41),
    ],
)
async def test_bad_input_is_answered_with_what_was_expected_and_found(
    http: httpx.AsyncClient, path: str, expected: str, was: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert problem["type"] == "about:blank"
    assert expected in problem["detail"]
    assert was in problem["detail"]


async def test_each_wrong_part_is_named(http: httpx.AsyncClient) -> None:
    problem = (await http.get("/bars/BTCUSDT?limit=0&interval=2m")).json()
    assert {fault["where"] for fault in problem["errors"]} == {"query.limit", "query.interval"}


@pytest.mark.parametrize(
    "path", ["/bars/BTCUSDT", "/spreads/BTCUSDT~ETHUSDT", "/symbols", "/pairs"]
)
async def test_an_absent_store_is_said_to_be_so_with_when_to_try_again(
    http: httpx.AsyncClient, reader: MemoryReader, path: str
) -> None:
    reader.away = True
    answer = await http.get(path)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["detail"] == "expected the store to answer, was: away"


async def test_a_store_that_hangs_is_not_waited_for_for_ever(
    http: httpx.AsyncClient, reader: MemoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_args: object, **_kwargs: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(reader, "latest", hang)
    monkeypatch.setattr("api.store.ANSWER_S", 0.01)
    answer = await http.get("/bars/BTCUSDT")
    assert answer.status_code == 503
    assert "expected the store to answer within" in answer.json()["detail"]


async def test_an_unknown_path_points_to_the_docs(http: httpx.AsyncClient) -> None:
    answer = await http.get("/candles")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "GET /candles: Not Found; see /docs"


async def test_a_method_that_is_not_there_is_a_problem_too(http: httpx.AsyncClient) -> None:
    answer = await http.post("/symbols")
    assert answer.status_code == 405
    assert answer.json()["title"] == "Method Not Allowed"


async def test_a_bug_shows_nothing_of_itself(
    http: httpx.AsyncClient, reader: MemoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args: object, **_kwargs: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(reader, "latest", broken)
    answer = await http.get("/bars/BTCUSDT", headers={"Origin": "http://127.0.0.1:8050"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "http://127.0.0.1:8050"
    assert "secret" not in answer.text
