"""Made-up posts, scans and headlines -> example messages about what people write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from oddlot.contracts import topics
from oddlot.contracts.messages import Buzz, ForumScan, Headline, NewsSource, Post
from oddlot.contracts.topics import Topic

HOUR_MS = 3_600_000
HOUR = 1_732_752_000_000  # 2024-11-28 00:00:00 UTC
SEEN_MS = HOUR + 600_000


def examples() -> Iterator[tuple[Topic[Any], str, Any]]:
    """Give topic, name and message of each example."""
    yield from _posts()
    yield from _scans()
    yield (
        topics.HEADLINES,
        "of-a-symbol",
        Headline(
            source="example-wire",
            headline_id="a1b2c3",
            title="Chip maker NVIDIA (NVDA) opens a design centre",
            excerpt="The company said it would hire two hundred engineers.",
            url="https://news.example/2024/11/28/a1b2c3",
            symbols=("NVDA",),
            published_ms=HOUR + 120_000,
            seen_ms=SEEN_MS,
        ),
    )
    yield from _sources()
    yield topics.BUZZ, "first-hour", _buzz(baseline_days=0)
    yield topics.BUZZ, "burst", _buzz(baseline_days=30)


def _posts() -> Iterator[tuple[Topic[Any], str, Any]]:
    yield (
        topics.POSTS,
        "read-by-vader",
        Post(
            symbol="NVDA",
            forum="reddit",
            place="stocks",
            post_id="t3_1h1abcd",
            event_ms=HOUR + 300_000,
            mood="bullish",
            mood_by="vader",
            mood_score=0.6369,
            excerpt="I love what $NVDA is doing",
            url="https://www.reddit.com/r/stocks/comments/1h1abcd/",
            seen_ms=SEEN_MS,
        ),
    )
    yield (
        topics.POSTS,
        "tagged",
        Post(
            symbol="BTCUSDT",
            forum="stocktwits",
            place="BTC.X",
            post_id="591000001",
            event_ms=HOUR + 400_000,
            mood="bearish",
            mood_by="tag",
            mood_score=None,
            excerpt="$BTC.X not yet",
            url="",
            seen_ms=SEEN_MS,
        ),
    )


def _scans() -> Iterator[tuple[Topic[Any], str, Any]]:
    yield (
        topics.FORUM_SCANS,
        "read",
        ForumScan(
            forum="reddit",
            place="stocks",
            symbol=None,
            from_ms=HOUR,
            to_ms=SEEN_MS,
            posts=12,
            state="read",
            detail="",
            next_ms=SEEN_MS + 60_000,
            scanned_ms=SEEN_MS,
        ),
    )
    yield (
        topics.FORUM_SCANS,
        "unavailable",
        ForumScan(
            forum="stocktwits",
            place="BTC.X",
            symbol="BTCUSDT",
            from_ms=SEEN_MS,
            to_ms=SEEN_MS,
            posts=0,
            state="unavailable",
            detail="Stocktwits answered 403; it is asked again in 15 minutes",
            next_ms=SEEN_MS + 900_000,
            scanned_ms=SEEN_MS,
        ),
    )


def _sources() -> Iterator[tuple[Topic[Any], str, Any]]:
    read = NewsSource(
        source="example-wire",
        state="read",
        detail="",
        headlines=12,
        read_ms=SEEN_MS,
        next_ms=SEEN_MS + 300_000,
        sent_ms=SEEN_MS,
    )
    yield topics.NEWS_SOURCES, "read", read
    refused = replace(read, source="example-times", state="unavailable", headlines=0, read_ms=None)
    detail = "refuses us (HTTP 403); take it out of ODDLOT_NEWS_FEEDS, or try again later"
    yield topics.NEWS_SOURCES, "refused", replace(refused, detail=detail)


def _buzz(*, baseline_days: int) -> Buzz:
    is_known = baseline_days > 0
    return Buzz(
        symbol="NVDA",
        forum="all",
        hour_ms=HOUR,
        mentions=24,
        covered=0.5,
        baseline=4.0 if is_known else None,
        baseline_days=baseline_days,
        is_warm=is_known,
        expected=2.0 if is_known else None,
        z=11.0 if is_known else None,
        log_ratio=2.120263536200091 if is_known else None,
        multiple=12.0 if is_known else None,
        momentum=1.5 if is_known else None,
        rank=1 if is_known else None,
        bullish=9,
        bearish=3,
        first_seen_ms=HOUR - 29 * 24 * HOUR_MS if is_known else HOUR + 300_000,
        revision=3,
    )
