"""Origins: which pages may read what the API answers."""

from __future__ import annotations

import httpx
import pytest

from api.origins import is_allowed
from tests.api.places import app_on, asking
from tests.fakes import MemoryReader

DASHBOARD = "http://127.0.0.1:8050"
ALLOW = "access-control-allow-origin"


@pytest.mark.parametrize("path", ["/healthz", "/symbols", "/bars/NOPE", "/bars/BTCUSDT?limit=0"])
async def test_the_dashboard_may_read_answers_and_errors(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(path, headers={"Origin": DASHBOARD})
    assert answer.headers[ALLOW] == DASHBOARD


async def test_another_page_may_not(http: httpx.AsyncClient) -> None:
    answer = await http.get("/healthz", headers={"Origin": "http://evil.example"})
    assert ALLOW not in answer.headers


async def test_an_added_origin_may() -> None:
    added = {"allowed_origins": "https://desk.example"}
    async with asking(app_on(MemoryReader(), settings=added)) as http:
        answer = await http.get("/healthz", headers={"Origin": "https://desk.example"})
    assert answer.headers[ALLOW] == "https://desk.example"


@pytest.mark.parametrize(
    ("origin", "method", "status"),
    [
        (DASHBOARD, "GET", 200),
        (DASHBOARD, "PUT", 200),
        (DASHBOARD, "DELETE", 200),
        (DASHBOARD, "PATCH", 400),
        ("http://evil.example", "PUT", 400),
    ],
)
async def test_the_dashboard_may_ask_to_change_things(
    http: httpx.AsyncClient, origin: str, method: str, status: int
) -> None:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type",
    }
    assert (await http.options("/pairs/ADAUSDT~DOTUSDT", headers=headers)).status_code == status


@pytest.mark.parametrize(("method", "path"), [("POST", "/uploads"), ("DELETE", "/pairs/A~B")])
async def test_a_foreign_page_changes_nothing_even_if_its_browser_does_not_ask(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await http.request(method, path, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "ODDLOT_ALLOWED_ORIGINS" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [(None, True), (DASHBOARD, True), ("null", False), ("http://127.0.0.1:80500", False)],
)
def test_a_websocket_is_let_in_by_its_whole_origin(origin: str | None, allowed: bool) -> None:
    assert is_allowed(origin, (DASHBOARD,)) is allowed
