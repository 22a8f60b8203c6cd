"""GET /alerts: what has crossed its threshold."""

from __future__ import annotations

import httpx
import pytest

from tests.api.messages import OPEN_MS, alert
from tests.fakes import MemoryReader


async def found(http: httpx.AsyncClient, query: str) -> list[int]:
    """Give the seconds after OPEN_MS of the alerts that a query finds."""
    answer = await http.get(f"/alerts?{query}")
    assert answer.status_code == 200, answer.text
    return [(row["event_ms"] - OPEN_MS) // 1_000 for row in answer.json()["alerts"]]


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("", [3, 2, 1, 0]),
        ("subject=A~B", [3]),
        ("kind=spread&interval=1m", [2]),
        ("crossing=left", [1]),
        (f"from={OPEN_MS + 1_000}&to={OPEN_MS + 3_000}", [2, 1]),
        ("limit=2", [3, 2]),
        ("subject=NOPE", []),
    ],
)
async def test_alerts_come_newest_first_as_asked(
    http: httpx.AsyncClient, reader: MemoryReader, query: str, seconds: list[int]
) -> None:
    reader.rows = [
        alert(0),
        alert(1, crossing="left"),
        alert(2, interval="1m"),
        alert(3, subject="A~B"),
    ]
    assert await found(http, query) == seconds


async def test_pages_back_lead_to_the_oldest_alert(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [alert(second) for second in range(5)]
    first = (await http.get("/alerts?limit=3")).json()
    assert first["next_to"] == OPEN_MS + 2_000
    assert await found(http, f"to={first['next_to']}") == [1, 0]


@pytest.mark.parametrize("query", ["crossing=over", "kind=x", "interval=2m", "subject=" + "X" * 42])
async def test_a_filter_that_is_none_is_bad_input(http: httpx.AsyncClient, query: str) -> None:
    assert (await http.get(f"/alerts?{query}")).status_code == 422
