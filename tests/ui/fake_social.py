"""Buzz, posts and places, as the API gives them, over a crowd that is made up."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

HOUR_MS, MINUTE_MS, DAY_MS = 3_600_000, 60_000, 86_400_000
BURST, LOUD, FRESH, QUIET = "GME", "AAPL", "ZZZZ", "TXN"
HOSTILE = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2"> $GME \u202efed'
NAMES = {
    "GME": "GME", "AAPL": "Apple", "NVDA": "NVIDIA", "TSLA": "Tesla", "AMD": "AMD",
    "PLTR": "Palantir",
    "BTCUSDT": "Bitcoin", "ETHUSDT": "Ethereum", "SOLUSDT": "Solana", "ZZZZ": "ZZZZ",
    "TXN": "Texas Instruments", "MSFT": "Microsoft", "DOGEUSDT": "Dogecoin", "INTC": "Intel",
}  # fmt: skip
USUAL = {"AAPL": 41, "NVDA": 22, "TSLA": 30, "BTCUSDT": 26, "AMD": 9, "PLTR": 7, "ETHUSDT": 12}
WORDS = (
    "Earnings were fine, why is {s} down? I am holding.",
    "{s} to the moon, added more calls this morning 🚀",
    "Sold all of my {s} today. The guidance was worse than anybody expected, and management knows.",
    "Does anybody understand what happens to {s} after the split?",
    "Short interest of {s} is ridiculous. I like the stock.",
)
PLACES = ("wallstreetbets", "stocks", "investing", "options", "CryptoCurrency")
NO_KEY = "no key: Reddit's feeds are read, once a minute each; set ODDLOT_REDDIT_CLIENT_ID"


class Crowd:
    """What the API knows of forums; a test may make it say more, or take places away."""

    def __init__(self) -> None:
        self.now_ms = int(time.time() * 1_000)
        self.hour_ms = self.now_ms - self.now_ms % HOUR_MS
        self.outbox: deque[tuple[str, dict[str, Any]]] = deque()
        self.days = 30  # of the baseline
        self.detail = ""
        self.refused: set[str] = set()  # forums
        self.is_empty = False
        self.asked: list[dict[str, Any]] = []
        self.extra: dict[str, int] = {}
        self.router = APIRouter()
        self.router.add_api_route("/buzz", self._buzz)
        self.router.add_api_route("/buzz/{symbol}", self._one)
        self.router.add_api_route("/posts", self._posts)

    def burst(self, symbol: str, posts: int) -> None:
        """Let many posts name a symbol in this hour."""
        self.extra[symbol] = self.extra.get(symbol, 0) + posts
        row = next(row for row in self._rows("all", self.hour_ms) if row["symbol"] == symbol)
        self.outbox.append(("buzz", {name: row[name] for name in row if name != "spark"}))

    def mentions(self, symbol: str, forum: str, hour_ms: int) -> int | None:
        """Count an hour's mentions; five hours ago nobody read for three hours."""
        ago = (self.hour_ms - hour_ms) // HOUR_MS
        if 5 <= ago < 8:
            return None
        rng = np.random.default_rng(
            abs(ago) * 9_973 + sum(map(ord, symbol))
        )  # whatever the time is
        usual = USUAL.get(symbol, 2 if symbol in NAMES else 0)
        count = 0 if symbol == FRESH else int(rng.poisson(usual))
        if ago == 0:
            count += {BURST: 48, FRESH: 5}.get(symbol, 0) + self.extra.get(symbol, 0)
        if symbol == BURST and 0 < ago < 3:
            count += 9
        share = {"all": 1.0, "reddit": 0.6, "stocktwits": 0.4}[forum]
        return round(count * share)

    def _row(self, symbol: str, forum: str, hour_ms: int) -> dict[str, Any]:
        mentions = self.mentions(symbol, forum, hour_ms) or 0
        usual = USUAL.get(symbol, 2 if symbol != FRESH else 0)
        base = float(usual) if self.days else None
        scale = max(1.0, math.sqrt(usual))
        told = min(mentions, int(mentions * 0.7))
        bullish = told * 3 // 4 if symbol != "TSLA" else told // 3
        log_ratio = None if base is None else math.log((mentions + 1) / (base + 1))
        first_seen_ms = self.hour_ms + MINUTE_MS if symbol == FRESH else hour_ms - 29 * DAY_MS
        return {
            "symbol": symbol, "name": NAMES.get(symbol, symbol), "forum": forum,
            "hour_ms": hour_ms, "mentions": mentions, "covered": 0.62,
            "baseline": base, "baseline_days": self.days, "is_warm": self.days >= 7,
            "expected": base, "z": None if base is None else (mentions - base) / scale,
            "log_ratio": log_ratio, "multiple": mentions / base if base else None,
            "momentum": None if log_ratio is None else log_ratio - 0.3,
            "bullish": bullish, "bearish": told - bullish, "first_seen_ms": first_seen_ms,
            "revision": 1, "balance": (2 * bullish - told) / told if told else None,
            "tagged": told // 3, "read": told - told // 3,
            "spark": [
                {"hour_ms": at_ms, "mentions": self.mentions(symbol, forum, at_ms)}
                for at_ms in range(hour_ms - 23 * HOUR_MS, hour_ms + 1, HOUR_MS)
            ],
        }  # fmt: skip

    def _rows(self, forum: str, hour_ms: int) -> list[dict[str, Any]]:
        rows = [self._row(symbol, forum, hour_ms) for symbol in NAMES]
        rows = [row for row in rows if row["mentions"]]
        if not self.days:
            return sorted(({**r, "rank": None} for r in rows), key=lambda r: -r["mentions"])
        rows.sort(key=lambda row: (row["mentions"] < 3, -row["z"]))
        return [{**r, "rank": i + 1 if r["mentions"] >= 3 else None} for i, r in enumerate(rows)]

    def _scans(self) -> list[dict[str, Any]]:
        now_ms = int(time.time() * 1_000)
        names = [("reddit", place, None) for place in PLACES]
        names += [
            ("stocktwits", "BTC.X", "BTCUSDT"),
            ("stocktwits", "GME", "GME"),
            ("stocktwits", "NVDA", "NVDA"),
        ]
        scans = []
        for i, (forum, place, symbol) in enumerate(names):
            state, detail = "read", ""
            if forum in self.refused:
                state = "unavailable"
                detail = f"{forum} answered 403: it wants a key; see docs/forums.md"
            elif place == "options":
                state, detail = "limited", NO_KEY
            scanned_ms = now_ms - 7_000 * (i + 1)
            read = {"scanned_ms": scanned_ms, "read_ms": scanned_ms if state == "read" else None}
            scan = {"forum": forum, "place": place, "symbol": symbol, "state": state}
            scans.append({**scan, **read, "detail": detail, "next_ms": now_ms + 9_000 * (i + 1)})
        return scans

    async def _buzz(self, forum: str = "all", hour_ms: int | None = None, limit: int = 100) -> Any:
        shown_ms = self.hour_ms if hour_ms is None else hour_ms
        rows = [] if self.is_empty else self._rows(forum, shown_ms)
        return {
            "forum": forum,
            "hour_ms": None if self.is_empty else shown_ms,
            "newest_hour_ms": None if self.is_empty else self.hour_ms,
            "as_of_ms": self.now_ms,
            "age_ms": int(time.time() * 1_000) - self.now_ms,
            "baseline": {"days": self.days, "of": 30, "text": f"baseline {self.days} of 30 days"},
            "detail": self.detail,
            "symbols": len(rows),
            "mentions": sum(row["mentions"] for row in rows),
            "rows": rows[:limit],
            "scans": []
            if self.is_empty
            else [s for s in self._scans() if forum in ("all", s["forum"])],
        }

    async def _one(self, symbol: str, forum: str = "all", to: int = 0, limit: int = 168) -> Any:
        if symbol not in NAMES:
            body = {"status": 404, "detail": f"expected a symbol, was {symbol!r}"}
            return JSONResponse(body, 404, media_type="application/problem+json")
        end_ms = to or self.hour_ms + HOUR_MS
        hours = [
            {
                **self._row(symbol, forum, at_ms),
                "mentions": self.mentions(symbol, forum, at_ms),
            }
            for at_ms in range(end_ms - limit * HOUR_MS, end_ms, HOUR_MS)
        ]
        return {"symbol": symbol, "name": NAMES[symbol], "forum": forum, "hours": hours}

    async def _posts(self, request: Request) -> Any:
        query = request.query_params
        symbol, forum, q, mood = (query.get(name, "") for name in ("symbol", "forum", "q", "mood"))
        limit, before = int(query.get("limit", 50)), query.get("before", "")
        asked = {"symbol": symbol, "forum": forum, "q": q, "mood": mood}
        stretch = {name: int(query.get(name, 0)) for name in ("from", "to")}
        self.asked.append({**asked, **stretch})
        rows = [row for i in range(90) if (row := self._post(i, symbol))]
        rows = [row for row in rows if q.lower() in row["excerpt"].lower()]
        rows = [row for row in rows if mood in ("", row["mood"]) and forum in ("", row["forum"])]
        first = int(before or 0)
        more = len(rows) > first + limit
        return {
            "posts": rows[first : first + limit],
            "next": str(first + limit) if more else None,
        }

    def _post(self, i: int, symbol: str) -> dict[str, Any] | None:
        named = symbol or list(NAMES)[i // 2 % len(NAMES)]
        is_tagged, is_mute = i % 5 == 3, i % 7 == 6
        mood = None if is_mute else "bearish" if i % 3 == 2 else "bullish"
        text = WORDS[i % len(WORDS)].format(s=f"${named}")
        is_hostile = i == 1 and named == BURST
        return {
            "symbol": named,
            "name": NAMES.get(named, named),
            "forum": "stocktwits" if is_tagged else "reddit",
            "place": named if is_tagged else PLACES[i % len(PLACES)],
            "post_id": f"t3_{i}",
            "event_ms": self.now_ms - i * 31_000,
            "mood": mood,
            "mood_by": None if is_mute else "tag" if is_tagged else "vader",
            "mood_score": None if is_tagged or is_mute else -0.42 if i % 3 == 2 else 0.64,
            "excerpt": HOSTILE if is_hostile else text,
            "url": "javascript:window.hacked=3" if is_hostile
            else f"https://www.reddit.com/r/stocks/comments/{i}/",
        }  # fmt: skip
