"""A planted burst is first of its hour within a minute; who is always loud is not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from oddlot import kafka, peer_groups
from oddlot.contracts import topics
from oddlot.contracts.messages import Buzz
from oddlot.quant.hours import HOUR_MS
from oddlot.settings import LOOPBACK, load
from producers import reddit, stocktwits
from sandbox import forums, forums_server, providers
from sandbox.forums import Forums
from sandbox.posts import LOUD
from tests.conftest import ROOT
from tests.end_to_end.systems import System, running_system

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

GROUPS = ("airlines", "semiconductors")
SUBREDDITS = "wallstreetbets,stocks,investing,StockMarket,options,pennystocks"
LOUDEST, PLANTED = LOUD[0], "DAL"
POSTS = 60
A_DAY = 24  # hours
DEADLINE_S = 120.0  # for reading a month of posts and comparing it
PROMISED_S = 60.0

Rows = dict[tuple[str, str, int], Buzz]


def at_sandbox(system: System, folder: Path, port: int) -> None:
    """Send the system's readers to the sandbox, about few symbols."""
    folder.mkdir()
    for name in GROUPS:
        shutil.copy(ROOT / "peer_groups" / f"{name}.json", folder)
    given = system.settings.model_dump(include=system.settings.model_fields_set)
    address = f"http://{LOOPBACK}:{port}"
    system.settings = load(
        **given,
        simulated=True,
        peer_groups_dir=folder,
        reddit_url=f"{address}/reddit",
        reddit_www_url=f"{address}/reddit",
        reddit_client_id="sandbox",
        reddit_client_secret="secret",
        reddit_per_minute=1_200,
        reddit_subreddits=SUBREDDITS,
        stocktwits_url=f"{address}/stocktwits",
        stocktwits_per_hour=7_200,
    )


@contextlib.asynccontextmanager
async def reading(system: System) -> AsyncIterator[Rows]:
    """Read the forums, and follow what is made of it: the newest revision of each row."""
    rows: Rows = {}

    async def follow() -> None:
        async with kafka.subscribe(system.settings, [topics.BUZZ], start="earliest") as reading:
            while True:
                for record in await reading.read(limit=1_000, wait_ms=200):
                    row = topics.BUZZ.codec.decode(record.payload)
                    rows[row.forum, row.symbol, row.hour_ms] = row

    async with kafka.connect(system.settings) as publisher, asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(each)
            for each in (
                reddit.run(system.settings, publisher),
                stocktwits.run(system.settings, publisher),
                follow(),
            )
        ]
        yield rows
        for task in running:
            task.cancel()


async def until(what: str, holds: object, *, within_s: float) -> float:
    """Wait for something; give how long it took."""
    assert callable(holds)
    started_s = time.monotonic()
    while not holds():
        waited_s = time.monotonic() - started_s
        assert waited_s < within_s, f"waited {waited_s:.0f} s for {what}"
        await asyncio.sleep(0.1)
    return time.monotonic() - started_s


def usual(rows: Rows) -> list[Buzz]:
    """Give the hours of who is always loud that have a baseline to speak of."""
    mine = [row for (forum, symbol, _), row in rows.items() if (forum, symbol) == ("all", LOUDEST)]
    return [row for row in mine if row.is_warm and row.z is not None]


async def test_a_planted_burst_is_first_and_who_is_always_loud_is_not(tmp_path: Path) -> None:
    groups = peer_groups.load(ROOT / "peer_groups")
    universe = providers.universe_of([g for g in groups if g.id in GROUPS], (), seed=1)
    with forums_server.listen(0) as listener, running_system(tmp_path, with_store=False) as system:
        at_sandbox(system, tmp_path / "groups", listener.getsockname()[1])
        site = Forums(
            universe,
            forums.subreddits_of(system.settings),
            seed=1,
            quotas=forums.quotas_of(system.settings),
        )
        system.start_worker(parts="buzz")
        async with forums_server.serving(site, listener), reading(system) as rows:
            await until("a baseline", lambda: len(usual(rows)) > A_DAY, within_s=DEADLINE_S)
            hour_ms = site.clock() // HOUR_MS * HOUR_MS
            site.burst(PLANTED, POSTS, lasts_ms=3_000)

            def first() -> list[Buzz]:
                found = (rows.get(("all", PLANTED, h)) for h in (hour_ms, hour_ms + HOUR_MS))
                return [row for row in found if row is not None and row.rank == 1]

            took_s = await until("the burst", first, within_s=PROMISED_S)
            burst = first()[0]
    log.info("first after %.1f s: %s", took_s, burst)
    loud = rows.get(("all", LOUDEST, burst.hour_ms))
    assert burst.z is not None
    assert burst.z > 5
    assert loud is None or loud.z is None or loud.z < burst.z / 3
    assert statistics.median(abs(row.z or 0.0) for row in usual(rows)) < 2
    assert site.rejections == 0, site.report()
