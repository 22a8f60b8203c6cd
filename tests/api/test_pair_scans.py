"""GET /pairs/scan: all pairs of a group, ranked, with the number of tests in mind."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from fastapi import FastAPI

from api import scans
from api.scans import Asked, Scans, closes_of
from oddlot.contracts.messages import Bar
from oddlot.quant import scan
from tests.api.messages import bar
from tests.api.places import backend_of
from tests.fakes import MemoryReader
from tests.waiting import until

GROUP = "crypto-majors"
BARS = 200
PATH = f"/pairs/scan?group={GROUP}&interval=1s&window=150"
NDJSON = {"Accept": "application/x-ndjson"}


@pytest.fixture
def symbols(app: FastAPI) -> tuple[str, ...]:
    (group,) = (group for group in backend_of(app).groups if group.id == GROUP)
    return tuple(member.symbol for member in group.members)


@pytest.fixture
def closes(symbols: tuple[str, ...]) -> dict[str, Any]:
    """Give a walk for each symbol, and make BTCUSDT and ETHUSDT go together."""
    rng = np.random.default_rng(7)
    walks = {symbol: 100 + rng.normal(size=BARS).cumsum() for symbol in symbols}
    walks["BTCUSDT"] = 2 * walks["ETHUSDT"] + rng.normal(size=BARS)
    return walks


@pytest.fixture
def stored(closes: dict[str, Any], reader: MemoryReader) -> list[Bar]:
    bars = [
        bar(i, symbol=symbol, close=float(close))
        for symbol, walk in closes.items()
        for i, close in enumerate(walk)
    ]
    reader.rows = [*bars]
    return bars


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hold every scan until the event is set."""
    let_go = threading.Event()
    trials = scan.trials

    def wait(*args: Any, **options: Any) -> Iterator[Any]:
        assert let_go.wait(20)
        yield from trials(*args, **options)

    monkeypatch.setattr(scan, "trials", wait)
    yield let_go
    let_go.set()


@pytest.mark.usefixtures("stored")
async def test_the_pairs_of_a_group_are_ranked_and_the_trials_said(
    http: httpx.AsyncClient, symbols: tuple[str, ...], closes: dict[str, Any]
) -> None:
    answer = await http.get(PATH + "&prices=log")
    assert answer.status_code == 200
    view = answer.json()
    count = len(symbols) * (len(symbols) - 1)
    assert (view["group"], view["interval"], view["window"]) == (GROUP, "1s", 150)
    assert (view["prices"], view["trials"]) == ("log", count)
    assert "Benjamini-Hochberg" in view["corrections"]
    assert len(view["pairs"]) == count // 2
    best = view["pairs"][0]
    assert {best["y"], best["x"]} == {"BTCUSDT", "ETHUSDT"}
    assert (best["pair"], best["is_cointegrated"]) == (f"{best['y']}~{best['x']}", True)
    matrix = np.column_stack([closes[symbol] for symbol in symbols])
    expected = scan.scan(matrix, symbols, window=150, prices="log").candidates[0]
    assert best["eg_statistic"] == expected.eg_statistic
    assert best["z"] == expected.z


@pytest.mark.usefixtures("stored")
async def test_progress_comes_before_the_result_where_it_is_asked_for(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "CHUNK", 20)
    answer = await http.get(PATH, headers=NDJSON)
    assert answer.headers["content-type"] == "application/x-ndjson"
    *progress, result = (json.loads(line) for line in answer.text.splitlines())
    assert {line["type"] for line in progress} == {"progress"}
    assert result["type"] == "result"
    assert [line["done"] for line in progress] == sorted(line["done"] for line in progress)
    plain = (await http.get(PATH)).json()
    assert {key: result[key] for key in plain} == plain


@pytest.mark.usefixtures("stored")
async def test_a_scan_is_a_file_too(http: httpx.AsyncClient) -> None:
    answer = await http.get(PATH + "&format=csv")
    assert f'filename="oddlot-scan-{GROUP}-1s.csv"' in answer.headers["content-disposition"]
    assert len(answer.text.splitlines()) == 1 + len((await http.get(PATH)).json()["pairs"])


