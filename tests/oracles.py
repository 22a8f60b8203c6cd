"""Bars computed elsewhere in exact decimals, and what it means to agree with them."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from oddlot.contracts.messages import Bar


def oracle(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as lines:
        return list(csv.DictReader(lines))


def assert_agrees(bar: Bar, row: dict[str, str]) -> None:
    assert (bar.open_ms, bar.trades) == (int(row["open_time_ms"]), int(row["trades"]))
    assert (bar.first_id, bar.last_id) == (int(row["first_trade_id"]), int(row["last_trade_id"]))
    for name in ("open", "high", "low", "close"):
        assert getattr(bar, name) == float(row[name])
    for name in ("volume", "quote_volume", "taker_buy_volume"):
        assert getattr(bar, name) == pytest.approx(float(row[name]), rel=1e-9)
