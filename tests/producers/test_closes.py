"""Daily closes: from a request on its topic, over HTTP to the sandbox, to closes on theirs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import CloseRequest, CloseState, DailyClose
from oddlot.errors import BrokerUnavailable
from oddlot.kafka import Record
from oddlot.settings import LOOPBACK, Settings, load
from producers import closes
from producers.closes import Closes, open_clerk
from producers.providers.registry import adapters_of
from sandbox import exchange, providers
from sandbox.exchange import Exchange
from sandbox.listings import MAJORS
from tests.fakes import MemoryPublisher
from tests.producers.providers.scans import request, universe
from tests.sandbox.places import market
from tests.waiting import beside, until

DEADLINE_S = 60.0
QUOTAS = providers.Quotas(twelve_data_per_minute=100)


class Requests:
    """A subscription to requests that a test hands in; notes commits."""

    def __init__(self) -> None:
        self.commits = 0
        self._records: asyncio.Queue[Record] = asyncio.Queue()

    def put(self, *requests: CloseRequest | bytes) -> None:
        for each in requests:
            topic = topics.CLOSE_REQUESTS
            payload = each if isinstance(each, bytes) else topic.codec.encode(each)
            self._records.put_nowait(Record(topic, 0, 0, 0, payload))  # type: ignore[arg-type]

    async def read(self, *, limit: int, wait_ms: int) -> list[Record]:
        found = [await self._records.get()]
        while not self._records.empty():
            found.append(self._records.get_nowait())
        return found

    async def commit(self) -> bool:
        self.commits += 1
        return True


@contextlib.asynccontextmanager
async def sandbox_exchange() -> AsyncIterator[Exchange]:
    names = {f"g{i}": universe(40).symbols()[i : i + 10] for i in range(0, 40, 10)}
    listed = {listing.symbol: listing.price for listing in MAJORS}
    known = providers.Universe(names, seed=1, prices=listed)
    async with exchange.running(market(), closes=providers.Providers(known, QUOTAS)) as running:
        yield running


@pytest.fixture
async def sandbox() -> AsyncIterator[Exchange]:
    async with sandbox_exchange() as running:
        yield running


def settings_of(port: int, state_dir: Path, **knobs: Any) -> Settings:
    address = f"http://{LOOPBACK}:{port}"
    return load(
        state_dir=state_dir,
        binance_rest_url=address,
        twelve_data_url=f"{address}/twelvedata",
        fmp_url=f"{address}/fmp",
        marketstack_url=f"{address}/marketstack",
        twelve_data_per_minute=100,
        **{
            "twelve_data_key": "secret-1",
            "fmp_key": "secret-2",
            "marketstack_key": "secret-3",
            **knobs,
        },
    )


@contextlib.asynccontextmanager
async def serving(
    settings: Settings, publisher: MemoryPublisher, requests: Requests
) -> AsyncIterator[None]:
    """Run all but the broker until the block ends."""
    adapters = adapters_of(settings)
    path = closes.ledger_path(settings)
    async with (
        open_clerk(path, adapters, fresh_ms=30 * 60_000) as clerk,
        httpx.AsyncClient() as http,
    ):
        served = Closes(publisher, clerk, http, adapters)
        steps = (served.listen(requests), served.serve(), served.tell())  # type: ignore[arg-type]
        tasks = [asyncio.create_task(step) for step in steps]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


def states(publisher: MemoryPublisher) -> dict[str, CloseState]:
    return {state.symbol: state for state in publisher.on(topics.CLOSE_STATES)}


def settled(publisher: MemoryPublisher) -> list[str]:
    return sorted(s.symbol for s in states(publisher).values() if s.state in {"fetched", "refused"})


def histories(publisher: MemoryPublisher) -> dict[str, list[DailyClose]]:
    found: dict[str, list[DailyClose]] = {}
    for close in publisher.on(topics.CLOSES):
        found.setdefault(close.symbol, []).append(close)
    return found


async def test_requests_become_closes_of_stocks_and_crypto(
    sandbox: Exchange, tmp_path: Path
) -> None:
    publisher, requests = MemoryPublisher(), Requests()
    wanted = [f"S{i:03d}" for i in range(12)]
    requests.put(*map(request, wanted), request("BTCUSDT", venue="binance"), request("ZZTOP"))
    async with serving(settings_of(sandbox.port, tmp_path), publisher, requests):
        await until(lambda: len(settled(publisher)) == 14, what="14 symbols")

    assert states(publisher)["ZZTOP"].state == "refused"
    found = histories(publisher)
    assert set(found) == {*wanted, "BTCUSDT"}
    assert sum(len(history) >= 126 for history in found.values()) >= 12
    for history in found.values():
        dates = [close.date for close in history]
        assert dates == sorted(set(dates))
        assert len({close.fetched_ms for close in history}) == 1
    assert sandbox.providers.rejections == 0
    assert requests.commits == 1


async def test_budgets_and_states_are_told_without_keys(sandbox: Exchange, tmp_path: Path) -> None:
    publisher, requests = MemoryPublisher(), Requests()
    requests.put(request("S000"), request("S001"))
    async with serving(settings_of(sandbox.port, tmp_path), publisher, requests):
        await until(lambda: len(settled(publisher)) == 2, what="closes")
        await until(
            lambda: any(b.windows[-1].used for b in publisher.on(topics.BUDGETS)),
            what="a budget with something spent",
        )
    budgets = {budget.provider: budget for budget in publisher.on(topics.BUDGETS)}
    assert set(budgets) == {"binance", "twelvedata", "fmp", "marketstack"}
    twelve = {window.window: window for window in budgets["twelvedata"].windows}
    assert (twelve["minute"].limit, twelve["day"].limit) == (100, 800)
    assert "secret" not in repr(publisher.published)


async def test_a_second_request_is_served_without_asking_anybody(
    sandbox: Exchange, tmp_path: Path
) -> None:
    settings = settings_of(sandbox.port, tmp_path)
    publisher, requests = MemoryPublisher(), Requests()
    requests.put(request("S003"))
    async with serving(settings, publisher, requests):
        await until(lambda: settled(publisher), what="closes")
        before = sandbox.providers.report()
        requests.put(request("S003"))
        await until(lambda: requests.commits == 2, what="the second")
        await until(
            lambda: sum(s.state == "fetched" for s in publisher.on(topics.CLOSE_STATES)) == 2,
            what="it to be said",
        )
    assert len(histories(publisher)["S003"]) <= 140, "published once"

    again, requests = MemoryPublisher(), Requests()
    requests.put(request("S003"))
    async with serving(settings, again, requests):
        await until(lambda: settled(again), what="closes after a restart")
    assert histories(again) == histories(publisher), "published again, for a broker that lost them"
    assert sandbox.providers.report() == before


async def test_a_provider_in_trouble_is_tried_again(sandbox: Exchange, tmp_path: Path) -> None:
    sandbox.providers.fail("twelvedata", 1)
    publisher, requests = MemoryPublisher(), Requests()
    requests.put(request("S003"))
    async with serving(settings_of(sandbox.port, tmp_path), publisher, requests):
        await until(lambda: settled(publisher), what="closes")
    assert states(publisher)["S003"].state == "fetched"
    assert sandbox.providers.counts["twelvedata"].calls == 1


async def test_a_provider_that_is_not_there_costs_nothing(tmp_path: Path) -> None:
    publisher, requests = MemoryPublisher(), Requests()
    settings = settings_of(9, tmp_path, fmp_key="", marketstack_key="")  # discard: nobody listens
    requests.put(request("S003"))
    async with serving(settings, publisher, requests):
        await until(
            lambda: "cannot be reached" in getattr(states(publisher).get("S003"), "reason", ""),
            what="the reason",
        )
    budgets = {budget.provider: budget for budget in publisher.on(topics.BUDGETS)}
    assert budgets["twelvedata"].windows[1].used == 0


async def test_a_request_that_breaks_its_contract_is_a_dead_letter(tmp_path: Path) -> None:
    publisher, requests = MemoryPublisher(), Requests()
    requests.put(b"{}", request("S003"))
    async with serving(settings_of(9, tmp_path), publisher, requests):
        await until(lambda: requests.commits, what="a commit")
    (letter,) = publisher.on(topics.DEAD_LETTERS)
    assert letter.origin == "producers.closes"


class AwayAtFirst(MemoryPublisher):
    """A broker that does not acknowledge closes the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.tries = 0

    async def publish(self, topic: Any, messages: Any, *, arrival_ms: int) -> None:
        if topic is topics.CLOSES:
            self.tries += 1
            if self.tries == 1:
                raise BrokerUnavailable("restarting")
        await super().publish(topic, messages, arrival_ms=arrival_ms)


