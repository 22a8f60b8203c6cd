"""Daily closes in the store: one row a session, histories from one fetch."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from oddlot import errors
from oddlot.contracts.messages import DailyClose
from oddlot.settings import Settings
from oddlot.store import closes as reading
from oddlot.store.closes import ClosesReader
from oddlot.store.writer import Writer

pytestmark = pytest.mark.clickhouse

FIRST = DailyClose(
    symbol="NVDA",
    date=dt.date(2024, 6, 6),
    open=1_200.0,
    high=None,
    low=1_190.1,
    close=1_209.98,
    volume=None,
    adjusted_close=120.998,
    provider="marketstack",
    fetched_ms=1_700_000_000_000,
    currency="USD",
    exchange="XNAS",
)


@pytest.fixture
def writer(database: Settings) -> Iterator[Writer]:
    with Writer(database) as writer:
        yield writer


@pytest.fixture
async def reader(database: Settings) -> AsyncIterator[ClosesReader]:
    reader = await ClosesReader.connect(database)
    yield reader
    await reader.close()


def days(count: int, **changed: object) -> list[DailyClose]:
    first = replace(FIRST, **changed)  # type: ignore[arg-type]  # fields by name
    return [replace(first, date=first.date + dt.timedelta(days=i)) for i in range(count)]


async def test_every_column_comes_back(writer: Writer, reader: ClosesReader) -> None:
    assert writer.insert_closes([FIRST]) == 1
    assert await reader.latest_closes(["NVDA"], sessions=10) == {"NVDA": [FIRST]}


async def test_what_is_inserted_twice_is_there_once(writer: Writer, reader: ClosesReader) -> None:
    for _ in range(2):
        writer.insert_closes(days(3))
    assert (await reader.latest_closes(["NVDA"], sessions=10))["NVDA"] == days(3)


async def test_the_newest_sessions_come_oldest_first_for_each_symbol(
    writer: Writer, reader: ClosesReader
) -> None:
    writer.insert_closes([*days(5), *days(3, symbol="AMD")])
    found = await reader.latest_closes(["NVDA", "AMD", "NONE"], sessions=2)
    assert found == {"NVDA": days(5)[3:], "AMD": days(3, symbol="AMD")[1:]}


async def test_a_history_is_never_put_together_from_two_fetches(
    writer: Writer, reader: ClosesReader
) -> None:
    """A split since the earlier one would be a seam."""
    writer.insert_closes(days(5))
    later = [replace(close, fetched_ms=FIRST.fetched_ms + 1) for close in days(7)[3:]]
    writer.insert_closes(later)
    assert (await reader.latest_closes(["NVDA"], sessions=10))["NVDA"] == later


async def test_what_was_fetched_before_does_not_come_back(
    writer: Writer, reader: ClosesReader
) -> None:
    newer = replace(FIRST, close=1.0, fetched_ms=FIRST.fetched_ms + 1)
    writer.insert_closes([newer])
    writer.insert_closes([FIRST])  # the sink went back
    assert (await reader.latest_closes(["NVDA"], sessions=10))["NVDA"] == [newer]


async def test_scans_get_adjusted_closes_alone_of_the_same_fetch(
    writer: Writer, reader: ClosesReader
) -> None:
    writer.insert_closes([*days(5), *days(3, symbol="AMD", adjusted_close=2.5)])
    newer = [replace(close, fetched_ms=FIRST.fetched_ms + 1) for close in days(7)[2:]]
    writer.insert_closes(newer)
    found = await reader.adjusted_closes(["NVDA", "AMD", "NONE"], sessions=4)
    assert set(found) == {"NVDA", "AMD"}
    assert found["AMD"].closes == [2.5] * 3
    dates = [dt.datetime.fromtimestamp(ms / 1_000, dt.UTC).date() for ms in found["NVDA"].open_ms]
    assert dates == [close.date for close in newer[-4:]]
    assert found["NVDA"].fetched_ms == FIRST.fetched_ms + 1


async def test_too_much_is_refused(reader: ClosesReader) -> None:
    with pytest.raises(errors.BadRequest, match="symbols"):
        await reader.latest_closes(["A"] * (reading.MAX_SYMBOLS + 1), sessions=1)
    with pytest.raises(errors.BadRequest, match="sessions"):
        await reader.latest_closes(["A"], sessions=0)
