"""Scans, closes and budgets as files: flat, typed, with the figures of the JSON answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from api.formats import Format
from oddlot.contracts.messages import BudgetWindow
from tests.api.places import app_on, backend_of
from tests.api.scans import DIVERGER, EXAMPLE, GROUP, budget, now_ms, scan
from tests.api.test_divergence import CLOSE
from tests.api.test_exports import FILES, read
from tests.fakes import MemoryCloses, MemoryReader


@pytest.fixture
def closes() -> MemoryCloses:
    return MemoryCloses()


@pytest.fixture
def app(reader: MemoryReader, closes: MemoryCloses) -> FastAPI:
    return app_on(reader, closes=closes)


@pytest.mark.parametrize("format_", FILES)
async def test_a_file_of_a_scan_has_every_member_with_every_window(
    app: FastAPI, http: httpx.AsyncClient, format_: Format
) -> None:
    backend_of(app).diverging.hear(scan())
    answer = await http.get(f"/divergence/{GROUP}?format={format_}")
    rows = read(answer.content, format_).to_pylist()
    assert [row["symbol"] for row in rows] == [member.symbol for member in EXAMPLE.members]
    for row, member in zip(rows, EXAMPLE.members, strict=True):
        assert (row["verdict"], row["z"], row["beta"]) == (member.verdict, member.z, member.beta)
        for each in member.windows:
            assert row[f"own_return_{each.window}"] == each.own_return
            assert row[f"z_{each.window}"] == each.z
            assert row[f"crosses_{each.window}"] is each.crosses
    assert next(row for row in rows if row["symbol"] == DIVERGER)["name"] == "Alaska Air"


async def test_a_file_is_judged_by_the_threshold_asked_for(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    backend_of(app).diverging.hear(scan())
    answer = await http.get(f"/divergence/{GROUP}?z=100&format=parquet")
    assert "diverger" not in read(answer.content, "parquet")["verdict"].to_pylist()


@pytest.mark.parametrize("format_", FILES)
async def test_a_file_of_groups_has_each_even_before_its_first_scan(
    app: FastAPI, http: httpx.AsyncClient, format_: Format
) -> None:
    empty = read((await http.get(f"/divergence?format={format_}")).content, format_)
    assert empty.num_rows == len(backend_of(app).groups)
    backend_of(app).diverging.hear(scan())
    found = read((await http.get(f"/divergence?format={format_}")).content, format_)
    (scanned,) = (row for row in found.to_pylist() if row["group"] == GROUP)
    for each in EXAMPLE.windows:
        assert scanned[f"median_return_{each.window}"] == each.median_return
    assert [row["scored"] for row in found.to_pylist()].count(0) == found.num_rows - 1


async def test_scans_that_differ_in_their_windows_share_a_file(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    other = scan(group="steel", windows=(replace(EXAMPLE.windows[0], window=7),))
    for each in (scan(), other):
        backend_of(app).diverging.hear(each)
    found = read((await http.get("/divergence?format=arrow")).content, "arrow").to_pylist()
    (airlines,) = (row for row in found if row["group"] == GROUP)
    (steel,) = (row for row in found if row["group"] == "steel")
    assert airlines["median_return_7"] is None
    assert steel["median_return_7"] == EXAMPLE.windows[0].median_return


@pytest.mark.parametrize("format_", FILES)
async def test_a_file_of_closes_has_more_than_the_limit(
    http: httpx.AsyncClient, closes: MemoryCloses, format_: Format
) -> None:
    closes.rows = [replace(CLOSE, date=dt.date(2024, 6, day)) for day in range(1, 8)]
    answer = await http.get(f"/closes/{CLOSE.symbol}?limit=2&format={format_}")
    rows = read(answer.content, format_).to_pylist()
    assert [row["date"] for row in rows] == [dt.date(2024, 6, day) for day in range(1, 8)]
    assert (rows[0]["open"], rows[0]["adjusted_close"]) == (None, 5.0)
    assert f"oddlot-closes-{CLOSE.symbol}" in answer.headers["content-disposition"]


@pytest.mark.parametrize("format_", FILES)
async def test_a_file_of_budgets_has_a_row_for_each_limit(
    app: FastAPI, http: httpx.AsyncClient, format_: Format
) -> None:
    minute = BudgetWindow(window="minute", limit=8, used=5, left=3, resets_ms=now_ms())
    day = BudgetWindow(window="day", limit=800, used=5, left=795, resets_ms=None)
    backend_of(app).diverging.hear(budget("twelvedata", windows=(minute, day)))
    backend_of(app).diverging.hear(budget("marketstack", windows=(), has_key=False))
    rows = read((await http.get(f"/budgets?format={format_}")).content, format_).to_pylist()
    found = [(row["provider"], row["window"], row["left"], row["has_key"]) for row in rows]
    assert found == [
        ("marketstack", None, None, False),
        ("twelvedata", "minute", 3, True),
        ("twelvedata", "day", 795, True),
    ]


@pytest.mark.parametrize("format_", FILES)
async def test_a_file_of_past_divergers_has_all_whatever_the_limit(
    http: httpx.AsyncClient, closes: MemoryCloses, format_: Format
) -> None:
    closes.scans = [replace(EXAMPLE, open_ms=day) for day in range(5)]
    answer = await http.get(f"/divergence/{GROUP}/history?limit=1&format={format_}")
    assert read(answer.content, format_)["open_ms"].to_pylist() == list(range(5))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/divergence/nobody?format=csv", 404),
        (f"/divergence/{GROUP}?format=csv", 409),
        ("/divergence?format=xml", 422),
        ("/closes/YYYY?format=csv", 404),
    ],
)
async def test_what_cannot_be_given_is_a_problem_and_no_file(
    http: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await http.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_format_may_be_asked_for_by_accept(http: httpx.AsyncClient) -> None:
    answer = await http.get("/budgets", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
