"""Migrations: once each, in order, by whoever comes first, and never changed afterwards."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace

import pytest

from oddlot import errors
from oddlot.contracts.messages import Alert, Bar, PairTest, Spread, Ticks, names_of
from oddlot.settings import Settings
from oddlot.store import client as clients
from oddlot.store import migrations, writer
from tests.fixtures_clickhouse import store_env

# Columns for people and for the engine, beside those of the contract.
OWN = {"event_time", "open_time", "stored_at"}


def numbers_recorded(settings: Settings) -> list[int]:
    with clients.connect(settings) as client:
        found = client.query("SELECT number FROM migrations ORDER BY number LIMIT 100")
        return [row[0] for row in found.result_rows]


def columns_of(settings: Settings, table: str) -> dict[str, str]:
    with clients.connect(settings) as client:
        found = client.query(
            "SELECT name, type FROM system.columns "
            "WHERE database = currentDatabase() AND table = {table:String} LIMIT 100",
            parameters={"table": table},
        )
        return dict(found.result_rows)


def test_files_are_numbered_without_a_hole() -> None:
    found = migrations.find()

    assert [m.number for m in found] == list(range(len(found)))
    assert all(m.statements for m in found)


@pytest.mark.clickhouse
def test_each_is_applied_once(database: Settings) -> None:
    every = [m.number for m in migrations.find()][1:]

    assert migrations.apply(database) == every
    assert migrations.apply(database) == []
    assert numbers_recorded(database) == every


@pytest.mark.clickhouse
def test_processes_that_start_together_do_not_disturb_each_other(database: Settings) -> None:
    program = "from oddlot import settings; from oddlot.store import migrations as m;"
    command = [sys.executable, "-c", program + "m.apply(settings.load())"]
    processes = [subprocess.Popen(command, env=store_env(database)) for _ in range(3)]

    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert migrations.apply(database) == []


@pytest.mark.clickhouse
def test_a_changed_migration_is_refused_by_name(database: Settings) -> None:
    first, *others, last = migrations.find()
    migrations.apply(database, [first, *others, last])

    with pytest.raises(errors.Refused, match=f"{last.number:04d}"):
        migrations.apply(database, [first, *others, replace(last, checksum="0" * 64)])


@pytest.mark.clickhouse
def test_one_that_died_half_way_is_applied_again(database: Settings) -> None:
    others = migrations.find()[1:]
    with clients.connect(database, database="default") as client:
        client.command(f"CREATE DATABASE {clients.database_of(database)}")
    with clients.connect(database) as client:
        client.command(others[0].statements[0])  # done, but not recorded

    assert migrations.apply(database) == [m.number for m in others]


@pytest.mark.clickhouse
@pytest.mark.parametrize(
    ("table", "message", "schema"),
    [
        ("bars", Bar, writer.BARS),
        ("spreads", Spread, writer.SPREADS),
        ("pair_tests", PairTest, writer.PAIR_TESTS),
        ("alerts", Alert, writer.ALERTS),
    ],
)
def test_columns_are_the_contracts_fields(
    database: Settings, table: str, message: type, schema: object
) -> None:
    migrations.apply(database)
    named = [*names_of(message)]

    assert [name for name in columns_of(database, table) if name not in OWN] == named
    assert schema.names == named


@pytest.mark.clickhouse
@pytest.mark.parametrize(
    ("table", "message"), [("spreads", Spread), ("pair_tests", PairTest), ("alerts", Alert)]
)
def test_what_may_be_missing_may_be_null(database: Settings, table: str, message: type) -> None:
    migrations.apply(database)
    types = columns_of(database, table)

    for field in fields(message):
        assert ("None" in str(field.type)) == types[field.name].startswith("Nullable("), field.name


@pytest.mark.clickhouse
def test_columns_of_ticks_are_the_contracts(database: Settings) -> None:
    migrations.apply(database)
    of_a_batch = {"after_id", "watermark_ms", "ids"}  # not of a row
    named = {field.name for field in fields(Ticks)} - of_a_batch | {"id"}

    assert columns_of(database, "ticks").keys() - OWN == named
    assert set(writer.TICKS.names) == named
