"""Entries of a source -> the headlines that nobody has said before, with the symbols they name."""

from __future__ import annotations

from collections.abc import Iterable

from oddlot.contracts import topics
from oddlot.contracts.messages import Headline
from oddlot.peer_groups import PeerGroup
from producers.news.entries import Entry
from producers.news.naming import lexicon, named_in
from producers.news.said import Said

OLDEST_MS = 30 * topics.DAY_MS  # as long as the topic remembers what was said


class Editor:
    """Knows what has been said, and which symbols there are."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self._lexicon = lexicon(())

    def know(self, groups: Iterable[PeerGroup]) -> None:
        """Recognise the symbols and companies of these groups from now on."""
        self._lexicon = lexicon(groups)

    def new(self, source: str, entries: Iterable[Entry], now_ms: int) -> list[Headline]:
        """Give what is new, oldest first; what is too old to be news is left out.

        Of what two say in the same words within a day, only the first is new. Nothing counts as
        said before `has_said`.
        """
        unsaid = [each for each in entries if not self._said.has_id(source, each.entry_id)]
        made = [self._headline(source, each, now_ms) for each in unsaid]
        recent = [each for each in made if now_ms - each.published_ms < OLDEST_MS]
        lot = Said()
        new = []
        for headline in sorted(recent, key=lambda each: each.published_ms):
            words = (headline.title, headline.published_ms)
            if lot.has_id(source, headline.headline_id):
                continue
            if self._said.has_words(*words) or lot.has_words(*words):
                self._said.add_id(source, headline.headline_id)
                continue
            lot.add(headline)
            new.append(headline)
        return new

    def has_said(self, headlines: Iterable[Headline]) -> None:
        """Remember what the broker has."""
        for headline in headlines:
            self._said.add(headline)

    def _headline(self, source: str, entry: Entry, now_ms: int) -> Headline:
        title, excerpt = entry.title, entry.excerpt
        published_ms = entry.published_ms
        return Headline(
            source=source,
            headline_id=entry.entry_id,
            title=title,
            excerpt=excerpt,
            url=entry.url,
            symbols=named_in(title, excerpt, self._lexicon, given=entry.symbols),
            published_ms=now_ms if published_ms is None else min(published_ms, now_ms),
            seen_ms=now_ms,
        )
