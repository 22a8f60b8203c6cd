"""The reader: the newest rows, oldest first, one a bar, equal to what was written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from oddlot import errors
from oddlot.contracts.messages import Bar, Spread
from oddlot.settings import Settings
from oddlot.store.reader import MAX_ROWS, LastPrice, Reader
from oddlot.store.writer import Writer
from tests.fakes import MemoryReader
from tests.store.messages import BAR, SPREAD, START_MS, bars

Rows = Sequence[Bar | Spread]
Holding = Callable[[Rows], Awaitable[Reader | MemoryReader]]


@pytest.fixture(params=["memory", pytest.param("store", marks=pytest.mark.clickhouse)])
async def holding(request: pytest.FixtureRequest) -> AsyncIterator[Holding]:
    """Give a reader over some rows: the stand-in's, then the real one's."""
    readers: list[Reader] = []

    async def over(rows: Rows) -> Reader | MemoryReader:
        if request.param == "memory":
            return MemoryReader(*rows)
        database: Settings = request.getfixturevalue("database")
        with Writer(database) as writer:
            writer.insert_bars([row for row in rows if isinstance(row, Bar)])
            writer.insert_spreads([row for row in rows if isinstance(row, Spread)])
        readers.append(await Reader.connect(database))
        return readers[-1]

    yield over
    for reader in readers:
        await reader.close()


@pytest.fixture
def writer(database: Settings) -> Iterator[Writer]:
    with Writer(database) as writer:
        yield writer


@pytest.fixture
async def reader(database: Settings) -> AsyncIterator[Reader]:
    reader = await Reader.connect(database)
    yield reader
    await reader.close()


async def test_a_bar_comes_back_in_every_field(holding: Holding) -> None:
    reader = await holding([BAR])

    assert await reader.latest_bars("BTCUSDT", interval="1s", limit=5) == [BAR]


@pytest.mark.parametrize(
    "spread",
    [
        SPREAD,
        replace(
            SPREAD,
            hedge_ratio=None,
            intercept=None,
            r_squared=None,
            spread=None,
            z=None,
            correlation=None,
            warm=False,
            stale=True,
            prices="log",
        ),
    ],
)
async def test_a_spread_comes_back_in_every_field(holding: Holding, spread: Spread) -> None:
    reader = await holding([spread])

    assert await reader.latest_spreads(SPREAD.pair, interval="1s", limit=5) == [spread]


async def test_the_newest_come_oldest_first(holding: Holding) -> None:
    written = bars(range(1_000))
    reader = await holding(written[::-1])

    assert await reader.latest_bars("BTCUSDT", interval="1s", limit=500) == written[-500:]


async def test_bounds_take_the_first_and_leave_the_last(holding: Holding) -> None:
    written = bars(range(100))
    reader = await holding(written)

    found = await reader.latest_bars(
        "BTCUSDT", interval="1s", from_ms=START_MS + 10_000, to_ms=START_MS + 20_000, limit=500
    )
    assert found == written[10:20]


async def test_other_symbols_and_intervals_stay_out(holding: Holding) -> None:
    minutes = bars(range(10), interval="1m")
    reader = await holding(
        bars(range(10)) + minutes + bars(range(10), symbol="ETHUSDT", interval="1m")
    )

    assert await reader.latest_bars("BTCUSDT", interval="1m", limit=500) == minutes
    assert await reader.latest_bars("XRPUSDT", interval="1m", limit=500) == []


@pytest.mark.clickhouse
async def test_the_highest_revision_is_the_bar(writer: Writer, reader: Reader) -> None:
    revised = replace(BAR, revision=2, close=1.0)
    for bar in (BAR, revised, replace(BAR, revision=1, close=2.0)):
        writer.insert_bars([bar])

    assert await reader.latest_bars("BTCUSDT", interval="1s", limit=5) == [revised]


@pytest.mark.clickhouse
async def test_a_quiet_symbol_is_found_however_far_apart_its_bars(
    writer: Writer, reader: Reader
) -> None:
    written = bars(range(0, 1_000_000, 10_000))
    writer.insert_bars(written)

    for _ in range(2):  # the second time it looks where the first has found something
        assert await reader.latest_bars("BTCUSDT", interval="1s", limit=50) == written[-50:]
        assert await reader.latest_bars("BTCUSDT", interval="1s", limit=500) == written


@pytest.mark.clickhouse
async def test_what_was_seen_before_hides_neither_newer_nor_older_bars(
    writer: Writer, reader: Reader
) -> None:
    written = bars(range(2_000))
    writer.insert_bars(written[:1_000])
    await reader.latest_bars("BTCUSDT", interval="1s", limit=10)
    writer.insert_bars(written[1_000:])

    assert await reader.latest_bars("BTCUSDT", interval="1s", limit=10) == written[-10:]
    early_ms = written[20].open_ms
    assert (
        await reader.latest_bars("BTCUSDT", interval="1s", to_ms=early_ms, limit=10)
        == written[10:20]
    )
    assert (
        await reader.latest_bars("BTCUSDT", interval="1s", to_ms=early_ms, limit=500)
        == written[:20]
    )


@pytest.mark.clickhouse
async def test_months_do_not_hide_each_other(writer: Writer, reader: Reader) -> None:
    day_ms = 86_400_000
    written = [replace(BAR, open_ms=START_MS + day * day_ms, interval="5m") for day in range(70)]
    writer.insert_bars(written)
    writer.insert_bars(written)

    assert await reader.latest_bars("BTCUSDT", interval="5m", limit=500) == written


async def test_last_prices_are_those_of_the_newest_bars(holding: Holding) -> None:
    reader = await holding(bars(range(10)) + bars(range(5), symbol="ETHUSDT"))

    assert await reader.last_prices(["BTCUSDT", "ETHUSDT", "XRPUSDT"]) == {
        "BTCUSDT": LastPrice(symbol="BTCUSDT", open_ms=START_MS + 9_000, close=9.5),
        "ETHUSDT": LastPrice(symbol="ETHUSDT", open_ms=START_MS + 4_000, close=4.5),
    }


@pytest.mark.clickhouse
async def test_many_views_at_a_time(writer: Writer, reader: Reader) -> None:
    written = bars(range(100))
    writer.insert_bars(written)

    views = (reader.latest_bars("BTCUSDT", interval="1s", limit=100) for _ in range(50))
    assert await asyncio.gather(*views) == [written] * 50


@pytest.mark.clickhouse
async def test_a_name_is_never_sql(writer: Writer, reader: Reader) -> None:
    writer.insert_bars([BAR])

    assert await reader.latest_bars("' OR 1 = 1 --", interval="1s", limit=5) == []


@pytest.mark.clickhouse
@pytest.mark.parametrize("limit", [0, -1, MAX_ROWS + 1])
async def test_a_limit_out_of_bounds_is_refused(reader: Reader, limit: int) -> None:
    with pytest.raises(errors.BadRequest, match=str(MAX_ROWS)):
        await reader.latest_bars("BTCUSDT", interval="1s", limit=limit)


@pytest.mark.clickhouse
async def test_a_ping_is_answered(reader: Reader) -> None:
    await reader.ping()
