"""A planted burst is first of its hour within a minute; who is always loud is not."""

from __future__ import annotations

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
from tests.waiting import beside, until

log = logging.getLogger(__name__)
pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

GROUPS = ("airlines", "semiconductors")
SUBREDDITS = "wallstreetbets,stocks,investing,StockMarket,options,pennystocks"
LOUDEST, PLANTED = LOUD[0], "DAL"
POSTS = 60
MANY = POSTS // 4  # of them in one hour: the first few that are read may be chance
A_DAY = 24  # hours
A_MONTH = 28  # days that a baseline is made of, at least
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
        reddit_per_minute=6_000,
        reddit_subreddits=SUBREDDITS,
        stocktwits_url=f"{address}/stocktwits",
        stocktwits_per_hour=36_000,
    )


async def follow(system: System, rows: Rows) -> None:
    """Keep the newest revision of each row, until cancelled."""
    async with kafka.subscribe(system.settings, [topics.BUZZ], start="earliest") as reading:
        while True:
            for record in await reading.read(limit=1_000, wait_ms=200):
                row = topics.BUZZ.codec.decode(record.payload)
                rows[row.forum, row.symbol, row.hour_ms] = row


@contextlib.asynccontextmanager
async def reading(system: System) -> AsyncIterator[None]:
    """Read the forums."""
    async with (
        kafka.connect(system.settings) as publisher,
        beside(reddit.run(system.settings, publisher)),
        beside(stocktwits.run(system.settings, publisher)),
    ):
        yield


def usual(rows: Rows) -> list[Buzz]:
    """Give the hours of who is always loud that have a baseline to speak of."""
    mine = [row for (forum, symbol, _), row in rows.items() if (forum, symbol) == ("all", LOUDEST)]
    return [row for row in mine if row.baseline_days >= A_MONTH and row.z is not None]


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
        rows: Rows = {}
        async with forums_server.serving(site, listener), beside(follow(system, rows)):
            async with reading(system):
                await until(lambda: usual(rows), what="a baseline")
                hour_ms = site.clock() // HOUR_MS * HOUR_MS
                site.burst(PLANTED, POSTS, lasts_ms=3_000)
                planted_s = time.monotonic()

                def first() -> list[Buzz]:
                    found = (rows.get(("all", PLANTED, h)) for h in (hour_ms, hour_ms + HOUR_MS))
                    return [r for r in found if r is not None and r.rank == 1 and r.mentions > MANY]

                await until(first, what="the burst")
                took_s, burst = time.monotonic() - planted_s, first()[0]
            # Hours of the past are told once nothing new has come for a while.
            await until(lambda: len(usual(rows)) > A_DAY, what="the hours of the past")
    log.info("first after %.1f s: %s", took_s, burst)
    assert took_s < PROMISED_S
    loud = rows.get(("all", LOUDEST, burst.hour_ms))
    assert burst.z is not None
    assert burst.z > 5
    assert loud is None or loud.z is None or loud.z < burst.z / 3
    assert statistics.median(abs(row.z or 0.0) for row in usual(rows)) < 2
    assert site.rejections == 0, site.report()
