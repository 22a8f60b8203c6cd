"""Headlines -> whether they have been said before: by their id, or in the same words."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

from oddlot.contracts.messages import Headline
from producers.news.entries import normalised

K = TypeVar("K")
V = TypeVar("V")

MAX_SAID = 200_000  # thirty days of forty feeds
# The same words a day later may be other news: "Stocks making the biggest moves midday".
SAME_WORDS_MS = 24 * 3_600_000


class Said:
    """What has been said already; the oldest are forgotten."""

    def __init__(self, most: int = MAX_SAID) -> None:
        self._most = most
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._titles: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ids)

    def has_id(self, source: str, entry_id: str) -> bool:
        """Tell whether a source has said this entry."""
        return (source, entry_id) in self._ids

    def has_words(self, title: str, published_ms: int) -> bool:
        """Tell whether anybody has said this in the same words within a day."""
        said_ms = self._titles.get(normalised(title))
        return said_ms is not None and abs(published_ms - said_ms) < SAME_WORDS_MS

    def add(self, headline: Headline) -> None:
        """Remember a headline."""
        self.add_id(headline.source, headline.headline_id)
        _put(self._titles, normalised(headline.title), headline.published_ms, self._most)

    def add_id(self, source: str, entry_id: str) -> None:
        """Remember an entry that is not said, as others have said it."""
        _put(self._ids, (source, entry_id), None, self._most)


def _put(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)
