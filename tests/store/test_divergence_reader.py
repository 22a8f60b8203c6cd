"""What the API reads of scans: the last one of every group, and who diverged before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from oddlot import errors
from oddlot.contracts import topics
from oddlot.settings import Settings
from oddlot.store.divergence_reader import MAX_DIVERGERS, DivergenceReader
from oddlot.store.writer import Writer
from tests.api.scans import DIVERGER, EXAMPLE, GROUP

pytestmark = pytest.mark.clickhouse

DAY_MS = topics.DAY_MS
NEWER = replace(EXAMPLE, open_ms=EXAMPLE.open_ms + DAY_MS, scan="scan-1", pending=2)
OTHER = replace(EXAMPLE, group="steel")
LIVE = replace(EXAMPLE, interval="1m")


@pytest.fixture
def writer(database: Settings) -> Iterator[Writer]:
    with Writer(database) as writer:
        yield writer


@pytest.fixture
async def reader(database: Settings) -> AsyncIterator[DivergenceReader]:
    reader = await DivergenceReader.connect(database)
    yield reader
    await reader.close()


async def test_the_last_scan_of_every_group_and_interval_comes_back_whole(
    writer: Writer, reader: DivergenceReader
) -> None:
    assert await reader.latest() == []
    writer.insert_divergence([EXAMPLE, OTHER, LIVE])
    writer.insert_divergence([NEWER])
    found = await reader.latest()
    assert len(found) == 3
    assert all(scan in found for scan in (NEWER, OTHER, LIVE))


async def test_of_one_bar_the_last_result_counts(writer: Writer, reader: DivergenceReader) -> None:
    again = replace(EXAMPLE, computed_ms=EXAMPLE.computed_ms + 1, divergers=(), members=())
    for scan in (again, EXAMPLE):
        writer.insert_divergence([scan])
    assert await reader.latest() == [again]
    assert await reader.divergers(GROUP, "1d", limit=10) == []


async def test_divergers_come_newest_first_of_one_group_and_interval(
    writer: Writer, reader: DivergenceReader
) -> None:
    writer.insert_divergence([EXAMPLE, NEWER, OTHER, LIVE])
    found = await reader.divergers(GROUP, "1d", limit=10)
    assert [(each.open_ms, each.symbol) for each in found] == [
        (NEWER.open_ms, DIVERGER),
        (EXAMPLE.open_ms, DIVERGER),
    ]
    member = next(m for m in EXAMPLE.members if m.symbol == DIVERGER)
    assert (found[0].z, found[0].window, found[0].label) == (member.z, member.window, member.label)
    assert len(await reader.divergers(GROUP, "1d", limit=1)) == 1


async def test_divergers_have_a_limit(reader: DivergenceReader) -> None:
    for limit in (0, MAX_DIVERGERS + 1):
        with pytest.raises(errors.BadRequest, match="limit: expected 1 to"):
            await reader.divergers(GROUP, "1d", limit=limit)
