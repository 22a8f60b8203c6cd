"""Finnhub and FMP: their answers as documented, their budgets shared with the daily closes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from oddlot import errors
from producers.budget import Limit
from producers.budget_ledger import Ledger, open_ledger, transaction
from producers.news import finnhub, fmp
from producers.news.finnhub import Finnhub
from producers.news.fmp import Fmp
from producers.news.purse import Purse
from tests.producers.news.places import NOW_MS, World

FINNHUB, FMP = "http://finnhub.example", "http://fmp.example"
FINNHUB_URL, FMP_URL = FINNHUB + finnhub.PATH, FMP + fmp.PATH
DAY = [Limit("day", 10)]
STORY = {
    "category": "top news",
    "datetime": 1_732_751_000,
    "headline": "Chips &amp; dip",
    "id": 7_001,
    "image": "",
    "related": "nvda,BRK.B",
    "source": "Wire",
    "summary": "<p>Why</p>",
    "url": "https://finnhub.example/7001",
}
ROW = {
    "symbol": "NVDA",
    "publishedDate": "2024-11-27 18:55:00",
    "publisher": "Wire",
    "title": "NVIDIA raises its outlook",
    "image": "",
    "site": "wire.example",
    "text": "For the third quarter.",
    "url": "https://wire.example/nvda",
}


def finnhub_on(world: World, tmp_path: Path) -> Finnhub:
    purse = Purse(tmp_path / "l.sqlite3", "finnhub", finnhub.PER_MINUTE)
    return Finnhub(world.client(), purse, url=FINNHUB, key="secret", every_s=60)


def fmp_on(world: World, tmp_path: Path, *, spare: int = 2) -> Fmp:
    purse = Purse(tmp_path / "l.sqlite3", "fmp", DAY, spare=spare)
    return Fmp(world.client(), purse, url=FMP, key="secret", every_s=60)


def used(tmp_path: Path, provider: str, limit: Limit) -> int:
    db = open_ledger(tmp_path / "l.sqlite3")
    with transaction(db):
        return Ledger(db).used(provider, limit, _now_ms())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_finnhubs_news_becomes_entries_and_the_next_request_asks_for_newer(
    tmp_path: Path,
) -> None:
    world = World(answers={FINNHUB_URL: httpx.Response(200, json=[STORY, {"id": 5}, "x"])})
    source = finnhub_on(world, tmp_path)
    reading = await source.read(NOW_MS)
    first = reading.entries[0]
    assert (first.title, first.excerpt) == ("Chips & dip", "Why")
    assert (first.entry_id, first.symbols) == ("7001", ("nvda", "BRK.B"))
    assert first.published_ms == 1_732_751_000_000
    assert reading.rejected == 4, "two without a headline, of each of two categories"
    await source.read(NOW_MS)
    asked = [dict(request.url.params) for request in world.requests]
    assert asked[:2] == [{"category": "general"}, {"category": "crypto"}]
    assert asked[2] == {"category": "general", "minId": "7001"}
    assert all(request.headers["x-finnhub-token"] == "secret" for request in world.requests)
    assert "secret" not in str(world.requests[0].url)
    assert used(tmp_path, "finnhub", finnhub.PER_MINUTE[0]) == 4


async def test_finnhubs_minute_is_not_overspent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(answers={FINNHUB_URL: httpx.Response(200, json=[])})
    purse = Purse(tmp_path / "l.sqlite3", "finnhub", [Limit("minute", 3)])
    source = Finnhub(world.client(), purse, url=FINNHUB, key="secret", every_s=60)
    await source.read(NOW_MS)
    with pytest.raises(errors.QuotaSpent, match="is spent"):
        await source.read(NOW_MS)
    assert len(world.requests) == 3


@pytest.mark.parametrize(
    ("make", "url", "answer", "kind", "said"),
    [
        (finnhub_on, FINNHUB_URL, httpx.Response(401), errors.KeyRefused, "ODDLOT_FINNHUB_KEY"),
        (finnhub_on, FINNHUB_URL, httpx.Response(429), errors.QuotaSpent, "less often"),
        (finnhub_on, FINNHUB_URL, httpx.Response(200, json={}), errors.BadMessage, "a list"),
        (finnhub_on, FINNHUB_URL, httpx.Response(200, text="no"), errors.BadMessage, "JSON"),
        (fmp_on, FMP_URL, httpx.Response(402, text="Premium"), errors.KeyRefused, "Premium"),
        (fmp_on, FMP_URL, httpx.Response(401, json={"Error Message": "Invalid API KEY."}),
         errors.KeyRefused, "ODDLOT_FMP_KEY"),
        (fmp_on, FMP_URL, httpx.Response(200, json={"Error Message": "Limit Reach . Upgrade"}),
         errors.QuotaSpent, "spent"),
        (fmp_on, FMP_URL, httpx.Response(500), errors.VenueUnavailable, "in trouble"),
        (fmp_on, FMP_URL, httpx.ConnectError("no"), errors.VenueUnavailable, "reached"),
    ],
)  # fmt: skip
async def test_what_a_provider_refuses_is_told_in_words(
    tmp_path: Path,
    make: Callable[[World, Path], Any],
    url: str,
    answer: httpx.Response | Exception,
    kind: type[Exception],
    said: str,
) -> None:
    with pytest.raises(kind, match=said) as raised:
        await make(World(answers={url: answer}), tmp_path).read(NOW_MS)
    assert "secret" not in str(raised.value)


async def test_fmps_news_becomes_entries_in_new_yorks_time(tmp_path: Path) -> None:
    world = World(answers={FMP_URL: httpx.Response(200, content=json.dumps([ROW, {}]))})
    source = fmp_on(world, tmp_path)
    reading = await source.read(NOW_MS)
    (entry,) = reading.entries
    assert (entry.title, entry.symbols) == ("NVIDIA raises its outlook", ("NVDA",))
    assert entry.published_ms == NOW_MS - 5 * 60_000
    assert entry.entry_id == entry.url == "https://wire.example/nvda"
    assert source.every_s == fmp.EVERY_S


async def test_daily_closes_are_left_their_share_of_fmps_day(tmp_path: Path) -> None:
    world = World(answers={FMP_URL: httpx.Response(200, json=[])})
    source = fmp_on(world, tmp_path, spare=8)
    for _ in range(2):
        await source.read(NOW_MS)
    with pytest.raises(errors.QuotaSpent, match="kept for daily closes"):
        await source.read(NOW_MS)
    assert used(tmp_path, "fmp", DAY[0]) == 2


async def test_what_never_left_costs_nothing_and_what_did_counts(tmp_path: Path) -> None:
    for error, cost in ((httpx.ConnectError("no"), 0), (httpx.ReadTimeout("no"), 1)):
        with pytest.raises(errors.VenueUnavailable):
            await fmp_on(World(answers={FMP_URL: error}), tmp_path).read(NOW_MS)
        assert used(tmp_path, "fmp", DAY[0]) == cost


async def test_a_spent_day_is_believed_by_all_who_ask_fmp(tmp_path: Path) -> None:
    world = World(answers={FMP_URL: httpx.Response(429)})
    with pytest.raises(errors.QuotaSpent):
        await fmp_on(world, tmp_path).read(_now_ms())
    with pytest.raises(errors.QuotaSpent, match="of the day are spent") as raised:
        await fmp_on(world, tmp_path).read(_now_ms())
    assert raised.value.retry_ms
    assert len(world.requests) == 1


async def test_a_plan_without_news_does_not_stop_daily_closes(tmp_path: Path) -> None:
    world = World(answers={FMP_URL: httpx.Response(402, text="Premium")})
    with pytest.raises(errors.KeyRefused):
        await fmp_on(world, tmp_path).read(_now_ms())
    db = open_ledger(tmp_path / "l.sqlite3")
    with transaction(db):
        assert Ledger(db).block("fmp", _now_ms()) is None
