"""A made-up crowd at a fixed time, and its forums."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox import posts
from sandbox.posts import DAY_MS, Crowd, Post

NOON_MS = 1_738_756_800_000  # Wednesday 2025-02-05, 12:00 UTC
TODAY = NOON_MS // DAY_MS
SYMBOLS = ("NVDA", "TSLA", "AMD", "ALL", "F", "PLTR", "BTCUSDT", "ETHUSDT", "1000PEPEUSDT")
AGENT = {"user-agent": "oddlot-tests/1.0"}
WHOLE_MONTH = dt.timedelta(days=30)


def crowd(*, seed: int = 1, moved: Mapping[int, Sequence[str]] | None = None) -> Crowd:
    return Crowd(SYMBOLS, seed=seed, moves=lambda _day: moved or {})


def subreddit(people: Crowd, name: str, now_ms: int = NOON_MS) -> list[Post]:
    return [*people.newest(posts.place_of_subreddit(name), now_ms)]


def stream(people: Crowd, symbol: str, now_ms: int = NOON_MS) -> list[Post]:
    return [*people.newest(posts.place_of_stream(symbol), now_ms)]


def falls(numbers: Sequence[int]) -> bool:
    return all(a > b for a, b in itertools.pairwise(numbers))


def titles(listing: dict[str, Any]) -> list[str]:
    return [child["data"]["title"] for child in listing["data"]["children"]]
