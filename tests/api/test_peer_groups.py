"""Peer groups over HTTP: whole, validated, and nobody overwrites what he has not seen."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect

from oddlot import peer_groups
from oddlot.errors import BadPeerGroup
from oddlot.peer_groups.texts import MAX_BYTES
from oddlot.settings import load
from tests.api.places import app_on, asking, backend_of, hear, hub_of, say, serving
from tests.fakes import MemoryReader
from tests.waiting import beside, until

NEW: dict[str, Any] = {
    "id": "new-coins",
    "title": "New coins",
    "sector": "Crypto",
    "venue": "binance",
    "benchmark": "BTCUSDT",
    "members": [
        {"symbol": symbol, "name": symbol.title()} for symbol in ("AAAUSDT", "BBBUSDT", "CCCUSDT")
    ],
    "pairs": [{"y": "AAAUSDT", "x": "BBBUSDT"}],
}
FRESH = {"If-None-Match": "*"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("airlines", "crypto-majors", "steel"):
        shutil.copy(load().peer_groups_dir / f"{name}.json", tmp_path)
    return tmp_path


@pytest.fixture
def app(reader: MemoryReader, directory: Path) -> FastAPI:
    return app_on(reader, settings={"peer_groups_dir": directory})


@contextlib.asynccontextmanager
async def following(app: FastAPI) -> AsyncIterator[None]:
    async with beside(backend_of(app).grouping.run()):
        yield


async def ids(http: httpx.AsyncClient) -> list[str]:
    return [group["id"] for group in (await http.get("/peer-groups")).json()["groups"]]


async def test_groups_are_listed_and_given_with_their_revision(
    http: httpx.AsyncClient, directory: Path
) -> None:
    assert await ids(http) == ["airlines", "crypto-majors", "steel"]
    answer = await http.get("/peer-groups/steel")
    stored = peer_groups.find(directory, "steel")
    assert answer.headers["ETag"] == f'"{stored.revision}"'
    assert answer.json()["revision"] == stored.revision
    assert answer.json()["members"][0]["symbol"] == stored.group.symbols[0]


async def test_a_new_group_is_saved_and_followed_at_once(
    app: FastAPI, http: httpx.AsyncClient, directory: Path
) -> None:
    answer = await http.put("/peer-groups/new-coins", json=NEW, headers=FRESH)
    assert answer.status_code == 201
    saved = peer_groups.find(directory, "new-coins")
    assert answer.headers["ETag"] == f'"{saved.revision}"'
    assert await ids(http) == ["airlines", "crypto-majors", "new-coins", "steel"]
    channels = hub_of(app).channels
    assert {"bars:AAAUSDT:1m", "divergence:new-coins:1m", "spreads:AAAUSDT~BBBUSDT:1s"} <= set(
        channels
    )
    symbols = (await http.get("/symbols")).json()["symbols"]
    assert "AAAUSDT" in {symbol["symbol"] for symbol in symbols}
    assert (await http.get("/pairs/AAAUSDT~BBBUSDT")).json()["group"] == "new-coins"


async def test_what_was_given_can_be_changed_and_sent_back(http: httpx.AsyncClient) -> None:
    given = await http.get("/peer-groups/steel")
    changed = given.json() | {"title": "Iron"}
    answer = await http.put(
        "/peer-groups/steel", json=changed, headers={"If-Match": given.headers["ETag"]}
    )
    assert (answer.status_code, answer.json()["title"]) == (200, "Iron")
    assert (await http.get("/peer-groups/steel")).json() == answer.json()


async def test_nobody_overwrites_what_he_has_not_seen(http: httpx.AsyncClient) -> None:
    given = await http.get("/peer-groups/steel")
    seen = {"If-Match": given.headers["ETag"]}
    first = await http.put("/peer-groups/steel", json=given.json() | {"title": "1"}, headers=seen)
    second = await http.put("/peer-groups/steel", json=given.json() | {"title": "2"}, headers=seen)
    assert (first.status_code, second.status_code) == (200, 412)
    assert "somebody else changed it" in second.json()["detail"]
    assert (await http.delete("/peer-groups/steel", headers=seen)).status_code == 412
    assert (await http.get("/peer-groups/steel")).json()["title"] == "1"
    there = await http.put("/peer-groups/steel", json=given.json(), headers=FRESH)
    assert there.status_code == 412


async def test_of_many_at_the_same_time_one_wins(http: httpx.AsyncClient) -> None:
    given = await http.get("/peer-groups/steel")
    seen = {"If-Match": given.headers["ETag"]}
    answers = await asyncio.gather(
        *(
            http.put("/peer-groups/steel", json=given.json() | {"title": str(i)}, headers=seen)
            for i in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_change_without_a_revision_is_refused(http: httpx.AsyncClient) -> None:
    for method in ("PUT", "DELETE"):
        answer = await http.request(method, "/peer-groups/steel", json=NEW)
        assert answer.status_code == 428
        assert "ETag" in answer.json()["detail"]
    odd = await http.put("/peer-groups/steel", json=NEW, headers={"If-None-Match": "x"})
    assert odd.status_code == 422


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"members": NEW["members"][:2]}, "new-coins.json: members: expected"),
        ({"venue": "moon"}, "venue"),
        ({"benchmark": "btc"}, "benchmark"),
        ({"id": "other"}, 'id: expected "new-coins", was "other"'),
        ({"colour": "red"}, "colour"),
        ({"pairs": [{"y": "AAAUSDT", "x": "ZZZUSDT"}]}, "pairs[0].x"),
    ],
)
async def test_a_group_that_does_not_validate_is_refused_by_field_and_fix(
    http: httpx.AsyncClient, directory: Path, changed: dict[str, Any], said: str
) -> None:
    answer = await http.put("/peer-groups/new-coins", json=NEW | changed, headers=FRESH)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert not (directory / "new-coins.json").exists()


async def test_each_wrong_field_is_named_with_what_to_do(http: httpx.AsyncClient) -> None:
    members = [*NEW["members"], {"symbol": "ddd", "name": "D"}]
    wrong = NEW | {"title": "", "members": members}
    answer = await http.put("/peer-groups/new-coins", json=wrong, headers=FRESH)
    title, symbol = answer.json()["errors"]
    assert title == {
        "where": "title",
        "expected": "some text",
        "was": '""',
        "fix": "correct it",
    }
    assert (symbol["where"], symbol["was"]) == ("members[3].symbol", '"ddd"')
    assert symbol["fix"].startswith("use the venue's own name in capitals")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
async def test_what_is_no_group_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.put("/peer-groups/new-coins", content=body, headers=FRESH)
    assert answer.status_code == 422
    assert "new-coins.json" in answer.json()["detail"]


async def test_a_body_beyond_the_limit_is_refused(http: httpx.AsyncClient) -> None:
    body = b" " * (MAX_BYTES + 1)
    answer = await http.put("/peer-groups/new-coins", content=body, headers=FRESH)
    assert answer.status_code == 413


@pytest.mark.parametrize("name", ["nobody", "..%2Fairlines", "%00", "Steel"])
async def test_a_group_that_is_not_there_is_unknown(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/peer-groups/{name}")).status_code == 404
    gone = await http.delete(f"/peer-groups/{name}", headers={"If-Match": "*"})
    assert gone.status_code == 404


async def test_a_removed_group_is_gone_with_its_channels(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    tag = (await http.get("/peer-groups/crypto-majors")).headers["ETag"]
    assert "bars:BTCUSDT:1m" in hub_of(app).channels
    gone = await http.delete("/peer-groups/crypto-majors", headers={"If-Match": tag})
    assert gone.status_code == 204
    assert await ids(http) == ["airlines", "steel"]
    assert "bars:BTCUSDT:1m" not in hub_of(app).channels
    assert (await http.get("/pairs")).json()["pairs"] == []
    assert (await http.get("/divergence/crypto-majors")).status_code == 404


async def test_the_last_group_stays(http: httpx.AsyncClient) -> None:
    *some, last = await ids(http)
    for name in some:
        await http.delete(f"/peer-groups/{name}", headers={"If-Match": "*"})
    answer = await http.delete(f"/peer-groups/{last}", headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert "add another one first" in answer.json()["detail"]


async def test_an_edit_by_hand_is_followed_and_half_a_file_loses_nothing(
    app: FastAPI, http: httpx.AsyncClient, directory: Path
) -> None:
    grouping = backend_of(app).grouping
    path = directory / "steel.json"
    async with following(app):
        path.write_text(path.read_text().replace('"title": "', '"title": "Edited '))
        await until(lambda: grouping.by_id["steel"].title.startswith("Edited"), what="the edit")
        path.write_text(path.read_text()[:100])
        await until(lambda: grouping.snapshot.problems, what="the broken file")
    assert await ids(http) == ["airlines", "crypto-majors", "steel"]
    (problem,) = (await http.get("/peer-groups")).json()["problems"]
    assert problem.startswith("steel.json: line")


async def test_whoever_listens_hears_of_every_change(reader: MemoryReader, directory: Path) -> None:
    app = app_on(reader, settings={"peer_groups_dir": directory})
    async with serving(app) as place, connect(f"ws://{place}/stream") as line, asking(app) as http:
        await say(line, "subscribe", "peer-groups")
        assert (await hear(line, "snapshot"))["data"] == []
        saved = await http.put("/peer-groups/new-coins", json=NEW, headers=FRESH)
        (told,) = (await hear(line, "update"))["data"]
        assert (told["group"], told["revision"]) == ("new-coins", saved.json()["revision"])
        path = directory / "steel.json"
        path.write_text(path.read_text().replace('"title": "', '"title": "Edited '))
        (told,) = (await hear(line, "update"))["data"]
        assert (told["group"], told["revision"]) == (
            "steel",
            peer_groups.find(directory, "steel").revision,
        )
        await http.delete("/peer-groups/airlines", headers={"If-Match": "*"})
        (told,) = (await hear(line, "update"))["data"]
        assert (told["group"], told["revision"]) == ("airlines", None)


def test_without_any_group_nothing_starts(reader: MemoryReader, tmp_path: Path) -> None:
    with pytest.raises(BadPeerGroup, match="found none"):
        app_on(reader, settings={"peer_groups_dir": tmp_path})


async def test_a_foreign_page_changes_no_group(app: FastAPI) -> None:
    async with asking(app) as http:
        answer = await http.put(
            "/peer-groups/new-coins", json=NEW, headers=FRESH | {"Origin": "https://evil.example"}
        )
    assert answer.status_code == 403


async def test_the_dashboard_may_send_and_read_revisions(app: FastAPI) -> None:
    origin = backend_of(app).settings.origins[0]
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "If-Match",
    }
    async with asking(app) as http:
        preflight = await http.options("/peer-groups/steel", headers=asked)
        given = await http.get("/peer-groups/steel", headers={"Origin": origin})
    assert "If-Match" in preflight.headers["Access-Control-Allow-Headers"]
    assert "ETag" in given.headers["Access-Control-Expose-Headers"]