@pytest.mark.usefixtures("stored")
async def test_those_who_ask_for_the_same_share_one_scan(
    http: httpx.AsyncClient, reader: MemoryReader, held: threading.Event
) -> None:
    asking = [asyncio.create_task(http.get(PATH)) for _ in range(5)]
    asking.append(asyncio.create_task(http.get(PATH, headers=NDJSON)))
    await until(lambda: "closes 1s" in reader.asked, what="the scan to begin")
    asking[0].cancel()  # who goes away does not take it from the others
    held.set()
    answers = await asyncio.gather(*asking[1:])
    assert {answer.status_code for answer in answers} == {200}
    await http.get(PATH)  # shortly after
    assert reader.asked.count("closes 1s") == 1


@pytest.mark.usefixtures("stored")
async def test_an_old_outcome_is_found_anew(
    http: httpx.AsyncClient, reader: MemoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "KEPT_S", -1.0)
    await http.get(PATH)
    await http.get(PATH)
    assert reader.asked.count("closes 1s") == 2


@pytest.mark.usefixtures("stored")
async def test_one_scan_too_many_is_told_to_come_later(
    http: httpx.AsyncClient,
    reader: MemoryReader,
    held: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scans, "MAX_SCANS", 1)
    first = asyncio.create_task(http.get(PATH))
    await until(lambda: "closes 1s" in reader.asked, what="the first scan to begin")
    answer = await http.get(PATH + "&prices=log")
    held.set()
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
    assert (await first).status_code == 200


async def test_an_absent_store_is_said_and_not_remembered(
    http: httpx.AsyncClient, reader: MemoryReader, stored: list[Bar]
) -> None:
    await http.get("/symbols")  # which connects
    reader.away = True
    assert (await http.get(PATH)).status_code == 503
    (line,) = (await http.get(PATH, headers=NDJSON)).text.splitlines()[-1:]
    assert json.loads(line)["problem"]["status"] == 503
    reader.away = False
    assert (await http.get(PATH)).status_code == 200
    assert stored


async def test_a_group_without_bars_has_pairs_without_figures(http: httpx.AsyncClient) -> None:
    view = (await http.get(PATH)).json()
    assert view["trials"] == 0
    assert {row["q_value"] for row in view["pairs"]} <= {None}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("group=nope", "crypto-majors"),
        ("window=1", "greater than or equal to 10"),
        ("window=5001", "less than or equal to 5000"),
        ("prices=real", "log"),
    ],
)
async def test_what_cannot_be_scanned_is_bad_input(
    http: httpx.AsyncClient, query: str, said: str
) -> None:
    answer = await http.get(f"/pairs/scan?{query}")
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_closes_are_put_on_one_clock_up_to_what_is_settled() -> None:
    rows = [("A", 0, 1.0), ("B", 0, 5.0), ("A", 1_000, 2.0), ("A", 2_000, 3.0), ("B", 3_000, 6.0)]
    symbols, opens, values = zip(*rows[::-1], strict=True)
    stored = pa.table({"symbol": symbols, "open_ms": opens, "close": values})
    whole = closes_of(stored, ("A", "B", "C"), "1s", settled_ms=1 << 60)
    assert whole[:, :2].tolist() == [[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [3.0, 6.0]]
    assert np.isnan(whole[:, 2]).all()
    assert len(closes_of(stored, ("A", "B"), "1s", settled_ms=2_000)) == 2


async def test_a_scan_that_runs_is_cut_off_at_the_end(
    reader: MemoryReader, app: FastAPI, held: threading.Event
) -> None:
    running: Scans = backend_of(app).scans
    job = running.start(
        Asked(group="x", symbols=("A", "B"), interval="1s", window=50, prices="level")
    )
    await until(lambda: "closes 1s" in reader.asked, what="the scan to begin")
    await running.close()
    assert job.task.cancelled()
    held.set()
