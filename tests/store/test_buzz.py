"""Posts, scans of forums and buzz in the store: one row each, however often they are inserted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import pytest

from oddlot.contracts import topics
from oddlot.contracts.topics import Topic
from oddlot.settings import Settings
from oddlot.store import client as clients
from oddlot.store import migrations, schemas
from oddlot.store.writer import Writer
from tests.example_messages import EXAMPLES

pytestmark = pytest.mark.clickhouse

OWN = {"event_time", "open_time", "stored_at"}  # columns for people and for the engine


@dataclass(frozen=True)
class Kept:
    """A table, what it is filled from, and what gives which row stays."""

    table: str
    topic: Topic[Any]
    insert: Callable[[Writer, list[Any]], int]
    schema: Any


KEPT = [
    Kept("posts", topics.POSTS, Writer.insert_posts, schemas.POSTS),
    Kept("forum_scans", topics.FORUM_SCANS, Writer.insert_forum_scans, schemas.FORUM_SCANS),
    Kept("buzz", topics.BUZZ, Writer.insert_buzz, schemas.BUZZ),
]
every_table = pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.table)


@pytest.fixture
def writer(database: Settings) -> Iterator[Writer]:
    with Writer(database) as writer:
        yield writer


def examples(topic: Topic[Any]) -> list[Any]:
    found = sorted((EXAMPLES / topic.name).glob("*.json"))
    return [topic.codec.decode(path.read_bytes()) for path in found]


def rows(database: Settings, statement: str) -> list[dict[str, Any]]:
    with clients.connect(database) as client:
        return list(client.query(statement).named_results())


@every_table
def test_every_field_comes_back(database: Settings, writer: Writer, kept: Kept) -> None:
    for example in examples(kept.topic):
        with clients.connect(database) as client:
            client.command(f"TRUNCATE TABLE {kept.table}")
        assert kept.insert(writer, [example]) == 1
        (row,) = rows(database, f"SELECT * FROM {kept.table} FINAL LIMIT 10")
        assert {name: row[name] for name in row if name not in OWN} == asdict(example)


@every_table
def test_columns_are_the_contracts_fields(database: Settings, kept: Kept) -> None:
    migrations.apply(database)
    columns = rows(
        database,
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() "
        f"AND table = '{kept.table}' LIMIT 100",
    )
    types = {row["name"]: row["type"] for row in columns if row["name"] not in OWN}

    assert [*types] == kept.schema.names == [field.name for field in fields(kept.topic.kind)]
    for field in fields(kept.topic.kind):
        assert ("None" in str(field.type)) == ("Nullable(" in types[field.name]), field.name


@every_table
def test_what_is_inserted_twice_is_there_once(
    database: Settings, writer: Writer, kept: Kept
) -> None:
    example = examples(kept.topic)[0]
    for batch in ([example], [example, example]):
        kept.insert(writer, batch)
    assert kept.insert(writer, []) == 0
    assert len(rows(database, f"SELECT 1 FROM {kept.table} FINAL LIMIT 10")) == 1


def test_of_an_hour_of_buzz_the_highest_revision_stays(database: Settings, writer: Writer) -> None:
    hour = examples(topics.BUZZ)[0]
    writer.insert_buzz([replace(hour, revision=hour.revision + 1, mentions=hour.mentions + 5)])
    writer.insert_buzz([hour])  # the sink went back
    (row,) = rows(database, "SELECT mentions FROM buzz FINAL LIMIT 10")
    assert row["mentions"] == hour.mentions + 5


def test_a_post_that_names_two_symbols_is_a_row_of_each(database: Settings, writer: Writer) -> None:
    post = examples(topics.POSTS)[0]
    other = replace(post, symbol="AMD")
    writer.insert_posts([post, other, replace(post, seen_ms=post.seen_ms + 1)])
    found = rows(database, "SELECT symbol FROM posts FINAL ORDER BY symbol LIMIT 10")
    assert [row["symbol"] for row in found] == sorted(["AMD", post.symbol])
