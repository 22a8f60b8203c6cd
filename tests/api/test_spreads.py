"""GET /spreads/{pair}: what a pair's chart asks for."""

from __future__ import annotations

from dataclasses import fields

import httpx
from fastapi import FastAPI

from api.spreads import SpreadRow
from oddlot.contracts.messages import Pair, Spread
from tests.api.messages import OPEN_MS, change, spread
from tests.api.places import backend_of
from tests.fakes import MemoryReader

PAIR = "BTCUSDT~ETHUSDT"


def test_a_row_has_every_field_of_a_spread_but_those_all_rows_share() -> None:
    names = [field.name for field in fields(Spread)]
    assert [field.name for field in fields(SpreadRow)] == [
        name for name in names if name not in {"pair", "y", "x", "interval"}
    ]


async def test_spreads_come_oldest_first_under_their_pair(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [spread(0), spread(1, z=None, stale=True)]
    answer = (await http.get(f"/spreads/{PAIR}")).json()
    rows = answer.pop("spreads")
    assert answer == {
        "pair": PAIR,
        "y": "BTCUSDT",
        "x": "ETHUSDT",
        "interval": "1s",
        "next_to": None,
    }
    assert [(row["open_ms"], row["z"]) for row in rows] == [(OPEN_MS, 1.5), (OPEN_MS + 1_000, None)]
    assert set(rows[0]) == {field.name for field in fields(SpreadRow)}


async def test_a_known_pair_without_spreads_has_none_and_says_its_legs(
    http: httpx.AsyncClient,
) -> None:
    answer = (await http.get(f"/spreads/{PAIR}?interval=1m")).json()
    assert (answer["y"], answer["x"], answer["spreads"]) == ("BTCUSDT", "ETHUSDT", [])


async def test_an_interval_that_the_pair_is_not_computed_on_is_bad_input(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    slow = Pair(y="BTCUSDT", x="ETHUSDT", intervals=("1s", "1m"))
    backend_of(app).watching.watchlist.apply(change(slow))
    answer = await http.get(f"/spreads/{PAIR}?interval=5m")
    assert answer.status_code == 422
    assert "expected 1s or 1m" in answer.json()["detail"]


async def test_the_other_direction_is_another_pair(http: httpx.AsyncClient) -> None:
    answer = await http.get("/spreads/ETHUSDT~BTCUSDT")
    assert answer.status_code == 404
    assert "GET /pairs" in answer.json()["detail"]


async def test_a_pair_that_is_no_longer_watched_is_known_by_its_spreads(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [spread(0, pair="A~B", y="A", x="B")]
    answer = (await http.get("/spreads/A~B?from=2024-01-01")).json()
    assert (answer["y"], answer["x"], answer["spreads"]) == ("A", "B", [])
