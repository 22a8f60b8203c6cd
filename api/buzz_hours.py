"""Rows of buzz, what was read of forums, who told moods -> hours as they are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oddlot.contracts.messages import Buzz, Crowd
from oddlot.contracts.topics import HOUR_MS
from oddlot.store.buzz_reader import Covered, MoodsTold

SPARK_HOURS = 24  # the shown hour and those before it
MAX_SYMBOLS = 5_000  # of one crowd and hour: cashtags may be anything
# An hour without a mention is one with none if at least so much of it, as far as it has passed, was
# read; else nobody knows, and it is a gap. One of two forums will do, though it be read with a lag.
KNOWN_SHARE = 0.4


class Hours:
    """Rows of buzz of some hours, the last revision of each."""

    def __init__(self, room: int, rows: Iterable[Buzz] = ()) -> None:
        self._room = room  # hours
        self._hours: dict[int, dict[Crowd, dict[str, Buzz]]] = {}
        self.newest_ms: int | None = None
        for row in rows:
            self.take(row)

    def take(self, row: Buzz) -> None:
        """Keep a row if it is news; hours too long before the newest are let go of."""
        if self.newest_ms is None or row.hour_ms > self.newest_ms:
            self.newest_ms = row.hour_ms
            self._forget(row.hour_ms - self._room * HOUR_MS)
        if row.hour_ms <= self.newest_ms - self._room * HOUR_MS:
            return
        of_crowd = self._hours.setdefault(row.hour_ms, {}).setdefault(row.forum, {})
        before = of_crowd.get(row.symbol)
        if before is None and len(of_crowd) >= MAX_SYMBOLS:
            return
        if before is None or row.revision >= before.revision:
            of_crowd[row.symbol] = row

    def holds(self, hour_ms: int) -> bool:
        """Tell whether the hour and all before it that a sparkline shows may be here."""
        if self.newest_ms is None:
            return False
        return hour_ms - SPARK_HOURS * HOUR_MS >= self.newest_ms - self._room * HOUR_MS

    def newest_of(self, crowd: Crowd) -> int | None:
        """Give the newest hour in which a crowd has said anything."""
        said = (
            hour_ms
            for hour_ms, crowds in self._hours.items()
            if any(row.mentions for row in crowds.get(crowd, {}).values())
        )
        return max(said, default=None)

    def rows_of(self, crowd: Crowd, hour_ms: int) -> list[Buzz]:
        """Give the hour's rows, the most abnormal first; those without a rank by their mentions."""
        rows = self._hours.get(hour_ms, {}).get(crowd, {}).values()
        return sorted((row for row in rows if row.mentions), key=_order)

    def find(self, crowd: Crowd, symbol: str, hour_ms: int) -> Buzz | None:
        """Give the row of one symbol and hour, if there is one."""
        return self._hours.get(hour_ms, {}).get(crowd, {}).get(symbol)

    def _forget(self, until_ms: int) -> None:
        for hour_ms in [each for each in self._hours if each <= until_ms]:
            del self._hours[hour_ms]


class Coverage:
    """How much of each hour has been read, by crowd and symbol."""

    def __init__(self, read: Iterable[Covered] = ()) -> None:
        self._subreddits: set[str] = set()
        self._reddit: dict[int, float] = defaultdict(float)  # the sum of all places
        self._streams: dict[str, dict[int, float]] = {}  # of Stocktwits, by symbol
        for row in read:
            if row.forum == "reddit":
                self._subreddits.add(row.place)
                self._reddit[row.hour_ms] += row.share
            elif row.symbol is not None:
                self._streams.setdefault(row.symbol, {})[row.hour_ms] = row.share

    def share(self, crowd: Crowd, symbol: str, hour_ms: int) -> float:
        """Tell how much of an hour was read where a crowd might name a symbol, 0 to 1."""
        stream = self._streams.get(symbol)
        of_stream = stream.get(hour_ms, 0.0) if stream else 0.0
        of_reddit = self._reddit.get(hour_ms, 0.0) / max(1, len(self._subreddits))
        if crowd == "stocktwits":
            return of_stream
        if crowd == "reddit" or stream is None:
            return of_reddit
        return (of_reddit + of_stream) / 2 if self._subreddits else of_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some hours, with all that is known about them."""

    hours: Hours
    coverage: Coverage = field(default_factory=Coverage)
    moods: Mapping[tuple[str, str, int], MoodsTold] = field(default_factory=dict)
    read_ms: int = 0

    def mentions(self, crowd: Crowd, symbol: str, hour_ms: int, *, now_ms: int) -> int | None:
        """Count the mentions of an hour; None where too little of it was read to say none."""
        row = self.hours.find(crowd, symbol, hour_ms)
        if row is not None and row.mentions:
            return row.mentions
        share = self.coverage.share(crowd, symbol, hour_ms)
        return 0 if is_known(share, hour_ms, now_ms=now_ms) else None

    def told(self, crowd: Crowd, symbol: str, hour_ms: int) -> tuple[int, int]:
        """Count the moods that tags told, and those that VADER read."""
        forums = ("reddit", "stocktwits") if crowd == "all" else (crowd,)
        found = [self.moods.get((symbol, forum, hour_ms)) for forum in forums]
        known = [each for each in found if each is not None]
        return sum(each.tagged for each in known), sum(each.read for each in known)


def is_known(share: float, hour_ms: int, *, now_ms: int) -> bool:
    """Tell whether enough of an hour was read to say that nobody mentioned somebody."""
    passed = min(1.0, max(0.0, (now_ms - hour_ms) / HOUR_MS))
    return share > 0 and share >= KNOWN_SHARE * passed


def told_by_key(rows: Iterable[MoodsTold]) -> dict[tuple[str, str, int], MoodsTold]:
    """Put moods by symbol, forum and hour."""
    return {(row.symbol, row.forum, row.hour_ms): row for row in rows}


def _order(row: Buzz) -> tuple[bool, int, int, str]:
    return row.rank is None, row.rank or 0, -row.mentions, row.symbol
