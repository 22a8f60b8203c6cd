"""The writer: columns go in as they are; what goes in twice is there once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from oddlot import errors
from oddlot.contracts.messages import Ticks
from oddlot.settings import Settings, load
from oddlot.store import client as clients
from oddlot.store.writer import Writer
from tests.fixtures_clickhouse import running_store, store_settings
from tests.store.messages import BAR, SPREAD, START_MS

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def writer(database: Settings) -> Iterator[Writer]:
    with Writer(database) as writer:
        yield writer


def ticks(symbol: str, ids: range) -> Ticks:
    numbers = np.array(ids, np.int64)
    return Ticks(
        symbol=symbol,
        source="replay",
        after_id=None,
        watermark_ms=START_MS,
        ids=numbers,
        event_ms=START_MS + numbers,
        price=65_000.1 + numbers,
        quantity=0.1 * (1 + numbers),
        is_buyer_maker=numbers % 3 == 0,
        trades=np.full(len(ids), 2, np.int32),
    )


def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with clients.connect(settings) as client:
        return list(client.query(sql).result_rows)


def test_every_column_of_ticks_arrives(writer: Writer, database: Settings) -> None:
    assert writer.insert_ticks([ticks("BTCUSDT", range(3)), ticks("ETHUSDT", range(5, 6))]) == 4

    assert rows(
        database,
        "SELECT symbol, id, event_ms, price, quantity, is_buyer_maker, trades, source "
        "FROM ticks FINAL ORDER BY symbol, id LIMIT 10",
    ) == [
        ("BTCUSDT", 0, START_MS, 65_000.1, 0.1, True, 2, "replay"),
        ("BTCUSDT", 1, START_MS + 1, 65_001.1, 0.2, False, 2, "replay"),
        ("BTCUSDT", 2, START_MS + 2, 65_002.1, 0.1 * 3, False, 2, "replay"),
        ("ETHUSDT", 5, START_MS + 5, 65_005.1, 0.1 * 6, False, 2, "replay"),
    ]


def test_ticks_inserted_again_however_cut_are_there_once(
    writer: Writer, database: Settings
) -> None:
    writer.insert_ticks([ticks("BTCUSDT", range(100))])
    writer.insert_ticks([ticks("BTCUSDT", range(40)), ticks("BTCUSDT", range(30, 120))])

    assert rows(database, "SELECT count(), uniqExact(id) FROM ticks FINAL") == [(120, 120)]


def test_watermarks_leave_no_row(writer: Writer, database: Settings) -> None:
    assert writer.insert_ticks([ticks("BTCUSDT", range(0))]) == 0
    assert writer.insert_ticks([]) == writer.insert_bars([]) == 0
    assert rows(database, "SELECT count() FROM ticks") == [(0,)]


def test_people_see_times(writer: Writer, database: Settings) -> None:
    writer.insert_bars([BAR])

    sql = "SELECT toUnixTimestamp64Milli(open_time), toTypeName(open_time) FROM bars LIMIT 1"
    assert rows(database, sql) == [(BAR.open_ms, "DateTime64(3, 'UTC')")]


def test_old_ticks_do_not_expire_as_they_arrive(writer: Writer, database: Settings) -> None:
    long_ago = ticks("BTCUSDT", range(3))
    writer.insert_ticks([replace(long_ago, event_ms=long_ago.event_ms - 400 * 86_400_000)])

    with clients.connect(database) as client:
        client.command("OPTIMIZE TABLE ticks FINAL")
    assert rows(database, "SELECT count() FROM ticks") == [(3,)]


def test_a_store_that_is_away_is_said_to_be(tmp_path: object) -> None:
    settings = store_settings(tmp_path)  # type: ignore[arg-type]

    with pytest.raises(errors.StoreUnavailable, match="oddlot up --only clickhouse"):
        Writer(settings)


def test_no_password_is_told() -> None:
    settings = load(clickhouse="http://me:secret@127.0.0.1:1/market")

    with pytest.raises(errors.StoreUnavailable) as raised:
        clients.connect(settings)
    assert "secret" not in str(raised.value)
    assert "ODDLOT_CLICKHOUSE" in str(raised.value)


def test_a_batch_refused_while_the_store_was_away_goes_in_afterwards(tmp_path: object) -> None:
    settings = store_settings(tmp_path)  # type: ignore[arg-type]
    with running_store(settings):
        writer = Writer(settings)
        writer.insert_spreads([SPREAD])
    with pytest.raises(errors.StoreUnavailable):
        writer.insert_spreads([SPREAD])

    with running_store(settings), writer:
        assert writer.insert_spreads([SPREAD, replace(SPREAD, z=None)]) == 2
        assert rows(settings, "SELECT z FROM spreads FINAL LIMIT 5") == [(None,)]


def test_a_table_that_is_not_ours_is_a_bug(writer: Writer, database: Settings) -> None:
    with clients.connect(database) as client:
        client.command("ALTER TABLE bars DROP COLUMN volume")

    with pytest.raises(DatabaseError):
        writer.insert_bars([BAR])
