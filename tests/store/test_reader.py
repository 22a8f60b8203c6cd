"""The reader: the newest rows, oldest first, one a bar, equal to what was written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from oddlot import errors
from oddlot.contracts.messages import Alert, Bar, PairTest, Spread
from oddlot.settings import Settings
from oddlot.store import views
from oddlot.store.reader import MAX_ROWS, LastPrice, Reader
from oddlot.store.views import M, Selection
from oddlot.store.writer import Writer
from tests.fakes import MemoryReader
from tests.store.messages import ALERT, BAR, SPREAD, START_MS, TEST, bars

Rows = Sequence[Bar | Spread | PairTest | Alert]
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
            writer.insert_pair_tests([row for row in rows if isinstance(row, PairTest)])
            writer.insert_alerts([row for row in rows if isinstance(row, Alert)])
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


async def newest(
    reader: Reader | MemoryReader, selection: Selection[M], limit: int = 500
) -> list[M]:
    return (await reader.latest(selection, limit=limit)).rows


async def test_a_bar_comes_back_in_every_field(holding: Holding) -> None:
    reader = await holding([BAR])

    assert await newest(reader, views.bars("BTCUSDT", "1s"), 5) == [BAR]


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

    assert await newest(reader, views.spreads(SPREAD.pair, "1s"), 5) == [spread]


async def test_the_newest_come_oldest_first(holding: Holding) -> None:
    written = bars(range(1_000))
    reader = await holding(written[::-1])

    assert await newest(reader, views.bars("BTCUSDT", "1s"), 500) == written[-500:]


async def test_bounds_take_the_first_and_leave_the_last(holding: Holding) -> None:
    written = bars(range(100))
    reader = await holding(written)

    within = views.bars("BTCUSDT", "1s", START_MS + 10_000, START_MS + 20_000)
    found = await newest(reader, within, 500)
    assert found == written[10:20]


async def test_other_symbols_and_intervals_stay_out(holding: Holding) -> None:
    minutes = bars(range(10), interval="1m")
    reader = await holding(
        bars(range(10)) + minutes + bars(range(10), symbol="ETHUSDT", interval="1m")
    )

    assert await newest(reader, views.bars("BTCUSDT", "1m"), 500) == minutes
    assert await newest(reader, views.bars("XRPUSDT", "1m"), 500) == []


async def test_a_test_comes_back_in_every_field(holding: Holding) -> None:
    bare = replace(
        TEST,
        open_ms=START_MS + 60_000,
        eg_statistic=None,
        eg_p=None,
        eg_critical=(),
        adf_statistic=None,
        adf_p=None,
        adf_lags=None,
        adf_critical=(),
        half_life_bars=None,
        hurst=None,
        is_cointegrated=None,
    )
    reader = await holding([bare, TEST])

    assert await newest(reader, views.pair_tests(TEST.pair, "1s")) == [TEST, bare]


async def test_alerts_are_chosen_by_what_is_asked(holding: Holding) -> None:
    left = replace(ALERT, crossing="left", event_ms=START_MS + 1_000, hedge_ratio=None, spread=None)
    other = replace(ALERT, subject="A~B", interval="1m", event_ms=START_MS + 2_000)
    reader = await holding([other, left, ALERT])

    async def found(**where: str) -> list[Alert]:
        return await newest(reader, Selection(view=views.ALERTS, where=where))

    assert await found() == [ALERT, left, other]
    assert await found(subject=ALERT.subject) == [ALERT, left]
    assert await found(kind="spread", crossing="entered") == [ALERT, other]
    assert await found(interval="1m", crossing="left") == []


async def test_pages_back_give_every_row_once(holding: Holding) -> None:
    written = bars(range(25))
    reader = await holding(written)
    found: list[Bar] = []
    to_ms = None
    for _ in range(3):
        page = await reader.latest(views.bars("BTCUSDT", "1s", to_ms=to_ms), limit=10)
        found = page.rows + found
        to_ms = page.next_to_ms

    assert (found, to_ms) == (written, None)


@pytest.mark.parametrize(("limit", "is_more"), [(9, True), (10, False), (11, False)])
async def test_a_page_knows_whether_there_are_older_rows(
    holding: Holding, limit: int, is_more: bool
) -> None:
    written = bars(range(20))
    reader = await holding(written)

    for _ in range(2):  # the second time it looks where the first has found something
        within = views.bars("BTCUSDT", "1s", from_ms=written[10].open_ms)
        page = await reader.latest(within, limit=limit)
        assert (page.next_to_ms is not None) is is_more


async def test_alerts_of_the_same_time_stay_on_one_page(holding: Holding) -> None:
    written = [replace(ALERT, subject=f"A~B{i}", event_ms=START_MS + i // 3) for i in range(9)]
    reader = await holding(written)
    everything: Selection[Alert] = Selection(view=views.ALERTS, where={})

    page = await reader.latest(everything, limit=4)
    assert (len(page.rows), page.next_to_ms) == (6, START_MS + 1)
    rest = await reader.latest(replace(everything, to_ms=page.next_to_ms), limit=4)
    assert sorted(alert.subject for alert in page.rows + rest.rows) == [f"A~B{i}" for i in range(9)]


@pytest.mark.parametrize("limit", [1, 7, 10, 1_000])
async def test_chunks_give_every_row_once_and_exactly(holding: Holding, limit: int) -> None:
    written = bars(range(20))
    reader = await holding(written + bars(range(5), symbol="ETHUSDT"))
    found: list[dict[str, Any]] = []
    from_ms: int | None = START_MS
    while from_ms is not None:
        chunk = await reader.oldest(views.bars("BTCUSDT", "1s", from_ms=from_ms), limit=limit)
        assert chunk.table.schema == views.BARS.schema
        assert chunk.table.num_rows <= limit
        found += chunk.table.to_pylist()
        from_ms = chunk.next_from_ms

    assert found == [structs.asdict(bar) for bar in written]


async def test_a_chunk_of_nothing_has_its_columns(holding: Holding) -> None:
    reader = await holding([])

    chunk = await reader.oldest(views.pair_tests("A~B", "1s"), limit=10)
    assert (chunk.table.num_rows, chunk.next_from_ms) == (0, None)
    assert chunk.table.schema == views.PAIR_TESTS.schema


@pytest.mark.parametrize("limit", [1, 3, 4])
async def test_chunks_lose_no_alert_of_the_same_time(holding: Holding, limit: int) -> None:
    written = [replace(ALERT, subject=f"A~B{i}", event_ms=START_MS + i // 3) for i in range(9)]
    reader = await holding(written)
    everything: Selection[Alert] = Selection(view=views.ALERTS, where={})
    subjects: list[str] = []
    from_ms: int | None = START_MS
    while from_ms is not None:
        chunk = await reader.oldest(replace(everything, from_ms=from_ms), limit=limit)
        subjects += chunk.table["subject"].to_pylist()
        from_ms = chunk.next_from_ms

    assert sorted(subjects) == [alert.subject for alert in written]


async def test_closes_of_many_symbols_come_at_once(holding: Holding) -> None:
    reader = await holding(
        bars(range(10)) + bars(range(4), symbol="ETHUSDT") + bars(range(9), symbol="XRPUSDT")
    )

    table = await reader.closes(["BTCUSDT", "ETHUSDT"], "1s", count=100)
    rows = {(row["symbol"], row["open_ms"]): row["close"] for row in table.to_pylist()}
    assert len(rows) == table.num_rows == 14
    assert rows["ETHUSDT", START_MS + 3_000] == 3.5
    assert table["open_ms"].to_pylist() == sorted(table["open_ms"].to_pylist(), reverse=True)


@pytest.mark.clickhouse
async def test_closes_are_the_newest_and_revised_ones(writer: Writer, reader: Reader) -> None:
    writer.insert_bars(bars(range(1_000)))
    writer.insert_bars([structs.replace(BAR, open_ms=START_MS + 999_000, revision=1, close=7.0)])

    table = await reader.closes(["BTCUSDT", "ETHUSDT"], "1s", count=10)
    assert table["close"].to_pylist() == [7.0, *(i + 0.5 for i in range(998, 988, -1))]
    assert (await reader.closes(["NOPE"], "1m", count=10)).num_rows == 0


@pytest.mark.clickhouse
async def test_a_thinned_view_keeps_the_ends_and_the_extremes(
    writer: Writer, reader: Reader
) -> None:
    zs = {100: 9.0, 523: -8.0, 777: None}
    written = [
        replace(SPREAD, open_ms=START_MS + 1_000 * i, z=zs.get(i, (i % 7) / 10))
        for i in range(2_000)
    ]
    writer.insert_spreads(written[::-1])
    writer.insert_spreads(written[:500])  # again

    found = await reader.thinned(views.spreads(SPREAD.pair, "1s"), limit=60)
    assert 30 <= len(found) <= 60
    assert [row.open_ms for row in found] == sorted({row.open_ms for row in found})
    assert found[-1] == written[-1]
    assert {9.0, -8.0} <= {row.z for row in found}
    within = views.spreads(SPREAD.pair, "1s", START_MS + 5_000, START_MS + 25_000)
    assert await reader.thinned(within, limit=60) == written[5:25]
    assert await reader.thinned(views.spreads("A~B", "1s"), limit=60) == []


@pytest.mark.clickhouse
async def test_a_thinned_view_of_gathering_spreads_has_them(writer: Writer, reader: Reader) -> None:
    written = [replace(SPREAD, open_ms=START_MS + 1_000 * i, z=None) for i in range(500)]
    writer.insert_spreads(written)

    found = await reader.thinned(views.spreads(SPREAD.pair, "1s"), limit=30)
    assert found
    assert {row.open_ms for row in found} <= {row.open_ms for row in written}


@pytest.mark.clickhouse
async def test_the_highest_revision_is_the_bar(writer: Writer, reader: Reader) -> None:
    revised = structs.replace(BAR, revision=2, close=1.0)
    for bar in (BAR, revised, structs.replace(BAR, revision=1, close=2.0)):
        writer.insert_bars([bar])

    assert await newest(reader, views.bars("BTCUSDT", "1s"), 5) == [revised]


@pytest.mark.clickhouse
async def test_a_quiet_symbol_is_found_however_far_apart_its_bars(
    writer: Writer, reader: Reader
) -> None:
    written = bars(range(0, 1_000_000, 10_000))
    writer.insert_bars(written)

    for _ in range(2):  # the second time it looks where the first has found something
        assert await newest(reader, views.bars("BTCUSDT", "1s"), 50) == written[-50:]
        assert await newest(reader, views.bars("BTCUSDT", "1s"), 500) == written


@pytest.mark.clickhouse
async def test_what_was_seen_before_hides_neither_newer_nor_older_bars(
    writer: Writer, reader: Reader
) -> None:
    written = bars(range(2_000))
    writer.insert_bars(written[:1_000])
    await newest(reader, views.bars("BTCUSDT", "1s"), 10)
    writer.insert_bars(written[1_000:])

    assert await newest(reader, views.bars("BTCUSDT", "1s"), 10) == written[-10:]
    early_ms = written[20].open_ms
    assert await newest(reader, views.bars("BTCUSDT", "1s", to_ms=early_ms), 10) == written[10:20]
    assert await newest(reader, views.bars("BTCUSDT", "1s", to_ms=early_ms), 500) == written[:20]


@pytest.mark.clickhouse
async def test_months_do_not_hide_each_other(writer: Writer, reader: Reader) -> None:
    day_ms = 86_400_000
    written = [
        structs.replace(BAR, open_ms=START_MS + day * day_ms, interval="5m") for day in range(70)
    ]
    writer.insert_bars(written)
    writer.insert_bars(written)

    assert await newest(reader, views.bars("BTCUSDT", "5m"), 500) == written


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

    asked = (newest(reader, views.bars("BTCUSDT", "1s"), 100) for _ in range(50))
    assert await asyncio.gather(*asked) == [written] * 50


@pytest.mark.clickhouse
async def test_a_name_is_never_sql(writer: Writer, reader: Reader) -> None:
    writer.insert_bars([BAR])

    assert await newest(reader, views.bars("' OR 1 = 1 --", "1s"), 5) == []


@pytest.mark.clickhouse
@pytest.mark.parametrize("limit", [0, -1, MAX_ROWS + 1])
async def test_a_limit_out_of_bounds_is_refused(reader: Reader, limit: int) -> None:
    with pytest.raises(errors.BadRequest, match=str(MAX_ROWS)):
        await newest(reader, views.bars("BTCUSDT", "1s"), limit)


@pytest.mark.clickhouse
async def test_a_ping_is_answered(reader: Reader) -> None:
    await reader.ping()
