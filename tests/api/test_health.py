"""GET /healthz and /readyz: alive, and ready."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.live import now_ms
from oddlot.contracts import topics
from tests.api.messages import health
from tests.api.places import app_on, backend_of, hub_of, serving
from tests.fakes import MemoryReader, MemoryTopics
from tests.waiting import until


def report(app: FastAPI, **changed: Any) -> None:
    sent_ms = changed.pop("sent_ms", now_ms())
    hub_of(app).publish(health(sent_ms, **changed), arrival_ms=sent_ms, published_ms=sent_ms)


async def checks(http: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get("/readyz")).json()["checks"]
    return found


async def test_the_process_is_alive_whatever_is_away(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.away = True
    answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_it_is_ready_once_broker_store_and_feed_are(reader: MemoryReader) -> None:
    written = MemoryTopics()
    app = app_on(reader, written)
    async with serving(app) as authority, httpx.AsyncClient(trust_env=False) as http:
        written.put(topics.FEED_HEALTH, health(now_ms()))
        await until(lambda: hub_of(app).feeds, what="the report")
        await until(lambda: backend_of(app).live.is_connected, what="the broker")
        answer = await http.get(f"http://{authority}/readyz")
    assert answer.status_code == 200
    view = answer.json()
    assert (view["status"], view["simulated"]) == ("ready", False)
    assert view["checks"]["kafka"]["detail"].startswith("connected, 0 records behind; last record")
    assert view["checks"]["feeds"]["detail"] == "binance: 10 streams, last frame 0.1 s ago"


async def test_it_says_what_is_away(http: httpx.AsyncClient, reader: MemoryReader) -> None:
    reader.away = True
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert answer.json()["checks"] == {
        "kafka": {
            "ok": False,
            "detail": "the broker does not answer; waiting for it; nothing read yet",
        },
        "clickhouse": {"ok": False, "detail": "expected the store to answer, was: away"},
        "feeds": {"ok": False, "detail": "no producer of trades has reported"},
    }


async def test_a_store_that_comes_back_is_connected_again(
    http: httpx.AsyncClient, reader: MemoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.store.RETRY_S", 0.0)
    reader.away = True
    assert not (await checks(http))["clickhouse"]["ok"]
    reader.away = False
    assert (await checks(http))["clickhouse"]["ok"]


async def test_a_store_that_refuses_is_not_asked_by_every_request(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.away = True
    for _ in range(5):
        await checks(http)
    assert reader.asked == ["ping"]


async def test_a_feed_that_is_down_says_why(app: FastAPI, http: httpx.AsyncClient) -> None:
    report(app, connected=False, detail="no frame for 15 s; reconnecting", silence_ms=None)
    feeds = (await checks(http))["feeds"]
    assert feeds == {"ok": False, "detail": "binance: no frame for 15 s; reconnecting"}


async def test_the_system_is_well_without_a_forum_and_says_so(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    away = {"connected": False, "detail": "Reddit refuses us", "optional": True}
    report(app, feed="reddit", **away)
    assert not (await checks(http))["feeds"]["ok"]
    report(app)
    feeds = (await checks(http))["feeds"]
    assert feeds["ok"]
    assert "reddit: Reddit refuses us" in feeds["detail"]


async def test_a_producer_that_has_gone_silent_is_noticed(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    report(app, sent_ms=now_ms() - 60_000)
    feeds = (await checks(http))["feeds"]
    assert not feeds["ok"]
    assert re.search(r"last reported \d{2,} s ago", feeds["detail"])


async def test_a_simulated_feed_is_said_to_be_so(app: FastAPI, http: httpx.AsyncClient) -> None:
    report(app, simulated=True)
    assert (await http.get("/readyz")).json()["simulated"] is True
