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


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 400), ("DELETE", 400)])
async def test_a_page_may_only_get(http: httpx.AsyncClient, method: str, status: int) -> None:
    headers = {"Origin": DASHBOARD, "Access-Control-Request-Method": method}
    assert (await http.options("/bars/BTCUSDT", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [(None, True), (DASHBOARD, True), ("null", False), ("http://127.0.0.1:80500", False)],
)
def test_a_websocket_is_let_in_by_its_whole_origin(origin: str | None, allowed: bool) -> None:
    assert is_allowed(origin, (DASHBOARD,)) is allowed
