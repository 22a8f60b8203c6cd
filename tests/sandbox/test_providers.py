"""The sandbox's providers: real bodies, quotas enforced, something to find in every group."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from oddlot import peer_groups
from oddlot.settings import LOOPBACK
from sandbox import providers
from sandbox.listings import MAJORS
from sandbox.providers import Providers, Quotas
from sandbox.rest import Answer, Budget
from sandbox.universe import BLOCK, Universe
from tests.conftest import ROOT
from tests.sandbox.places import exchange_of

NOON_MS = 1_738_756_800_000  # Wednesday 2025-02-05, 12:00 UTC
LAST = dt.date(2025, 2, 4)
FULL = "/stable/historical-price-eod/full"


@pytest.fixture
def universe() -> Universe:
    groups = peer_groups.load(ROOT / "peer_groups")
    return providers.universe_of(groups, MAJORS, seed=1)


@pytest.fixture
def sandbox(universe: Universe) -> Providers:
    return Providers(universe)


def twelve(sandbox: Providers, symbols: str, now_ms: int = NOON_MS, key: str = "k") -> Answer:
    query = {"symbol": symbols, "interval": "1day", "outputsize": "5"}
    headers = {"Authorization": f"apikey {key}"}
    return sandbox.answer("/twelvedata/time_series", query, headers, now_ms)


def fmp(sandbox: Providers, symbol: str, now_ms: int = NOON_MS) -> Answer:
    query = {"symbol": symbol, "from": "2025-01-27", "apikey": "k"}
    return sandbox.answer(f"/fmp{FULL}", query, {}, now_ms)


def stack(sandbox: Providers, symbols: str, now_ms: int = NOON_MS, **more: str) -> Answer:
    query = {"symbols": symbols, "date_from": "2025-01-27", "access_key": "k", **more}
    return sandbox.answer("/marketstack/v2/eod", query, {}, now_ms)


def listed(universe: Universe) -> Iterator[str]:
    return (symbol for symbol in universe.symbols() if not universe.is_live(symbol))


def test_closes_are_the_same_whoever_asks_and_whenever(universe: Universe) -> None:
    groups = peer_groups.load(ROOT / "peer_groups")
    again = providers.universe_of(groups, MAJORS, seed=1)
    earlier, later = again.daily("NVDA", LAST), universe.daily("NVDA", dt.date(2025, 6, 2))
    assert earlier is not None
    assert later is not None
    n = len(earlier.dates)
    assert later.dates[:n] == earlier.dates
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(later, name)[:n], getattr(earlier, name))


def test_every_member_of_the_curated_groups_has_closes(universe: Universe) -> None:
    symbols = universe.symbols()
    assert len(symbols) > 400
    for symbol in symbols:
        daily = universe.daily(symbol, LAST)
        assert daily is not None
        assert len(daily.dates) >= 60
        assert (daily.low <= daily.close).all()
        assert (daily.close <= daily.high).all()


def returns(universe: Universe, symbol: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    daily = universe.daily(symbol, LAST)
    assert daily is not None
    return np.diff(np.log(daily.close))[-200:]


def test_members_move_together_and_habitual_loners_do_not() -> None:
    names = {f"g{i}": [f"M{i}{j:02d}" for j in range(8)] for i in range(6)}
    universe = Universe(names, seed=1)
    assert universe.loners
    for members in names.values():
        ordinary = [m for m in members if m not in universe.loners and len(returns(universe, m))]
        whole = [m for m in ordinary if len(returns(universe, m)) == 200]
        index = np.mean([returns(universe, m) for m in whole], axis=0)
        usual = [np.corrcoef(returns(universe, m), index)[0, 1] for m in whole]
        assert np.median(usual) > 0.6
        for loner in universe.loners & set(members):
            assert abs(np.corrcoef(returns(universe, loner), index)[0, 1]) < 0.4


def test_somebody_breaks_ranks_in_every_group_every_month(universe: Universe) -> None:
    groups = [g for g in peer_groups.load(ROOT / "peer_groups") if len(g.members) >= 5]
    planted = universe.planted(LAST, 2 * BLOCK)
    assert {p.group for p in planted} == {group.id for group in groups}
    assert not {p.symbol for p in planted} & universe.loners
    assert all(0.1 < abs(p.size) < 0.25 for p in planted)


def test_splits_bad_prints_missing_days_and_young_symbols_are_there(universe: Universe) -> None:
    dailies = [daily for s in listed(universe) if (daily := universe.daily(s, LAST))]
    usual = max(len(daily.dates) for daily in dailies)
    assert sum((daily.splits != 1).any() for daily in dailies) > 3
    assert sum(bool(daily.bad) for daily in dailies) > 3
    assert sum(len(daily.dates) == 90 for daily in dailies) > 0
    assert sum(90 < len(daily.dates) < usual for daily in dailies) > 3


def test_raw_prices_times_nothing_are_adjusted_ones(universe: Universe, sandbox: Providers) -> None:
    split = next(
        s
        for s in listed(universe)
        if (d := universe.daily(s, LAST)) and (d.factors[-60:] > 1).any()
    )
    rows = stack(sandbox, split, date_from="2024-06-01", limit="1000").value["data"]
    factors = {round(row["close"] / row["adj_close"]) for row in rows}
    assert len(factors) == 2
    events = [row["split_factor"] for row in rows if row["split_factor"] != 1]
    assert len(events) == 1
    assert events[0] == max(factors) / min(factors)


def test_the_minute_and_the_day_of_twelve_data_are_enforced_and_counted(
    sandbox: Providers,
) -> None:
    assert twelve(sandbox, "AMD,NVDA,INTC").headers == {
        "api-credits-used": "3",
        "api-credits-left": "5",
    }
    refused = twelve(sandbox, "AMD,NVDA,INTC,MU,QCOM,AVGO")
    assert (refused.status, refused.value["code"]) == (429, 429)
    assert "9 API credits were used, with the current limit being 8" in refused.value["message"]
    assert sandbox.rejections == 1
    assert twelve(sandbox, "AMD", NOON_MS + 60_000).status == 200
    small = Providers(sandbox.universe, Quotas(twelve_data_per_day=2))
    twelve(small, "AMD,NVDA")
    spent = twelve(small, "MU")
    assert (spent.status, spent.value["code"]) == (200, 429), "an error that comes with HTTP 200"
    assert "for the day" in spent.value["message"]
    assert twelve(small, "MU", NOON_MS + 86_400_000).value["status"] == "ok"


def test_the_day_of_fmp_and_the_month_and_second_of_marketstack_are_enforced(
    universe: Universe,
) -> None:
    small = Providers(universe, Quotas(fmp_per_day=1, marketstack_per_month=3))
    fmp(small, "AMD")
    statuses = {(said := fmp(small, "AMD")).status for _ in range(2)}
    assert statuses == {200, 429}, "it says so with either"
    assert "Limit Reach" in said.value["Error Message"]
    stack(small, "AMD")
    assert stack(small, "AMD", NOON_MS + 1_000).status == 200
    fast = Providers(universe, Quotas(marketstack_per_second=1))
    stack(fast, "AMD")
    assert stack(fast, "AMD").value["error"]["code"] == "rate_limit_reached"
    assert stack(small, "AMD", NOON_MS + 2_000).status == 200
    spent = stack(small, "AMD", NOON_MS + 3_000)
    assert (spent.status, spent.value["error"]["code"]) == (429, "too_many_requests")
    assert small.report()["marketstack"]["rejections"] == {"month": 1}


def test_unknown_symbols_plans_and_keys_are_refused_as_each_provider_does(
    sandbox: Providers, universe: Universe
) -> None:
    assert twelve(sandbox, "ZZTOP").value["code"] == 404
    assert fmp(sandbox, "ZZTOP").value == []
    assert stack(sandbox, "ZZTOP").value["error"]["code"] == "no_valid_symbols_provided"
    assert twelve(sandbox, "AMD", key="refused").status == 401
    said = [fmp(sandbox, symbol) for symbol in itertools.islice(listed(universe), 40)]
    assert {answer.status for answer in said} == {200, 402}
    outside = next(answer for answer in said if answer.status == 402)
    assert isinstance(outside.value, str), "in plain text"
    legacy = sandbox.answer("/fmp/api/v3/historical-price-full/AMD", {}, {}, NOON_MS)
    assert legacy.status == 403


def test_klines_cost_weight_and_end_with_the_day_under_way(universe: Universe) -> None:
    sandbox, budget = Providers(universe), Budget(5)
    query = {"symbol": "BTCUSDT", "interval": "1d", "limit": "141"}
    answer = sandbox.binance(query, budget, NOON_MS)
    assert answer.headers == {"X-MBX-USED-WEIGHT-1M": "2"}
    assert len(answer.value) == 141
    last = answer.value[-1]
    assert dt.datetime.fromtimestamp(last[0] / 1_000, dt.UTC).date() == dt.date(2025, 2, 5)
    btc = next(each for each in MAJORS if each.symbol == "BTCUSDT")
    assert 0.4 < float(last[4]) / btc.price < 2.5, "near where it trades live"
    unknown = sandbox.binance({**query, "symbol": "NVDA"}, budget, NOON_MS)
    assert (unknown.status, unknown.value["code"]) == (400, -1121)
    assert sandbox.binance(query, budget, NOON_MS).status == 429
    assert sandbox.rejections == 1


async def test_the_exchange_serves_them_and_tells_what_it_saw() -> None:
    async with exchange_of() as exchange, httpx.AsyncClient() as http:
        address = f"http://{LOOPBACK}:{exchange.port}"
        query = {"symbol": "AMD,NVDA", "interval": "1day", "outputsize": "3"}
        found = await http.get(
            f"{address}/twelvedata/time_series",
            params=query,
            headers={"Authorization": "apikey k"},
        )
        assert found.headers["api-credits-used"] == "2"
        assert len(found.json()["NVDA"]["values"]) == 3
        symbols = [f"A{i}" for i in range(20)]
        texts = [await http.get(f"{address}/fmp{FULL}?symbol={s}&apikey=k") for s in symbols]
        refused = next(each for each in texts if each.status_code == 402)
        assert refused.headers["content-type"] == "text/plain"
        assert refused.text.startswith("Premium Query Parameter")
        klines = await http.get(f"{address}/fapi/v1/klines?symbol=BTCUSDT&interval=1d&limit=2")
        assert len(klines.json()) == 2
        await http.get(f"{address}/sandbox/fail?provider=fmp")
        failed = await http.get(f"{address}/fmp{FULL}?symbol=AMD&apikey=k")
        assert failed.status_code == 503
        report = (await http.get(f"{address}/sandbox/providers")).json()
        assert report["twelvedata"]["units"] == 2
        assert sum(sum(each["rejections"].values()) for each in report.values()) == 0
        assert json.dumps(report)


def test_the_free_plan_of_fmp_has_no_news(sandbox: Providers) -> None:
    query = {"page": "0", "limit": "50", "apikey": "k"}
    answer = sandbox.answer("/fmp/stable/news/stock-latest", query, {}, NOON_MS)
    assert answer.status == 402
    assert "not available under your current subscription" in answer.value
    assert sandbox.report()["fmp"]["units"] == 1
