"""Seams: raw and adjusted prices in one history are found, crashes and bad prints are not."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from pathlib import Path

import pytest

from oddlot.contracts.messages import DailyClose
from producers.providers import histories
from producers.providers.adapter import Refusal
from producers.providers.seams import find_seam
from tests.producers.providers.closes import NOW_MS, closes, weekdays

RAW, ADJUSTED = [100.0, 101.0] * 30, [10.1, 10.0] * 30
USUAL, SPLIT = [1e6] * 60, [1e7] * 60


def test_rows_before_a_split_that_were_not_adjusted_are_found() -> None:
    seam = find_seam(closes([*RAW, *ADJUSTED], [*USUAL, *SPLIT]))
    assert seam is not None
    assert (seam.date, seam.factor) == (weekdays(60)[0], 10)
    assert str(seam) == f"a split of 10:1 on {seam.date} is in some rows and not in others"


def test_a_reverse_split_is_found() -> None:
    seam = find_seam(closes([*ADJUSTED, *RAW], [*SPLIT, *USUAL]))
    assert seam is not None
    assert str(seam).startswith("a split of 1:10 ")


def test_a_split_of_today_that_the_provider_has_not_applied_yet_is_found() -> None:
    assert find_seam(closes([*RAW, 50.2], [*USUAL, 2.2e6])) is not None


def test_a_crash_by_half_has_the_volume_of_a_crash() -> None:
    crashed = [100.0] * 60 + [50.0] * 60
    assert find_seam(closes(crashed, [*USUAL, 2e7, *[3e6] * 59])) is None
    assert find_seam(closes(crashed, [*USUAL, *[2e6] * 60])) is not None


@pytest.mark.parametrize("bad", [10.0, 1_000.0])
def test_a_single_bad_print_is_none(bad: float) -> None:
    assert find_seam(closes([100.0] * 60 + [bad] + [100.0] * 60)) is None


def test_a_slow_fall_is_none() -> None:
    assert find_seam(closes([100 * 0.97**day for day in range(120)])) is None


def test_without_volumes_the_prices_alone_decide() -> None:
    assert find_seam(closes([*RAW, *ADJUSTED], [None] * 120)) is not None


def test_a_history_with_a_seam_is_refused_saying_where() -> None:
    rows = closes([*RAW, *ADJUSTED], [*USUAL, *SPLIT])
    refused = histories.history(rows, venue="us", sessions=140, now_ms=NOW_MS)
    assert isinstance(refused, Refusal)
    assert (refused.kind, "10:1" in refused.reason) == ("seam", True)


@pytest.mark.real_data
def test_adjusted_closes_of_the_real_world_have_none(real_data: Path) -> None:
    """Five years of 40 names, crashes and bad prints among them."""
    series: dict[str, list[DailyClose]] = defaultdict(list)
    for group in ("semiconductors", "diversified_banks", "app_software", "regional_banks"):
        with gzip.open(real_data / f"equities/{group}.csv.gz", "rt") as lines:
            for row in csv.DictReader(lines):
                if price := histories.price(row["close"]):
                    traded = histories.volume(row["volume"])
                    series[row["Name"]] += closes([price], [traded], row["Name"])
    assert len(series) == 40
    assert {name: str(seam) for name, rows in series.items() if (seam := find_seam(rows))} == {}
