"""Headlines in the store: one row each; chosen by source, symbol and words, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import fields, replace

import pytest

from oddlot import errors
from oddlot.contracts.messages import Headline
from oddlot.settings import Settings
from oddlot.store import schemas
from oddlot.store.headlines import MAX_WORDS, HeadlineSelection, headlines
from oddlot.store.reader import Reader
from oddlot.store.writer import Writer
from tests.fakes import MemoryReader

NOW_MS = 1_732_752_000_000
FIRST = Headline(
    source="wire",
    headline_id="h-0",
    title="Chip maker NVIDIA opens a plant",
    excerpt="In Österreich, near Graz; 100% of it.",
    url="https://news.example/0",
    symbols=("NVDA", "TSM"),
    published_ms=NOW_MS,
    seen_ms=NOW_MS + 5_000,
)
Holding = Callable[[Sequence[Headline]], Awaitable[Reader | MemoryReader]]


@pytest.fixture(params=["memory", pytest.param("store", marks=pytest.mark.clickhouse)])
async def holding(request: pytest.FixtureRequest) -> AsyncIterator[Holding]:
    """Give a reader over some headlines: the stand-in's, then the real one's."""
    readers: list[Reader] = []

    async def over(rows: Sequence[Headline]) -> Reader | MemoryReader:
        if request.param == "memory":
            return MemoryReader(*rows)
        database: Settings = request.getfixturevalue("database")
        with Writer(database) as writer:
            assert writer.insert_headlines(rows) == len(rows)
        readers.append(await Reader.connect(database))
        return readers[-1]

    yield over
    for reader in readers:
        await reader.close()


def some(count: int) -> list[Headline]:
    return [
        replace(
            FIRST,
            headline_id=f"h-{i}",
            source="wire" if i % 2 else "blog",
            title=f"News {i}",
            symbols=("AMD",) if i % 3 == 0 else (),
            published_ms=NOW_MS + i * 1_000,
        )
        for i in range(count)
    ]


async def numbers(
    reader: Reader | MemoryReader, wanted: HeadlineSelection, limit: int = 100
) -> list[int]:
    page = await reader.latest(wanted, limit=limit)
    return [int(row.headline_id[2:]) for row in page.rows]


async def test_every_field_comes_back(holding: Holding) -> None:
    reader = await holding([FIRST])
    assert (await reader.latest(headlines(), limit=10)).rows == [FIRST]


async def test_headlines_are_chosen_by_source_symbol_and_time(holding: Holding) -> None:
    reader = await holding(some(9))
    assert await numbers(reader, headlines()) == list(range(9))
    assert await numbers(reader, headlines(source="wire")) == [1, 3, 5, 7]
    assert await numbers(reader, headlines(symbol="AMD")) == [0, 3, 6]
    assert await numbers(reader, headlines(source="wire", symbol="AMD")) == [3]
    between = headlines(from_ms=NOW_MS + 2_000, to_ms=NOW_MS + 4_000)
    assert await numbers(reader, between) == [2, 3]
    assert await numbers(reader, headlines(), limit=2) == [7, 8]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("nvidia", True),
        ("PLANT chip", True),
        ("graz nvidia", True),
        ("österreich", True),
        ("100%", True),
        ("nvidia amd", False),
        ("100_", False),
        ("'; DROP TABLE headlines; --", False),
    ],
)
async def test_all_words_have_to_be_in_it_in_any_order_and_case(
    holding: Holding, text: str, is_found: bool
) -> None:
    reader = await holding([FIRST])
    assert await numbers(reader, headlines(text=text)) == [0] * is_found


async def test_pages_go_back_without_losing_those_of_the_same_moment(holding: Holding) -> None:
    together = [replace(each, published_ms=NOW_MS) for each in some(6)]
    reader = await holding([*together, replace(FIRST, headline_id="h-9", published_ms=NOW_MS + 1)])
    page = await reader.latest(headlines(), limit=3)
    assert len(page.rows) == 7
    assert page.next_to_ms is None or page.next_to_ms == NOW_MS


async def test_all_of_them_can_be_read_in_parts(holding: Holding) -> None:
    reader = await holding(some(25))
    found, from_ms = [], None
    while True:
        chunk = await reader.oldest(headlines(source="wire", from_ms=from_ms), limit=5)
        assert chunk.table.schema == schemas.HEADLINES
        found += chunk.table.column("headline_id").to_pylist()
        from_ms = chunk.next_from_ms
        if from_ms is None:
            break
    assert found == [f"h-{i}" for i in range(25) if i % 2]


def test_too_many_words_are_refused() -> None:
    with pytest.raises(errors.BadRequest, match="at most 8 words"):
        headlines(text=" ".join(f"w{i}" for i in range(MAX_WORDS + 1)))


@pytest.mark.clickhouse
async def test_what_is_inserted_twice_is_there_once(database: Settings) -> None:
    with Writer(database) as writer:
        writer.insert_headlines([FIRST])
        writer.insert_headlines([replace(FIRST, title="Corrected", seen_ms=FIRST.seen_ms + 1)])
        writer.insert_headlines([FIRST])
    reader = await Reader.connect(database)
    (row,) = (await reader.latest(headlines(), limit=10)).rows
    await reader.close()
    assert row.title == "Corrected"


def test_columns_are_the_contracts_fields() -> None:
    assert schemas.HEADLINES.names == [field.name for field in fields(Headline)]
