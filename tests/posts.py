"""Posts, scans of forums and buzz for tests: the examples, and short ways to vary them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oddlot.contracts import topics
from oddlot.contracts.messages import Buzz, ForumScan, Post
from tests.example_messages import EXAMPLES


def _example(topic: topics.Topic[Any], name: str) -> Any:
    return topic.codec.decode((EXAMPLES / topic.name / f"{name}.json").read_bytes())


BUZZ: Buzz = _example(topics.BUZZ, "burst")
SCAN: ForumScan = _example(topics.FORUM_SCANS, "read")
POST: Post = _example(topics.POSTS, "read-by-vader")
HOUR = BUZZ.hour_ms


def mention(minute: int = 0, **changed: Any) -> Post:
    """Make a mention of NVDA, so many minutes after the hour of the examples began."""
    return replace(POST, **{"event_ms": HOUR + minute * 60_000, **changed})


def buzz(symbol: str = "NVDA", hours: int = 0, **changed: Any) -> Buzz:
    """Make an hour of buzz, so many hours from that of the examples."""
    hour_ms = HOUR + hours * topics.HOUR_MS
    return replace(BUZZ, **{"symbol": symbol, "hour_ms": hour_ms, **changed})
