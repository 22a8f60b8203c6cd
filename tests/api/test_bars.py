"""GET /bars/{symbol}: what a chart asks for."""

from __future__ import annotations

from dataclasses import fields

import httpx
import pytest

from api.bars import BarRow
from oddlot.contracts.messages import Bar, names_of
from tests.api.messages import OPEN_MS, bar
from tests.fakes import MemoryReader


async def opened(http: httpx.AsyncClient, query: str, symbol: str = "BTCUSDT") -> list[int]:
    """Give the seconds after OPEN_MS of the bars that a query finds."""
    answer = await http.get(f"/bars/{symbol}?interval=1s{query}")
    assert answer.status_code == 200, answer.text
    return [(row["open_ms"] - OPEN_MS) // 1_000 for row in answer.json()["bars"]]


def test_a_row_has_every_field_of_a_bar_but_those_all_rows_share() -> None:
    names = names_of(Bar)
    assert [field.name for field in fields(BarRow)] == [
        name for name in names if name not in {"symbol", "interval"}
    ]


async def test_a_bar_comes_with_every_field(http: httpx.AsyncClient, reader: MemoryReader) -> None:
    reader.rows = [bar(0)]
    answer = (await http.get("/bars/BTCUSDT?interval=1s")).json()
    assert answer == {
        "symbol": "BTCUSDT",
        "interval": "1s",
        "bars": [
            {
                "open_ms": OPEN_MS,
                "open": 100.0,
                "high": 102.0,
                "low": 99.0,
                "close": 101.0,
                "volume": 1.5,
                "quote_volume": 151.0,
                "taker_buy_volume": 0.5,
                "trades": 3,
                "first_id": 0,
                "last_id": 2,
                "complete": True,
                "revision": 0,
            }
        ],
        "next_to": None,
    }


async def test_the_newest_bars_come_oldest_first(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(second) for second in range(10)]
    assert await opened(http, "&limit=3") == [7, 8, 9]


async def test_pages_back_lead_to_the_oldest_bar(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(second) for second in range(5)]
    first = (await http.get("/bars/BTCUSDT?interval=1s&limit=3")).json()
    assert first["next_to"] == first["bars"][0]["open_ms"]
    rest = (await http.get(f"/bars/BTCUSDT?interval=1s&limit=3&to={first['next_to']}")).json()
    assert [row["open_ms"] for row in rest["bars"]] == [OPEN_MS, OPEN_MS + 1_000]
    assert rest["next_to"] is None


async def test_the_interval_is_a_minute_unless_said(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(0), bar(1, interval="1m")]
    answer = (await http.get("/bars/BTCUSDT")).json()
    assert (answer["interval"], len(answer["bars"])) == ("1m", 1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"&from={OPEN_MS + 2_000}", [2, 3, 4]),
        (f"&to={OPEN_MS + 2_000}", [0, 1]),
        (f"&from={OPEN_MS + 1_000}&to={OPEN_MS + 3_000}", [1, 2]),
        ("&from=2023-11-14T22:13:22Z", [2, 3, 4]),
        ("&from=2023-11-14T22:13:22", [2, 3, 4]),
        ("&to=2023-11-14T23:13:22%2B01:00", [0, 1]),
        ("&to=2023-11-14T23:13:22+01:00", [0, 1]),
        ("&from=2023-11-15", []),
    ],
)
async def test_a_stretch_is_bounded_by_ms_or_iso_8601(
    http: httpx.AsyncClient, reader: MemoryReader, query: str, found: list[int]
) -> None:
    reader.rows = [bar(second) for second in range(5)]
    assert await opened(http, query) == found


async def test_a_known_symbol_without_bars_has_none(http: httpx.AsyncClient) -> None:
    assert await opened(http, "") == []


async def test_a_symbol_outside_the_groups_is_known_by_its_bars(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(0, symbol="OLDUSDT")]
    assert await opened(http, "", "OLDUSDT") == [0]
    assert await opened(http, "&from=2024-01-01", "OLDUSDT") == []


@pytest.mark.parametrize("symbol", ["NOPE", "btcusdt", "X" * 500, "%00"])
async def test_an_unknown_symbol_is_not_found(http: httpx.AsyncClient, symbol: str) -> None:
    answer = await http.get(f"/bars/{symbol}")
    assert answer.status_code == 404
    assert "GET /symbols" in answer.json()["detail"]


async def test_a_figure_that_json_has_not_is_null(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [bar(0, volume=float("nan"), high=float("inf"))]
    row = (await http.get("/bars/BTCUSDT?interval=1s")).json()["bars"][0]
    assert (row["volume"], row["high"]) == (None, None)