async def test_closes_are_published_until_the_broker_has_them(
    sandbox: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closes, "FIRST_BACKOFF_S", 0.01)
    publisher, requests = AwayAtFirst(), Requests()
    requests.put(request("S003"))
    async with serving(settings_of(sandbox.port, tmp_path), publisher, requests):
        await until(lambda: settled(publisher), what="closes")
    assert publisher.tries >= 2
    assert "S003" in histories(publisher)


async def test_no_key_is_ever_logged(
    sandbox: Exchange, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="producers")
    publisher, requests = MemoryPublisher(), Requests()
    for name in ("twelvedata", "fmp", "marketstack"):
        sandbox.providers.fail(name, 1)
    requests.put(request("S003"))
    async with serving(settings_of(sandbox.port, tmp_path), publisher, requests):
        await until(lambda: settled(publisher), what="closes")
    assert "no closes of S003" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.broker
async def test_the_whole_way_over_a_broker(
    broker: Settings, sandbox: Exchange, tmp_path: Path
) -> None:
    settings = settings_of(sandbox.port, tmp_path, kafka=broker.kafka_address)
    wanted = [f"S{i:03d}" for i in range(20, 30)]
    async with kafka.connect(settings) as publisher, beside(closes.run(settings, publisher)):
        await publisher.publish(topics.CLOSE_REQUESTS, list(map(request, wanted)), arrival_ms=0)
        found: dict[str, list[DailyClose]] = {}
        reading = kafka.subscribe(settings, [topics.CLOSES], start="earliest")
        async with asyncio.timeout(DEADLINE_S), reading as subscription:
            while not set(wanted) <= set(found):
                for record in await subscription.read(limit=5_000, wait_ms=100):
                    close = record.message()
                    assert isinstance(close, DailyClose)
                    found.setdefault(close.symbol, []).append(close)
    assert sandbox.providers.rejections == 0
