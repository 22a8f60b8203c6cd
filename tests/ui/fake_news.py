"""Headlines and their sources as the API gives them, some of them hostile."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from fastapi import APIRouter, Request

MINUTE_MS = 60_000
HOSTILE = '<img src=x onerror="window.hacked=1"> NVIDIA & <script>window.hacked=1</script>'
COUNT = 160  # more than one page
PLANS = ("opens a design centre", "raises its outlook", "cuts its outlook", "buys back shares")
NAMED = {"NVDA": "NVIDIA", "AMD": "Advanced Micro Devices", "BTCUSDT": "Bitcoin", "JPM": "JPMorgan"}


class News:
    """What has been said until now; `say` says more."""

    def __init__(self) -> None:
        self.now_ms = int(time.time() * 1_000)
        self.outbox: deque[tuple[str, dict[str, Any]]] = deque()
        self.headlines = [self._made(number) for number in range(COUNT)]
        self.headlines.append(self.hostile())
        self.sources = {state["source"]: state for state in self._states()}
        self.router = APIRouter()
        self.router.add_api_route("/headlines", self._headlines)

    def say(self, title: str, **changed: Any) -> None:
        """Have the next beat publish a headline."""
        now_ms = int(time.time() * 1_000)
        said = headline(title, headline_id=f"live-{title}", published_ms=now_ms, **changed)
        self.headlines.append(said)
        self.outbox.append(("headlines", said))

    def tell(self, source: str, **changed: Any) -> None:
        """Have the next beat publish another state of a source."""
        sent_ms = int(time.time() * 1_000)
        self.sources[source] = {**self.sources[source], "sent_ms": sent_ms, **changed}
        self.outbox.append(("news-sources", self.sources[source]))

    def hostile(self) -> dict[str, Any]:
        """Give a headline that would do harm as markup."""
        return headline(
            HOSTILE,
            excerpt="\u202eexcerpt <b>bold</b> &amp;",
            url="javascript:window.hacked=1",
            source="blog",
            published_ms=self.now_ms - 30_000,
        )

    def _made(self, number: int) -> dict[str, Any]:
        symbol, name = list(NAMED.items())[number % len(NAMED)]
        return headline(
            f"{name} {PLANS[number % 3]}, part {number}",
            headline_id=str(number),
            source=("wire", "blog", "sec")[number % 3],
            symbols=[] if number % 5 == 4 else [symbol],
            published_ms=self.now_ms - (number + 1) * 13 * MINUTE_MS,
        )

    def _states(self) -> list[dict[str, Any]]:
        made = {"detail": "", "headlines": 12, "read_ms": self.now_ms - 40_000}
        read = {**made, "state": "read", "next_ms": self.now_ms + 260_000, "sent_ms": self.now_ms}
        refused = {
            "state": "unavailable",
            "detail": "refuses us (HTTP 403); correct or remove it in ODDLOT_NEWS_FEEDS",
            "read_ms": None,
            "headlines": 0,
        }
        keyless = {**refused, "detail": "no key: set ODDLOT_FINNHUB_KEY", "next_ms": None}
        waits = {"state": "limited", "detail": "wants to be read less often (HTTP 429)"}
        return [
            {**read, "source": "wire"},
            {**read, "source": "blog"},
            {**read, "source": "sec", **waits},
            {**read, "source": "times", **refused},
            {**read, "source": "finnhub", **keyless},
        ]

    async def _headlines(self, request: Request) -> Any:
        asked = request.query_params
        found = [
            each
            for each in sorted(self.headlines, key=lambda each: -int(each["published_ms"]))
            if _is_wanted(each, asked.get("q", ""), asked.get("symbol"), asked.get("source"))
            and each["published_ms"] < int(asked.get("to", 1 << 62))
        ]
        limit = int(asked.get("limit", 100))
        shown = found[:limit]
        return {
            "headlines": shown,
            "next_to": shown[-1]["published_ms"] if len(found) > limit else None,
            "sources": sorted(self.sources.values(), key=lambda state: str(state["source"])),
            "now_ms": int(time.time() * 1_000),
        }


def headline(title: str, **changed: Any) -> dict[str, Any]:
    """Make a headline."""
    return {
        "source": "wire",
        "headline_id": title,
        "title": title,
        "excerpt": "The company said so in the morning, and that it would say more later.",
        "url": "https://news.example/story",
        "symbols": ["NVDA"],
        "published_ms": 0,
        "seen_ms": int(time.time() * 1_000),
        **changed,
    }


def _is_wanted(each: dict[str, Any], q: str, symbol: str | None, source: str | None) -> bool:
    text = f"{each['title']} {each['excerpt']}".lower()
    is_named = not symbol or symbol.upper() in each["symbols"]
    return (
        is_named
        and (not source or each["source"] == source)
        and all(word in text for word in q.lower().split())
    )
