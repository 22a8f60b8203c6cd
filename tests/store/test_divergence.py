"""Scans in the store: one row a group and bar, and who diverged as rows of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import msgspec
import pytest

from oddlot.contracts import topics
from oddlot.contracts.messages import Divergence
from oddlot.settings import Settings
from oddlot.store import client as clients
from oddlot.store.writer import Writer
from tests.example_messages import EXAMPLES

pytestmark = pytest.mark.clickhouse

SCAN = topics.DIVERGENCE.codec.decode(
    (EXAMPLES / topics.DIVERGENCE.name / "diverger.json").read_bytes()
)


@pytest.fixture
def writer(database: Settings) -> Iterator[Writer]:
    with Writer(database) as writer:
        yield writer


def rows(database: Settings, statement: str) -> list[dict[str, Any]]:
    with clients.connect(database) as client:
        return list(client.query(statement).named_results())


def test_a_scan_comes_back_whole(database: Settings, writer: Writer) -> None:
    assert writer.insert_divergence([SCAN]) == 1
    (row,) = rows(database, "SELECT * FROM divergence FINAL LIMIT 10")
    crossed = [name for name in row if name.startswith("crossed.")]
    for name in crossed:
        del row[name]
    row |= {name: json.loads(row[name]) for name in ("windows", "members")}
    assert msgspec.convert(row, Divergence) == SCAN


def test_of_one_bar_the_last_computed_scan_stays_and_with_it_its_divergers(
    database: Settings, writer: Writer
) -> None:
    later = replace(SCAN, computed_ms=SCAN.computed_ms + 1, members=SCAN.members[:2], divergers=())
    writer.insert_divergence([later])
    writer.insert_divergence([SCAN])  # the sink went back
    (row,) = rows(database, "SELECT * FROM divergence FINAL LIMIT 10")
    assert row["divergers"] == []
    assert rows(database, "SELECT * FROM divergers LIMIT 10") == []


def test_whoever_crosses_is_a_row_of_the_history(database: Settings, writer: Writer) -> None:
    writer.insert_divergence([SCAN])
    found = rows(database, "SELECT * FROM divergers WHERE group = 'airlines' LIMIT 10")
    crossing = [m for m in SCAN.members if m.verdict not in {"in line", "unscored"}]
    assert [row["symbol"] for row in found] == [member.symbol for member in crossing]
    (best,) = [asdict(w) for w in crossing[0].windows if w.window == crossing[0].window]
    told = ("window", "z", "own_return", "others_return")
    assert {name: found[0][name] for name in told} == {name: best[name] for name in told}
    assert found[0]["label"] == crossing[0].label


def test_nobody_is_nothing(writer: Writer) -> None:
    assert writer.insert_divergence([]) == 0
