"""Scans on demand: answered at once, run once, followed to their end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

from api import divergence_jobs
from api.divergence_jobs import MAX_SCANS
from api.divergence_views import Wait
from api.divergence_words import said
from oddlot.contracts import topics
from oddlot.contracts.messages import CloseRequest, CloseState, ScanRequest
from oddlot.contracts.topics import DAY_MS
from tests.api.places import app_on, asking, backend_of, hear, say, serving
from tests.api.scans import EXAMPLE, GROUP, now_ms, result, scan, state
from tests.fakes import MemoryDesk, MemoryReader, MemoryTopics
from tests.waiting import beside, until

SYMBOLS = tuple(member.symbol for member in EXAMPLE.members)
PASTED = {"symbols": ["NVDA", "AMD", "INTC"], "benchmark": "SMH"}


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
def app(reader: MemoryReader, desk: MemoryDesk) -> FastAPI:
    return app_on(reader, desk=desk)


@contextlib.asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    async with beside(backend_of(app).diverging.run()):
        yield


async def start(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await http.post("/divergence/scans", json=body or {"groups": [GROUP]})
    assert answer.status_code == 202
    found: dict[str, Any] = answer.json()
    return found


async def progress(http: httpx.AsyncClient, scan_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get(f"/divergence/scans/{scan_id}")).json()
    return found


def request_of(app: FastAPI, scan_id: str) -> ScanRequest:
    job = backend_of(app).diverging.jobs.find(scan_id)
    assert job is not None
    return job.request


def hear_states(app: FastAPI, *states: CloseState) -> None:
    for each in states:
        backend_of(app).diverging.hear(each)


async def test_a_scan_is_answered_at_once_with_what_is_known(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    backend_of(app).diverging.hear(scan(text="yesterday's"))
    accepted = await start(http, groups=[GROUP, "steel"])
    assert [group and group["text"] for group in accepted["groups"]] == ["yesterday's", None]
    assert accepted["state"] == "fetching"
    assert set(SYMBOLS) < set(accepted["missing"])


async def test_missing_closes_are_requested_after_the_scan_itself(
    app: FastAPI, http: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    hear_states(app, state(SYMBOLS[0]))
    async with running(app):
        accepted = await start(http)
        await until(lambda: len(desk.publisher.published) > len(SYMBOLS) - 1, what="requests")
    first, *others = (message for _, message, _ in desk.publisher.published)
    assert isinstance(first, ScanRequest)
    assert first.scan == accepted["scan"]
    requests = [each for each in others if isinstance(each, CloseRequest)]
    assert {each.symbol for each in requests} == {*SYMBOLS[1:], EXAMPLE.benchmark}
    assert {each.symbol for each in requests} == set(first.awaited) == set(accepted["missing"])
    assert {(each.priority, each.requester) for each in requests} == {(9, accepted["scan"])}


async def test_the_same_scan_asked_for_ten_times_runs_once(
    app: FastAPI, http: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    async with running(app):
        answers = await asyncio.gather(*(start(http) for _ in range(10)))
        other = await start(http, groups=["steel"])
        await until(lambda: len(desk.publisher.on(topics.SCAN_REQUESTS)) == 2, what="two scans")
    assert len({answer["scan"] for answer in answers}) == 1
    assert other["scan"] != answers[0]["scan"]
    symbols = [each.symbol for each in desk.publisher.on(topics.CLOSE_REQUESTS)]
    assert len(symbols) == len(set(symbols))


async def test_order_and_repetition_make_no_other_scan(http: httpx.AsyncClient) -> None:
    groups = [await start(http, groups=ids) for ids in (["steel", GROUP], [GROUP, "steel", GROUP])]
    pasted = [
        await start(http, symbols=symbols, benchmark="smh")
        for symbols in (["NVDA", "AMD", "INTC"], [" intc", "amd", "NVDA", "AMD"])
    ]
    assert groups[0]["scan"] == groups[1]["scan"]
    assert pasted[0]["scan"] == pasted[1]["scan"]


async def test_fresh_closes_are_not_requested_again(
    app: FastAPI, http: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    hear_states(app, *(state(symbol) for symbol in (*SYMBOLS, EXAMPLE.benchmark)))
    async with running(app):
        accepted = await start(http)
        await until(lambda: desk.publisher.on(topics.SCAN_REQUESTS), what="the scan")
    assert accepted["missing"] == []
    assert accepted["text"].startswith("scanning")
    assert desk.publisher.on(topics.CLOSE_REQUESTS) == []


async def test_closes_said_to_be_fresh_long_ago_are_requested_again(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    hear_states(app, state(SYMBOLS[0], sent_ms=now_ms() - 31 * 60_000))
    assert SYMBOLS[0] in (await start(http))["missing"]


async def test_progress_counts_what_comes_until_the_result(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    accepted = await start(http)
    name, everybody = accepted["scan"], (*SYMBOLS, EXAMPLE.benchmark)
    view = await progress(http, name)
    count = len(everybody)
    assert (view["members"], view["ready"]) == (count, 0)
    assert view["text"] == f"fetching {count} of {count}"
    hear_states(app, *(state(symbol) for symbol in everybody[:3]), state(everybody[3], "queued"))
    assert (await progress(http, name))["text"] == f"fetching {count - 3} of {count}"
    hear_states(app, *(state(symbol) for symbol in everybody[3:]))
    backend_of(app).diverging.hear(result(request_of(app, name), pending=1))
    assert (await progress(http, name))["state"] == "fetching"
    backend_of(app).diverging.hear(result(request_of(app, name)))
    view = await progress(http, name)
    assert (view["state"], view["text"]) == ("done", f"scanned {count} of {count}")
    assert view["result"]["group"] == GROUP
    assert view["groups"][0]["divergers"] == list(EXAMPLE.divergers)


async def test_symbols_that_wait_for_a_quota_end_a_scan_in_part(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    name = (await start(http))["scan"]
    tomorrow_ms = (now_ms() // DAY_MS + 1) * DAY_MS
    hear_states(
        app,
        *(state(symbol) for symbol in (*SYMBOLS[2:], EXAMPLE.benchmark)),
        state(SYMBOLS[0], "waiting", until_ms=tomorrow_ms),
        state(SYMBOLS[1], "refused", reason="nobody has it"),
    )
    backend_of(app).diverging.hear(result(request_of(app, name)))
    view = await progress(http, name)
    assert view["state"] == "partial"
    assert view["text"].endswith("1 waits for tomorrow's quota, 1 cannot be had")
    assert {wait["symbol"]: wait["state"] for wait in view["waiting"]} == {
        SYMBOLS[0]: "waiting",
        SYMBOLS[1]: "refused",
    }


async def test_symbols_known_to_wait_are_not_awaited(app: FastAPI, http: httpx.AsyncClient) -> None:
    hear_states(app, state(SYMBOLS[0], "waiting", until_ms=now_ms() + DAY_MS))
    accepted = await start(http)
    assert SYMBOLS[0] not in accepted["missing"]
    assert [wait["symbol"] for wait in (await progress(http, accepted["scan"]))["waiting"]] == [
        SYMBOLS[0]
    ]


async def test_a_scan_of_symbols_that_nobody_has_ends(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    name = (await start(http, **PASTED))["scan"]
    hear_states(app, *(state(symbol, "refused") for symbol in ("NVDA", "AMD", "INTC", "SMH")))
    view = await progress(http, name)
    assert (view["state"], view["result"]) == ("partial", None)
    assert view["text"] == "scanned 0 of 4, 4 cannot be had"


async def test_a_result_of_before_is_not_taken_for_this_one(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    name = (await start(http))["scan"]
    request = request_of(app, name)
    backend_of(app).diverging.hear(result(request, computed_ms=request.requested_ms - 1))
    assert (await progress(http, name))["result"] is None


async def test_the_result_of_pasted_symbols_can_be_asked_for_by_the_scan(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    name = (await start(http, **PASTED))["scan"]
    request = request_of(app, name)
    assert request.baskets[0].id == name
    assert (await http.get(f"/divergence/{name}")).status_code == 409
    backend_of(app).diverging.hear(result(request))
    answer = await http.get(f"/divergence/{name}")
    assert (answer.json()["group"], answer.json()["title"]) == (name, "pasted symbols")


async def test_pasted_symbols_are_asked_for_where_they_trade(
    app: FastAPI, http: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    async with running(app):
        await start(http, symbols=["NVDA", "ZZZZ", "QQQQUSDT"])
        await until(lambda: len(desk.publisher.on(topics.CLOSE_REQUESTS)) == 4, what="requests")
    venues = {each.symbol: each.venue for each in desk.publisher.on(topics.CLOSE_REQUESTS)}
    assert venues.pop("NVDA") in ("us", "nasdaq", "nyse")
    assert venues.pop("SPY") in ("us", "nasdaq", "nyse")
    assert venues == {"ZZZZ": "us", "QQQQUSDT": "binance"}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "either groups or symbols"),
        ({"groups": [GROUP], "symbols": ["A", "B", "C"]}, 422, "either groups or symbols"),
        ({"groups": []}, 422, "at least one"),
        ({"groups": ["nobody"]}, 404, "GET /peer-groups"),
        ({"groups": ["x"] * 101}, 422, "body.groups"),
        ({"symbols": ["A", "B", "b"]}, 422, "3 to 80"),
        ({"symbols": [f"S{i}" for i in range(81)]}, 422, "was 81"),
        ({"symbols": ["A", "B", "NV DA"]}, 422, "'NV DA'"),
        ({"symbols": ["A", "B", "C"], "benchmark": "?"}, 422, "benchmark"),
        ({"symbols": ["A", "B", "C"], "venue": "moon"}, 422, "body.venue"),
        ({"groups": [GROUP], "z": 0.1}, 422, "body.z"),
        ({"groups": [GROUP], "colour": "red"}, 422, "colour"),
    ],
)
async def test_a_scan_that_cannot_be_is_refused_with_the_fix(
    http: httpx.AsyncClient, body: dict[str, Any], status: int, said: str
) -> None:
    answer = await http.post("/divergence/scans", json=body)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


async def test_scans_under_way_have_a_limit(
    app: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_SCANS > 1
    monkeypatch.setattr(divergence_jobs, "MAX_SCANS", 1)
    first = await start(http)
    answer = await http.post("/divergence/scans", json={"groups": ["steel"]})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert (await start(http))["scan"] == first["scan"]
    hear_states(app, *(state(symbol) for symbol in (*SYMBOLS, EXAMPLE.benchmark)))
    backend_of(app).diverging.hear(result(request_of(app, first["scan"])))
    await progress(http, first["scan"])
    await start(http, groups=["steel"])


async def test_scans_that_are_over_make_room(
    app: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(divergence_jobs, "MAX_KEPT", 1)
    first = await start(http)
    await start(http, groups=["steel"])
    gone = await http.get(f"/divergence/scans/{first['scan']}")
    assert gone.status_code == 404
    assert "POST /divergence/scans" in gone.json()["detail"]
    assert f"scans:{first['scan']}" not in backend_of(app).hub.channels


async def test_a_scan_may_start_anew_a_while_after_its_end(
    app: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = (await start(http))["scan"]
    hear_states(app, *(state(symbol) for symbol in (*SYMBOLS, EXAMPLE.benchmark)))
    before = request_of(app, name)
    backend_of(app).diverging.hear(result(before))
    assert (await progress(http, name))["state"] == "done"
    await start(http)
    assert request_of(app, name) is before
    later_s = time.time() + divergence_jobs.RESTED_MS / 1_000 + 1
    monkeypatch.setattr(time, "time_ns", lambda: round(later_s * 1e9))
    anew = (await start(http))["scan"]
    assert request_of(app, anew).requested_ms > before.requested_ms
    assert (await progress(http, anew))["result"] is None
    assert (await start(http))["scan"] == anew


async def test_pasted_symbols_scanned_anew_show_the_last_result_first(
    app: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = (await start(http, **PASTED))["scan"]
    hear_states(app, *(state(symbol) for symbol in ("NVDA", "AMD", "INTC", "SMH")))
    backend_of(app).diverging.hear(result(request_of(app, name), text="before"))
    await progress(http, name)
    later_s = time.time() + divergence_jobs.RESTED_MS / 1_000 + 1
    monkeypatch.setattr(time, "time_ns", lambda: round(later_s * 1e9))
    anew = await start(http, **PASTED)
    assert anew["scan"] != name
    assert anew["groups"][0]["text"] == "before"
    shown = (await http.get(f"/divergence/{anew['scan']}")).json()
    assert (shown["text"], shown["group"]) == ("before", anew["scan"])
    assert shown["age_ms"] >= divergence_jobs.RESTED_MS
    assert (await progress(http, anew["scan"]))["state"] == "fetching"


async def test_requests_wait_for_a_broker_that_is_away(
    reader: MemoryReader, desk: MemoryDesk
) -> None:
    desk.away = True
    app = app_on(reader, desk=desk)
    backend_of(app).diverging._backoff_s = 0.01
    async with running(app), asking(app) as http:
        await start(http)
        desk.away = False
        await until(lambda: desk.publisher.on(topics.SCAN_REQUESTS), what="the scan")


async def test_a_scan_that_another_process_started_is_followed(
    app: FastAPI, http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    elsewhere = app_on(reader)
    async with asking(elsewhere) as other:
        name = (await start(other))["scan"]
    backend_of(app).diverging.hear(request_of(elsewhere, name))
    assert (await progress(http, name))["state"] == "fetching"
    assert (await start(http))["scan"] == name


async def test_progress_is_pushed_at_every_change(reader: MemoryReader) -> None:
    live, states = MemoryTopics(), MemoryTopics()
    app = app_on(reader, live, states=states)
    async with serving(app) as place, connect(f"ws://{place}/stream") as line, asking(app) as http:
        name = (await start(http))["scan"]
        await say(line, "subscribe", f"scans:{name}")
        await hear(line, "snapshot")
        for symbol in (*SYMBOLS, EXAMPLE.benchmark):
            states.put(topics.CLOSE_STATES, state(symbol))
        live.put(topics.DIVERGENCE, result(request_of(app, name)))
        texts: list[dict[str, Any]] = []
        while not texts or texts[-1]["state"] != "done":
            texts += (await hear(line, "update", "snapshot"))["data"]
        assert texts[-1]["result"]["group"] == GROUP


def test_what_waits_is_said_by_when_it_may_come() -> None:
    today = now_ms() // DAY_MS
    days = [today + 1, today + 1, today + 9, None]
    waits = [
        Wait(symbol="A", state="waiting", reason="", until_ms=None if d is None else d * DAY_MS)
        for d in days
    ]
    text = said("fetching", 80, 39, 37, waits)
    assert text.startswith(
        "fetching 37 of 80, 2 wait for tomorrow's quota, 1 waits for the quota of"
    )
    assert text.endswith(", 1 waits for a quota")
