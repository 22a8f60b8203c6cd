"""Views of uploads: the same rows as live on the same data, paged, thinned, as files."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI

from oddlot.contracts.messages import Spread
from oddlot.contracts.pairs import Pair
from oddlot.quant import desk, legs, stationarity
from tests.api.places import app_on, asking
from tests.fakes import MemoryReader

DAY_MS = 86_400_000
SECOND_MS = 1_000
HEDGES = ["ols", "kalman"]


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return app_on(MemoryReader(), settings={"state_dir": tmp_path})


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(app) as client:
        yield client


async def uploaded(http: httpx.AsyncClient, *files: tuple[str, bytes]) -> str:
    form = [("files", (name, content, "text/csv")) for name, content in files]
    answer = await http.post("/uploads", files=form)
    assert answer.status_code == 201, answer.text
    return f"/uploads/{answer.json()['upload']}"


async def got(http: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def walk(days: int, seed: int = 1) -> bytes:
    """Give a CSV of two symbols that wander together, some days missing in one of them."""
    numbers = np.random.default_rng(seed)
    x = 100 + numbers.normal(0, 1, days).cumsum()
    y = 20 + 0.5 * x + numbers.normal(0, 0.5, days)
    lines = [
        f"{np.datetime64('2015-01-01') + day},{'' if day % 17 == 5 else y[day]},{x[day]}"
        for day in range(days)
    ]
    return "\n".join(["Date,YY,XX", *lines]).encode()


def live(pair: Pair, y: Any, x: Any, length_ms: int, step: int = 7) -> list[Spread]:
    """Feed bars to a desk as they would come live, some at a time."""
    watched, found = desk.Desk([pair], length_ms), list[Spread]()
    until_ms = int(max(y[0][-1], x[0][-1])) + length_ms
    for at_ms in [*range(int(min(y[0][0], x[0][0])), until_ms, step * length_ms), until_ms]:
        grown = {
            symbol: legs.Leg(
                open_ms=open_ms[: (n := int(np.searchsorted(open_ms, at_ms)))],
                close=close[:n],
                known_until_ms=at_ms,
            )
            for symbol, (open_ms, close) in ((pair.y, y), (pair.x, x))
        }
        found += desk.spreads(watched, watched.advance(grown), "1s")
    return found


def columns_of(content: bytes, time: str, close: str) -> tuple[np.ndarray, np.ndarray]:
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    rows = [row for row in rows if row[close]]
    is_number = rows[0][time].isdecimal()
    open_ms = [
        int(row[time]) if is_number else np.datetime64(row[time], "ms").astype(int) for row in rows
    ]
    return np.array(open_ms, np.int64), np.array([float(row[close]) for row in rows])


def rows_of(spreads: list[Spread]) -> list[dict[str, Any]]:
    """Give messages as rows of a view."""
    shared = {"pair", "y", "x", "interval"}
    return [{k: v for k, v in asdict(s).items() if k not in shared} for s in spreads]


@pytest.mark.real_data
@pytest.mark.parametrize("hedge", HEDGES)
@pytest.mark.parametrize("prices", ["level", "log"])
async def test_an_upload_of_recorded_bars_says_exactly_what_live_said(
    http: httpx.AsyncClient, real_data: Path, prices: Any, hedge: Any
) -> None:
    files = {
        symbol: gzip.decompress(
            (real_data / f"oracles/bars/{symbol.lower()}_20240808_1s.csv.gz").read_bytes()
        )
        for symbol in ("BTCUSDT", "ETHUSDT")
    }
    upload = await uploaded(http, *((f"{name}.csv", content) for name, content in files.items()))
    pair = Pair(y="BTCUSDT", x="ETHUSDT", window=60, prices=prices, hedge=hedge)
    y, x = (columns_of(content, "open_time_ms", "close") for content in files.values())
    expected = rows_of(live(pair, y, x, SECOND_MS))
    assert len(expected) > 300
    assert any(row["z"] is not None for row in expected)
    view = await got(
        http, f"{upload}/spreads/{pair.id}", window=60, prices=prices, hedge=hedge, limit=5_000
    )
    assert view["spreads"] == expected
    assert (view["interval"], view["next_to"]) == ("1s", None)


@pytest.mark.parametrize("hedge", HEDGES)
async def test_days_are_computed_as_seconds_are(http: httpx.AsyncClient, hedge: Any) -> None:
    content = walk(300)
    upload = await uploaded(http, ("walk.csv", content))
    pair = Pair(y="YY", x="XX", window=50, hedge=hedge)
    y, x = (columns_of(content, "Date", name) for name in ("YY", "XX"))
    view = await got(http, f"{upload}/spreads/YY~XX", window=50, hedge=hedge, limit=5_000)
    assert view["spreads"] == rows_of(live(pair, y, x, DAY_MS))
    assert (view["interval"], view["interval_ms"]) == ("1d", DAY_MS)


@pytest.mark.parametrize("hedge", HEDGES)
async def test_pages_put_together_are_the_whole(http: httpx.AsyncClient, hedge: Any) -> None:
    upload = await uploaded(http, ("walk.csv", walk(350)))
    path, how = f"{upload}/spreads/YY~XX", {"window": 30, "hedge": hedge}
    whole = (await got(http, path, limit=5_000, **how))["spreads"]
    pages, to = list[Any](), None
    while True:
        bounds = {} if to is None else {"to": to}
        page = await got(http, path, limit=97, **how, **bounds)
        pages = page["spreads"] + pages
        if (to := page["next_to"]) is None:
            break
    assert pages == whole
    assert len(whole) == 350
    stretch = await got(
        http, path, **{"from": whole[100]["open_ms"], "to": whole[200]["open_ms"]}, **how
    )
    assert stretch["spreads"] == whole[100:200]
    assert stretch["next_to"] is None


async def test_a_leg_that_falls_silent_is_stale_and_has_no_z(http: httpx.AsyncClient) -> None:
    lines = walk(200).decode().splitlines()
    silent = [line if n < 150 else line.replace(line.split(",")[1], "", 1)
              for n, line in enumerate(lines)]  # fmt: skip
    upload = await uploaded(http, ("walk.csv", "\n".join(silent).encode()))
    view = await got(http, f"{upload}/spreads/YY~XX", window=20, silence_bars=5)
    rows = view["spreads"]
    assert len(rows) == 200
    assert [row["stale"] for row in rows[-47:]] == [False] + [True] * 46
    assert {row["z"] for row in rows if row["stale"]} == {None}


async def test_bars_are_given_as_they_were(http: httpx.AsyncClient) -> None:
    content = (
        b"time,open,high,low,close,Volume\n"
        b"1722470400,1,3,0.5,2,10\n1722474000,2,4,1.5,,20\n1722477600,,4,1.5,3,\n"
        b"1722481200,3,4,1.5,3.25,7\n"
    )
    upload = await uploaded(http, ("BINANCE_BTCUSDT, 60.csv", content))
    view = await got(http, f"{upload}/bars/BTCUSDT", limit=2)
    assert view["interval"] == "1h"
    unsaid = dict.fromkeys(["quote_volume", "taker_buy_volume", "trades"])
    assert view["bars"] == [
        {"open_ms": 1_722_477_600_000, "open": None, "high": 4.0, "low": 1.5, "close": 3.0,
         "volume": None, **unsaid},
        {"open_ms": 1_722_481_200_000, "open": 3.0, "high": 4.0, "low": 1.5, "close": 3.25,
         "volume": 7.0, **unsaid},
    ]  # fmt: skip
    older = await got(http, f"{upload}/bars/BTCUSDT", to=view["next_to"])
    assert [bar["open_ms"] for bar in older["bars"]] == [1_722_470_400_000]
    assert older["next_to"] is None


@pytest.mark.parametrize("resolution", [10, 50, 333])
async def test_a_thinned_view_keeps_the_extremes_and_the_end(
    http: httpx.AsyncClient, resolution: int
) -> None:
    upload = await uploaded(http, ("walk.csv", walk(700)))
    path = f"{upload}/spreads/YY~XX"
    whole = (await got(http, path, window=40, limit=5_000))["spreads"]
    thin = (await got(http, path, window=40, resolution=resolution))["spreads"]
    assert resolution / 4 <= len(thin) <= resolution
    assert all(row in whole for row in thin)
    assert thin[-1] == whole[-1]
    assert max(whole, key=lambda row: abs(row["z"] or 0)) in thin


async def test_coarser_bars_cover_the_whole_file(http: httpx.AsyncClient) -> None:
    upload = await uploaded(http, ("walk.csv", walk(700)))
    path = f"{upload}/bars/YY"
    whole = (await got(http, path, limit=5_000))["bars"]
    view = await got(http, path, resolution=50)
    thin = view["bars"]
    assert (len(thin), view["next_to"], view["interval"]) == (50, None, "1d")
    assert (thin[0]["open_ms"], thin[-1]["close"]) == (whole[0]["open_ms"], whole[-1]["close"])
    before = [bar for bar in whole if bar["open_ms"] < thin[20]["open_ms"]]
    assert thin[19]["close"] == before[-1]["close"]
    cut = await got(http, path, resolution=50, to=thin[20]["open_ms"])
    assert cut["bars"][-1]["close"] == before[-1]["close"]


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow"])
@pytest.mark.parametrize("view", ["bars/YY", "spreads/YY~XX", "spreads/YY~XX/stats"])
async def test_every_view_can_be_had_as_a_file(
    http: httpx.AsyncClient, form: str, view: str
) -> None:
    upload = await uploaded(http, ("walk.csv", walk(400)))
    answer = await http.get(f"{upload}/{view}", params={"format": form, "window": 60})
    assert answer.status_code == 200
    assert 'attachment; filename="oddlot-' in answer.headers["content-disposition"]
    table = read(answer.content, form)
    if view.startswith("bars"):
        bars = (await got(http, f"{upload}/bars/YY", limit=5_000))["bars"]
        assert table["close"] == [bar["close"] for bar in bars]
        assert set(table["open"]) == {None}
    elif view.endswith("stats"):
        stats = await got(http, f"{upload}/{view}", window=60)
        assert table["eg_p"] == [test["eg_p"] for test in stats["history"]]
    else:
        spreads = (await got(http, f"{upload}/{view}", window=60, limit=5_000))["spreads"]
        for name in ("open_ms", "z", "hedge_ratio", "correlation", "n", "stale"):
            assert table[name] == [row[name] for row in spreads], name


def read(content: bytes, form: str) -> dict[str, list[Any]]:
    if form == "parquet":
        return pq.read_table(io.BytesIO(content)).to_pydict()
    if form == "arrow":
        return pa.ipc.open_stream(content).read_all().to_pydict()
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    known = {"": None, "true": True, "false": False}
    return {
        name: [known[row[name]] if row[name] in known else number(row[name]) for row in rows]
        for name in rows[0]
    }


def number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


async def test_a_stretch_without_rows_is_a_file_without_rows(http: httpx.AsyncClient) -> None:
    upload = await uploaded(http, ("walk.csv", walk(50)))
    for view in ("bars/YY", "spreads/YY~XX"):
        answer = await http.get(
            f"{upload}/{view}", params={"format": "arrow", "from": "2030-01-01"}
        )
        assert answer.status_code == 200
        assert pa.ipc.open_stream(answer.content).read_all().num_rows == 0


@pytest.mark.real_data
async def test_stats_are_the_tests_of_the_last_windows(
    http: httpx.AsyncClient, real_data: Path
) -> None:
    content = (real_data / "pairs/XLF-XLK.csv").read_bytes()
    upload = await uploaded(http, ("XLF-XLK.csv", content))
    view = await got(http, f"{upload}/spreads/XLF~XLK/stats", window=252)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    y, x = (np.array([float(row[name]) for row in rows[-252:]]) for name in ("XLF", "XLK"))
    pair = Pair(y="XLF", x="XLK", window=252)
    expected = stationarity.pair_test(pair, "1m", view["latest"]["open_ms"], y, x)
    assert view["latest"] | {"interval": "1m"} == asdict(expected) | {
        "eg_critical": list(expected.eg_critical), "adf_critical": list(expected.adf_critical)
    }  # fmt: skip
    assert view["latest"]["interval"] == "1d"
    assert [test["n"] for test in view["history"]] == [252, 252]
    assert view["history"][-1] == view["latest"]
    assert view["spread"]["open_ms"] == view["latest"]["open_ms"]


@pytest.mark.parametrize(
    ("path", "query", "status", "said"),
    [
        ("bars/NOPE", {}, 404, "expected one of YY, XX"),
        ("spreads/YY~NOPE", {}, 404, "expected one of YY, XX"),
        ("spreads/YY", {}, 404, "expected a pair of two symbols"),
        ("spreads/YY~YY", {}, 404, "expected a pair of two symbols"),
        ("spreads/YY~XX", {"window": 5}, 422, "query.window"),
        ("spreads/YY~XX", {"interval": "1s"}, 422, "expected 1d, the upload's own, was 1s"),
        ("spreads/YY~XX", {"prices": "x"}, 422, "query.prices"),
        ("spreads/YY~XX", {"from": "2020-01-02", "to": "2020-01-01"}, 422, "from before to"),
        ("spreads/YY~XX", {"limit": 5_001}, 422, "query.limit"),
    ],
)
async def test_a_view_that_cannot_be_given_says_why(
    http: httpx.AsyncClient, path: str, query: dict[str, Any], status: int, said: str
) -> None:
    upload = await uploaded(http, ("walk.csv", walk(30)))
    answer = await http.get(f"{upload}/{path}", params=query)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


async def test_legs_of_different_intervals_make_no_pair(http: httpx.AsyncClient) -> None:
    days = b"time,close\n2024-01-01,1\n2024-01-02,2\n"
    hours = b"time,close\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n"
    upload = await uploaded(http, ("D.csv", days), ("H.csv", hours))
    answer = await http.get(f"{upload}/spreads/D~H")
    assert answer.status_code == 422
    assert "expected legs of one interval, was 1d and 1h" in answer.json()["detail"]
