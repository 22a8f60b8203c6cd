"""GET /pairs: what is watched."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI

from tests.api.messages import OPEN_MS, spread
from tests.api.places import hub_of
from tests.fakes import MemoryReader


async def pair_of(http: httpx.AsyncClient, pair: str) -> dict[str, Any]:
    views = (await http.get("/pairs")).json()["pairs"]
    found: dict[str, Any] = next(view for view in views if view["pair"] == pair)
    return found


async def test_a_pair_says_its_direction_its_window_and_its_latest_spreads(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [spread(0), spread(1, z=-2.5)]
    view = await pair_of(http, "BTCUSDT~ETHUSDT")
    latest = view.pop("latest")
    assert view == {
        "pair": "BTCUSDT~ETHUSDT",
        "y": "BTCUSDT",
        "x": "ETHUSDT",
        "group": "crypto-majors",
        "added": False,
        "window": 300,
        "prices": "level",
        "intervals": ["1s", "1m", "5m"],
        "silence_bars": 30,
        "hedge": "ols",
        "enter_z": 2.0,
        "leave_z": 0.5,
        "cooldown_bars": 10,
    }
    assert (latest["1s"]["open_ms"], latest["1s"]["z"]) == (OPEN_MS + 1_000, -2.5)
    assert latest["1m"] is None


async def test_a_live_spread_beats_the_stored_one(
    app: FastAPI, http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [spread(0)]
    hub_of(app).publish(spread(1, z=3.0), arrival_ms=0, published_ms=0)
    view = await pair_of(http, "BTCUSDT~ETHUSDT")
    assert view["latest"]["1s"]["z"] == 3.0
