"""Made-up posts and scans, and buzz by its definition: slow, one symbol and one hour at a time."""

from __future__ import annotations

import functools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from oddlot.contracts.messages import Buzz, Crowd, Forum, ForumScan, Mood, Post

HOUR_MS = 3_600_000
FIRST = 480_000  # an hour of 2024, since 1970
DAYS = 30


def post(
    symbol: str,
    hour: float,
    name: str = "1",
    *,
    forum: Forum = "reddit",
    mood: Mood | None = None,
) -> Post:
    """Give a post that was read an hour after it was written."""
    event_ms = int(hour * HOUR_MS)
    return Post(
        symbol=symbol,
        forum=forum,
        place="made-up",
        post_id=f"{forum}-{name}",
        event_ms=event_ms,
        mood=mood,
        mood_by="tag" if mood else None,
        mood_score=None,
        excerpt="",
        url="",
        seen_ms=event_ms + HOUR_MS,
    )


def scan(
    hour: float,
    until: float,
    *,
    forum: Forum = "reddit",
    place: str = "made-up",
    symbol: str | None = None,
) -> ForumScan:
    """Give a scan of [hour, until)."""
    return ForumScan(
        forum=forum,
        place=place,
        symbol=symbol,
        from_ms=int(hour * HOUR_MS),
        to_ms=int(until * HOUR_MS),
        posts=0,
        state="read",
        detail="",
        next_ms=None,
        scanned_ms=int(until * HOUR_MS),
    )


def made_up(seed: int, *, days: int = 12, symbols: int = 4) -> tuple[list[Post], list[ForumScan]]:
    """Give some days of two forums, read with holes, some symbols with a stream of their own."""
    rng = np.random.default_rng(seed)
    end = FIRST + 24 * days
    names = [f"S{i}" for i in range(symbols)]
    posts = [
        post(
            names[int(rng.integers(symbols))],
            FIRST + rng.random() ** 0.5 * 24 * days,
            str(n),
            forum="reddit" if rng.random() < 0.6 else "stocktwits",
            mood=[None, "bullish", "bearish"][int(rng.integers(3))],  # type: ignore[arg-type]
        )
        for n in range(40 * days)
    ]
    scans = []
    for place in ("one", "two"):
        at = FIRST + rng.random() * 24 * days / 2
        while at < end:
            until = min(end, at + rng.exponential(20))
            scans.append(scan(at, until, place=place))
            at = until + (rng.exponential(5) if rng.random() < 0.3 else 0)
    for name in names[::2]:
        at = FIRST + rng.random() * 24
        while at < end:
            until = min(end, at + rng.exponential(10))
            scans.append(scan(at, until, forum="stocktwits", place=name, symbol=name))
            at = until + (rng.exponential(40) if rng.random() < 0.1 else 0)
    return posts, scans


