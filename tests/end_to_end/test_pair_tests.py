"""A running worker tests its pairs once a minute, and stops in time while it does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import PairTest
from tests.end_to_end.systems import System, running_system
from tests.end_to_end.test_kills import now_ms
from tests.end_to_end.test_spreads import FILED, market

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

SECONDS = 330  # of bars: five minutes and a bit
DEADLINE_S = 240.0  # statsmodels takes long to load where others work: tests give way


async def publish(system: System) -> None:
    bars = [bar for second in market()[:SECONDS] for bar in second]
    async with kafka.connect(system.settings) as publisher:
        for first in range(0, len(bars), 400):
            await publisher.publish(topics.BARS, bars[first : first + 400], arrival_ms=now_ms())


async def newest(system: System) -> PairTest:
    """Wait for the test of the last minute; what waited with it may have been left out."""
    async with kafka.subscribe(system.settings, [topics.PAIR_TESTS], start="earliest") as reading:
        while True:
            for record in await reading.read(limit=100, wait_ms=100):
                test = topics.PAIR_TESTS.codec.decode(record.payload)
                assert test.open_ms // 1_000 % 60 < 5, "expected the first row of a minute"
                if test.pair == FILED.id and test.open_ms // 60_000 == SECONDS // 60:
                    return test


async def test_pairs_are_tested_by_a_running_worker(tmp_path: Path) -> None:
    with running_system(tmp_path, with_store=False) as system:
        worker = system.start_worker(parts="spreads,pair_tests")
        await publish(system)
        async with asyncio.timeout(DEADLINE_S):
            test = await newest(system)
        children = psutil.Process(worker.process.pid).children()
        worker.stop()
        _, alive = psutil.wait_procs(children, timeout=DEADLINE_S)
    assert 250 < test.n <= 300
    assert test.eg_statistic is not None
    assert test.verdict
    assert children, "expected a process of its own for the tests"
    assert not alive
    assert worker.process.returncode == 0
