"""GET /spreads/{pair}/stats: whether a spread comes back."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from api.pair_tests import HISTORY_TESTS
from tests.api.messages import OPEN_MS, pair_test, spread
from tests.api.places import hub_of
from tests.fakes import MemoryReader

PATH = "/spreads/BTCUSDT~ETHUSDT/stats"


async def test_the_tests_of_a_pair_come_oldest_first_with_its_newest_spread(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [pair_test(0), pair_test(1, eg_p=0.5), pair_test(2, interval="1m"), spread(7)]
    answer = (await http.get(PATH)).json()
    assert (answer["pair"], answer["y"], answer["x"]) == ("BTCUSDT~ETHUSDT", "BTCUSDT", "ETHUSDT")
    assert [test["eg_p"] for test in answer["history"]] == [0.02, 0.5]
    assert answer["latest"] == answer["history"][-1]
    assert answer["latest"]["eg_critical"] == [-3.9, -3.3, -3.0]
    assert answer["spread"]["open_ms"] == OPEN_MS + 7_000


async def test_a_pair_without_tests_has_none(http: httpx.AsyncClient) -> None:
    answer = (await http.get(PATH + "?interval=5m")).json()
    assert (answer["latest"], answer["spread"], answer["history"]) == (None, None, [])


async def test_a_test_that_is_not_stored_yet_is_the_latest(
    app: FastAPI, http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [pair_test(minute) for minute in range(HISTORY_TESTS + 10)]
    hub_of(app).publish(pair_test(HISTORY_TESTS + 10), arrival_ms=0, published_ms=0)
    answer = (await http.get(PATH)).json()
    assert answer["latest"]["open_ms"] == OPEN_MS + 60_000 * (HISTORY_TESTS + 10)
    assert len(answer["history"]) == HISTORY_TESTS


@pytest.mark.parametrize("pair", ["A~B", "X" * 500])
async def test_the_stats_of_an_unknown_pair_are_not_found(
    http: httpx.AsyncClient, pair: str
) -> None:
    answer = await http.get(f"/spreads/{pair}/stats")
    assert answer.status_code == 404
    assert "GET /pairs" in answer.json()["detail"]