class Literal:
    """What was told, asked by definition."""

    def __init__(self, posts: list[Post], scans: list[ForumScan]) -> None:
        self.scans = scans
        self._by_hour: defaultdict[int, list[Post]] = defaultdict(list)
        for each in {(p.forum, p.post_id, p.symbol): p for p in posts}.values():
            self._by_hour[each.event_ms // HOUR_MS].append(each)
        self._covered_of = functools.cache(self._find_covered_of)

    def rows(self, crowd: Crowd, hour: int) -> list[dict[str, Any]]:
        """Give the fields of every row of an hour, but for the revision."""
        forums: list[Forum] = ["reddit", "stocktwits"] if crowd == "all" else [crowd]
        symbols = sorted({p.symbol for p in self._of(forums, hour)})
        rows = [self._row(forums, symbol, hour) | {"forum": crowd} for symbol in symbols]
        counted = {
            s: self._mentions(self._warm(forums, s, hour) or forums, s, hour) for s in symbols
        }
        ranked = [r for r in rows if counted[r["symbol"]] >= 3 and r["z"] is not None]
        ranked.sort(key=lambda r: (-r["z"], -r["log_ratio"], r["symbol"]))
        for row in rows:
            row["rank"] = ranked.index(row) + 1 if row in ranked else None
        return rows

    def _row(self, forums: list[Forum], symbol: str, hour: int) -> dict[str, Any]:
        row = self._figures(forums, symbol, hour)
        before = self._figures(forums, symbol, hour - 1)["log_ratio"]
        now = row["log_ratio"]
        mine = [p for p in self._of(forums, hour) if p.symbol == symbol]
        midnight = hour // 24 * 24
        since = [
            p.event_ms
            for h in range(midnight - 24 * DAYS, hour + 1)
            for p in self._of(forums, h)
            if p.symbol == symbol
        ]
        return row | {
            "symbol": symbol,
            "hour_ms": hour * HOUR_MS,
            "momentum": None if now is None or before is None else now - before,
            "bullish": sum(p.mood == "bullish" for p in mine),
            "bearish": sum(p.mood == "bearish" for p in mine),
            "first_seen_ms": min(since),
        }

    def _figures(self, forums: list[Forum], symbol: str, hour: int) -> dict[str, Any]:
        total = self._mentions(forums, symbol, hour)
        warm = self._warm(forums, symbol, hour)
        forums = warm or forums
        covered = self._covered(forums, symbol, hour, is_warm=bool(warm))
        mentions = self._mentions(forums, symbol, hour)
        known = [
            self._mentions(forums, symbol, day)
            for day in range(hour - 24, hour - 24 * DAYS - 1, -24)
            if self._covered(forums, symbol, day, is_warm=bool(warm)) >= 0.9
        ]
        found: dict[str, Any] = {
            "mentions": total,
            "covered": covered,
            "baseline": statistics.median(known) if known else None,
            "baseline_days": len(known),
            "is_warm": len(known) >= 7,
        }
        expected = found["baseline"] * covered if known and covered else None
        found |= dict.fromkeys(("expected", "z", "log_ratio", "multiple"))
        if expected is not None:
            center = statistics.median(known)
            mad = statistics.median([abs(count - center) for count in known])
            scale = max(1.4826 * mad * covered, math.sqrt(max(expected, 1)))
            found["z"] = (mentions - expected) / scale
            expected += total - mentions
            found["expected"] = expected
            found["log_ratio"] = math.log((total + 1) / (expected + 1))
            found["multiple"] = total / expected if expected else None
        return found

    def _warm(self, forums: list[Forum], symbol: str, hour: int) -> list[Forum]:
        """Give the forums that are known on seven days."""
        days = range(hour - 24, hour - 24 * DAYS - 1, -24)
        return [
            forum
            for forum in forums
            if sum((self._covered_of(forum, symbol, day) or 0.0) >= 0.9 for day in days) >= 7
        ]

    def _covered(self, forums: list[Forum], symbol: str, hour: int, *, is_warm: bool) -> float:
        """Give the mean share: of all warm forums, or else of those that are followed."""
        found = [self._covered_of(forum, symbol, hour) for forum in forums]
        shares = [share or 0.0 for share in found if is_warm or share is not None]
        return statistics.mean(shares) if shares else 0.0

    def _find_covered_of(self, forum: Forum, symbol: str, hour: int) -> float | None:
        """Give the share of a forum; None where it was not followed."""
        places: dict[tuple[str, str | None], list[ForumScan]] = {}
        for each in self.scans:
            if each.forum == forum and each.from_ms < each.to_ms:
                places.setdefault((each.place, each.symbol), []).append(each)
        own = [scans for (_, of), scans in places.items() if of == symbol]
        general = [scans for (_, of), scans in places.items() if of is None]
        for of_which in (own, general):
            shares = [
                _overlap(scans, hour) / HOUR_MS
                for scans in of_which
                if any(_overlap(scans, h) for h in range(hour - 24, hour + 1))
            ]
            if shares:
                return statistics.mean(shares)
        return None

    def _mentions(self, forums: list[Forum], symbol: str, hour: int) -> int:
        return sum(p.symbol == symbol for p in self._of(forums, hour))

    def _of(self, forums: list[Forum], hour: int) -> Iterator[Post]:
        return (p for p in self._by_hour[hour] if p.forum in forums)


def _overlap(scans: Iterable[ForumScan], hour: int) -> int:
    """Give how many ms of an hour were read."""
    begin, end, covered, up_to = hour * HOUR_MS, (hour + 1) * HOUR_MS, 0, hour * HOUR_MS
    for each in sorted(scans, key=lambda s: s.from_ms):
        since, until = max(each.from_ms, up_to, begin), min(each.to_ms, end)
        covered += max(0, until - since)
        up_to = max(up_to, until)
    return covered


def by_symbol(rows: Iterable[Buzz]) -> dict[str, Buzz]:
    """Give rows by their symbols."""
    return {row.symbol: row for row in rows}
