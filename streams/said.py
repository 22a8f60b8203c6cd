"""Rows of buzz that were said -> which ones are news."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter

from oddlot.contracts.messages import Buzz, Crowd

MAX_ROWS = 100_000  # 40 MB; beyond, the oldest hours are forgotten: they may be said twice
_all_of = attrgetter(*(field.name for field in fields(Buzz) if field.name != "revision"))
# What is left changes a little with every second of an hour that is read.
_noticeable = attrgetter(
    "mentions", "bullish", "bearish", "baseline", "baseline_days", "rank", "first_seen_ms"
)


class Said:
    """What was said last of every row."""

    def __init__(self) -> None:
        self._hours: dict[int, dict[tuple[Crowd, str], Buzz]] = {}
        self.count = 0

    def is_changed(self, row: Buzz) -> bool:
        """Tell whether a row is not what was said."""
        said = self._last(row)
        return said is None or _all_of(said) != _all_of(row)

    def is_noticeable(self, row: Buzz) -> bool:
        """Tell whether a row says more than that its hour has gone on."""
        said = self._last(row)
        return said is None or _noticeable(said) != _noticeable(row)

    def note(self, rows: Iterable[Buzz]) -> None:
        """Remember what was said."""
        for row in rows:
            hour = self._hours.setdefault(row.hour_ms, {})
            self.count += (row.forum, row.symbol) not in hour
            hour[row.forum, row.symbol] = row
        while self.count > MAX_ROWS:
            self.count -= len(self._hours.pop(min(self._hours)))

    def forget_before(self, hour_ms: int) -> None:
        """Forget the hours before one: they are not said again."""
        for old_ms in [each for each in self._hours if each < hour_ms]:
            self.count -= len(self._hours.pop(old_ms))

    def clear(self) -> None:
        """Forget everything."""
        self._hours, self.count = {}, 0

    def _last(self, row: Buzz) -> Buzz | None:
        return self._hours.get(row.hour_ms, {}).get((row.forum, row.symbol))
