"""GET /symbols: what there is."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from tests.api.messages import OPEN_MS, bar
from tests.api.places import hub_of
from tests.fakes import MemoryReader


async def test_every_member_of_the_groups_is_listed_with_its_last_price(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(0), bar(1, close=105.0)]
    symbols = {view["symbol"]: view for view in (await http.get("/symbols")).json()["symbols"]}
    assert list(symbols) == sorted(symbols)
    assert symbols["BTCUSDT"] == {
        "symbol": "BTCUSDT",
        "name": "Bitcoin",
        "venue": "binance",
        "groups": ["crypto-majors"],
        "last_price": 105.0,
        "last_open_ms": OPEN_MS + 1_000,
    }
    assert symbols["ETHUSDT"]["last_price"] is None


async def test_a_live_price_beats_the_stored_one(
    app: FastAPI, http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(0, close=1.0)]
    hub_of(app).publish(bar(1, close=2.0), arrival_ms=0, published_ms=0)
    symbols = {view["symbol"]: view for view in (await http.get("/symbols")).json()["symbols"]}
    assert symbols["BTCUSDT"]["last_price"] == 2.0
    assert "BTCUSDT" not in reader.asked[-1]
