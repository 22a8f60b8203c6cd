"""Recordings of forums -> texts and bodies."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

from oddlot import peer_groups
from tests.conftest import ROOT


def submissions(real_data: Path) -> list[str]:
    """Give title and text of every submission of r/wallstreetbets on 2020-12-01."""
    path = real_data / "social" / "wallstreetbets_submissions_2020-12-01.slim.ndjson.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [f"{row['title']} {row['selftext'] or ''}" for row in rows]


def daily_counts(real_data: Path) -> list[dict[str, str]]:
    """Give somebody else's mentions a day and symbol; what they counted twice, once."""
    path = real_data / "social" / "ticker_df_daily_mentions.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = {(row["date"], row["ticker"]): row for row in csv.DictReader(lines)}
    return list(rows.values())


def listing(real_data: Path, name: str) -> dict[str, Any]:
    """Give a recorded answer of Reddit: request, status, headers, and its body as bytes."""
    with gzip.open(real_data / "social" / name) as file:
        recorded: dict[str, Any] = json.load(file)
    recorded["body"] = recorded["body"].encode()
    return recorded


def members() -> list[tuple[str, str]]:
    """Give symbols and names of all peer groups."""
    groups = peer_groups.load(ROOT / "peer_groups")
    return [(member.symbol, member.name) for group in groups for member in group.members]
