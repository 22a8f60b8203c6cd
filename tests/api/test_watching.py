"""PUT and DELETE /pairs/{pair}: the watchlist changes in every process, while all runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from websockets.asyncio.client import connect

from api import hub as hubs
from api import watching
from api.channels import pair_channels
from oddlot.contracts import topics
from oddlot.contracts.messages import INTERVAL_MS, Pair
from tests.api.messages import change, spread
from tests.api.places import app_on, asking, backend_of, hear, hub_of, say, serving
from tests.fakes import MemoryDesk, MemoryReader
from tests.waiting import beside, until

NEW = "ADAUSDT~DOTUSDT"
FILED = "BTCUSDT~ETHUSDT"


@pytest.fixture
def desk() -> MemoryDesk:
    return MemoryDesk()


@pytest.fixture
def app(reader: MemoryReader, desk: MemoryDesk) -> FastAPI:
    return app_on(reader, desk=desk, settings={"ui_port": 8050})


@contextlib.asynccontextmanager
async def following(app: FastAPI) -> AsyncIterator[None]:
    async with beside(backend_of(app).watching.run()):
        yield


async def ids(http: httpx.AsyncClient) -> list[str]:
    return [view["pair"] for view in (await http.get("/pairs")).json()["pairs"]]


async def test_a_pair_is_added_published_and_shown(
    http: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    body = {"window": 120, "prices": "log", "hedge": "kalman", "intervals": ["1m", "1m"]}
    answer = await http.put(f"/pairs/{NEW}", json=body)
    assert answer.status_code == 201
    view = answer.json()
    assert (view["window"], view["prices"], view["hedge"]) == (120, "log", "kalman")
    assert (view["intervals"], view["enter_z"], view["latest"]) == (["1m"], 2.0, {"1m": None})
    assert (view["added"], view["group"]) == (True, "crypto-majors")
    (published,) = desk.publisher.on(topics.PAIRS)
    assert published.watched == Pair(
        y="ADAUSDT", x="DOTUSDT", window=120, prices="log", hedge="kalman", intervals=("1m",)
    )
    assert (await ids(http))[-1] == NEW
    assert (await http.get(f"/pairs/{NEW}")).json() == view
    assert (await http.get(f"/spreads/{NEW}?interval=1m")).status_code == 200


async def test_a_pair_is_added_without_a_body(http: httpx.AsyncClient) -> None:
    answer = await http.put(f"/pairs/{NEW}")
    assert (answer.status_code, answer.json()["window"]) == (201, 300)


async def test_a_known_pair_is_changed(http: httpx.AsyncClient) -> None:
    answer = await http.put(f"/pairs/{FILED}", json={"enter_z": 3})
    assert answer.status_code == 200
    assert (answer.json()["enter_z"], answer.json()["added"]) == (3.0, True)
    assert (await ids(http)).index(FILED) == 0


async def test_a_removed_pair_is_gone(http: httpx.AsyncClient, desk: MemoryDesk) -> None:
    assert (await http.delete(f"/pairs/{FILED}")).status_code == 204
    assert FILED not in await ids(http)
    assert desk.publisher.on(topics.PAIRS)[0].watched is None
    for method, path in [("DELETE", "/pairs"), ("GET", "/pairs"), ("GET", "/spreads")]:
        assert (await http.request(method, f"{path}/{FILED}")).status_code == 404


async def test_what_was_stored_of_a_removed_pair_stays(
    http: httpx.AsyncClient, reader: MemoryReader
) -> None:
    reader.rows = [spread(0)]
    await http.delete(f"/pairs/{FILED}")
    assert len((await http.get(f"/spreads/{FILED}")).json()["spreads"]) == 1


@pytest.mark.parametrize(
    ("pair", "body", "said"),
    [
        ("BTCUSDT~NOPE", {}, "was 'NOPE'"),
        ("BTCUSDT", {}, "was ''"),
        ("BTCUSDT~ETHUSDT~X", {}, "was 'ETHUSDT~X'"),
        ("BTCUSDT~BTCUSDT", {}, "twice"),
        (NEW, {"window": 1}, "window"),
        (NEW, {"enter_z": 1, "leave_z": 1}, "leave_z"),
        (NEW, {"intervals": []}, "intervals"),
        (NEW, {"intervals": ["2m"]}, "intervals"),
        (NEW, {"hedge": "guess"}, "hedge"),
        (NEW, {"colour": "red"}, "colour"),
        (NEW, [], "body"),
    ],
)
async def test_a_pair_that_cannot_be_watched_is_bad_input(
    http: httpx.AsyncClient, desk: MemoryDesk, pair: str, body: object, said: str
) -> None:
    answer = await http.put(f"/pairs/{pair}", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert not desk.publisher.published


async def test_a_leg_that_does_not_stream_is_answered_with_those_that_do(
    http: httpx.AsyncClient,
) -> None:
    detail = (await http.put("/pairs/BTCUSDT~NOPE")).json()["detail"]
    assert {"ADAUSDT", "BTCUSDT"} <= set(detail.replace(";", ",").split(", "))


async def test_added_pairs_have_a_limit_and_removing_makes_room(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MAX_ADDED_PAIRS", 1)
    assert (await http.put(f"/pairs/{NEW}")).status_code == 201
    answer = await http.put("/pairs/SOLUSDT~DOTUSDT")
    assert answer.status_code == 422
    assert "DELETE /pairs/{pair}" in answer.json()["detail"]
    assert (await http.put(f"/pairs/{NEW}", json={"window": 50})).status_code == 200
    await http.delete(f"/pairs/{NEW}")
    assert (await http.put("/pairs/SOLUSDT~DOTUSDT")).status_code == 201


def test_all_the_pairs_there_may_be_have_their_channels(app: FastAPI) -> None:
    channels = len(pair_channels(Pair(y="A", x="B"))) * watching.MAX_ADDED_PAIRS
    assert len(INTERVAL_MS) == 3
    assert len(hub_of(app).channels) + channels < hubs.MAX_CHANNELS


async def test_a_change_that_the_broker_does_not_take_changes_nothing(
    http: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    desk.away = True
    answer = await http.put(f"/pairs/{NEW}")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert NEW not in await ids(http)


async def test_another_process_follows(app: FastAPI, desk: MemoryDesk) -> None:
    other = app_on(MemoryReader(), desk=desk)
    async with following(app), following(other), asking(app) as here, asking(other) as there:
        await here.put(f"/pairs/{NEW}", json={"window": 77})
        await until(lambda: NEW in backend_of(other).watching.pairs, what="the other process")
        assert (await there.get(f"/pairs/{NEW}")).json()["window"] == 77
        await there.delete(f"/pairs/{NEW}")
        await until(lambda: NEW not in backend_of(app).watching.pairs, what="this process")


async def test_who_starts_later_knows_what_was_changed_before(
    app: FastAPI, http: httpx.AsyncClient, desk: MemoryDesk
) -> None:
    await http.put(f"/pairs/{NEW}")
    later = app_on(MemoryReader(), desk=desk)
    async with following(later):
        await until(lambda: NEW in backend_of(later).watching.pairs, what="the pair")


async def test_a_broken_line_is_followed_again(app: FastAPI, desk: MemoryDesk) -> None:
    backend_of(app).watching._backoff_s = 0.0
    async with following(app):
        await until(lambda: desk.followers, what="the first line")
        desk.followers[0].fail(KafkaError("gone"))
        await until(lambda: len(desk.followers) == 2, what="the second line")
        desk.followers[1].put(topics.PAIRS, change(Pair(y="ADAUSDT", x="DOTUSDT")))
        await until(lambda: NEW in backend_of(app).watching.pairs, what="the pair")


async def test_the_channels_of_a_pair_come_and_go_with_it(
    app: FastAPI, http: httpx.AsyncClient
) -> None:
    names = {f"{kind}:{NEW}:1m" for kind in ("spreads", "pair-tests")} | {f"alerts:{NEW}"}
    channels = hub_of(app).channels
    await http.put(f"/pairs/{NEW}", json={"intervals": ["1m"]})
    assert {name for name in channels if NEW in name} == names
    await http.put(f"/pairs/{NEW}", json={"intervals": ["1s"]})
    assert f"spreads:{NEW}:1s" in channels
    assert f"spreads:{NEW}:1m" not in channels
    await http.delete(f"/pairs/{NEW}")
    assert not any(NEW in name for name in channels)
    late = spread(0, pair=NEW, y="ADAUSDT", x="DOTUSDT")
    hub_of(app).publish(late, arrival_ms=0, published_ms=0)
    assert not any(NEW in name for name in channels)


async def test_clients_hear_of_changes_and_keep_the_channels_that_they_have(
    app: FastAPI, desk: MemoryDesk
) -> None:
    async with serving(app) as place, connect(f"ws://{place}/stream", proxy=None) as line:
        await say(line, "subscribe", "pairs")
        assert (await hear(line, "snapshot"))["data"] == []
        async with httpx.AsyncClient(base_url=f"http://{place}", trust_env=False) as http:
            await http.put(f"/pairs/{NEW}")
            (told,) = (await hear(line, "update"))["data"]
            assert (told["pair"], told["watched"]["window"]) == (NEW, 300)
            await say(line, "subscribe", f"alerts:{NEW}")
            await hear(line, "snapshot")
            await http.delete(f"/pairs/{NEW}")
            assert (await hear(line, "update"))["data"][0]["watched"] is None
        assert f"alerts:{NEW}" in hub_of(app).channels
        await say(line, "unsubscribe", f"alerts:{NEW}")
        await until(lambda: f"alerts:{NEW}" not in hub_of(app).channels, what="the channel to go")
        await say(line, "subscribe", f"alerts:{NEW}")
        assert (await hear(line, "error"))["problem"]["status"] == 404
