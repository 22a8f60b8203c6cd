"""A store of posts and buzz in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter

from oddlot.contracts.messages import Buzz, Crowd, ForumScan, Post
from oddlot.contracts.topics import HOUR_MS
from oddlot.errors import StoreUnavailable
from oddlot.settings import Settings
from oddlot.store import posts
from oddlot.store.buzz_reader import Covered, MoodsTold, PlaceScan
from oddlot.store.posts import Order, PostCursor, PostsPage, PostsWanted

_key: Callable[[Post | PostCursor], tuple[int, str, str, str]] = attrgetter(
    "event_ms", "forum", "post_id", "symbol"
)


class MemoryBuzz:
    """Answers views of posts and buzz from lists; `away` makes every one fail."""

    def __init__(
        self,
        rows: Sequence[Buzz] = (),
        scans: Sequence[ForumScan] = (),
        written: Sequence[Post] = (),
    ) -> None:
        self.rows, self.read, self.written = list(rows), list(scans), list(written)
        self.away = False
        self.asked: list[str] = []

    async def connect(self, _settings: Settings) -> MemoryBuzz:
        self._answer("connect")
        return self

    async def newest_hour_ms(self, to_ms: int) -> int | None:
        self._answer("newest_hour_ms")
        return max((row.hour_ms for row in self.rows if row.hour_ms < to_ms), default=None)

    async def hours(self, from_ms: int, to_ms: int) -> list[Buzz]:
        self._answer("hours")
        found = [row for row in self.rows if from_ms <= row.hour_ms < to_ms]
        return sorted(found, key=attrgetter("hour_ms"), reverse=True)

    async def of_symbol(
        self, symbol: str, forum: Crowd, *, from_ms: int, to_ms: int, limit: int
    ) -> list[Buzz]:
        self._answer(f"of_symbol {symbol}")
        found = await self.hours(from_ms, to_ms)
        return [row for row in found if (row.symbol, row.forum) == (symbol, forum)][:limit]

    async def scans(self) -> list[PlaceScan]:
        self._answer("scans")
        newest = {(s.forum, s.place): s for s in sorted(self.read, key=attrgetter("scanned_ms"))}
        read = {
            (s.forum, s.place): s.scanned_ms
            for s in sorted(self.read, key=attrgetter("scanned_ms"))
            if s.state == "read"
        }
        return [PlaceScan(scan=scan, read_ms=read.get(key)) for key, scan in newest.items()]

    async def covered(self, from_ms: int, to_ms: int, symbol: str | None = None) -> list[Covered]:
        self._answer("covered")
        return [
            Covered(
                forum=scan.forum,
                place=scan.place,
                symbol=scan.symbol,
                hour_ms=hour_ms,
                share=(min(scan.to_ms, hour_ms + HOUR_MS) - max(scan.from_ms, hour_ms)) / HOUR_MS,
            )
            for scan in self.read
            if symbol is None or scan.symbol in (None, symbol)
            for hour_ms in range(from_ms - from_ms % HOUR_MS, to_ms, HOUR_MS)
            if scan.from_ms < hour_ms + HOUR_MS and scan.to_ms > hour_ms
        ]

    async def moods(self, from_ms: int, to_ms: int) -> list[MoodsTold]:
        self._answer("moods")
        told = Counter(
            (post.symbol, post.forum, post.event_ms - post.event_ms % HOUR_MS, post.mood_by)
            for post in self.written
            if post.mood is not None and from_ms <= post.event_ms < to_ms
        )
        return [
            MoodsTold(
                symbol=symbol,
                forum=forum,
                hour_ms=hour_ms,
                tagged=told[symbol, forum, hour_ms, "tag"],
                read=told[symbol, forum, hour_ms, "vader"],
            )
            for symbol, forum, hour_ms in {key[:3] for key in told}
        ]

    async def posts(
        self,
        wanted: PostsWanted,
        *,
        limit: int,
        after: PostCursor | None = None,
        order: Order = "newest",
    ) -> PostsPage:
        self._answer("posts")
        is_newest = order == "newest"
        found = sorted(
            (post for post in self.written if _is_wanted(post, wanted)), key=_key, reverse=is_newest
        )
        if after is not None:
            mark = _key(after)
            found = [p for p in found if (_key(p) < mark if is_newest else _key(p) > mark)]
        page = found[:limit]
        return PostsPage(posts=page, next_after=posts.cursor(page[-1]) if found[limit:] else None)

    async def close(self) -> None:
        pass

    def _answer(self, view: str) -> None:
        self.asked.append(view)
        if self.away:
            raise StoreUnavailable("expected the store to answer, was: away")


def _is_wanted(post: Post, wanted: PostsWanted) -> bool:
    equal = all(
        value is None or getattr(post, name) == value
        for name in ("symbol", "forum", "place", "mood")
        for value in [getattr(wanted, name)]
    )
    from_ms, to_ms = wanted.from_ms, wanted.to_ms
    is_within = (from_ms is None or from_ms <= post.event_ms) and (
        to_ms is None or post.event_ms < to_ms
    )
    text = post.excerpt.lower()
    return equal and is_within and all(word.lower() in text for word in wanted.words)
