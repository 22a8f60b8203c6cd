"""streams.sink: insert, then commit; a store that is away is waited for."""

from __future__ import annotations

from typing import Any

import pytest

from oddlot.contracts import topics
from oddlot.contracts.topics import Topic
from oddlot.errors import StoreUnavailable
from oddlot.kafka import Record
from streams import sink
from tests.builders import ticks
from tests.fakes import MemoryPublisher
from tests.streams.test_spreads import bar


class Source:
    """Gives records once and notes commits in the journal."""

    def __init__(self, journal: list[Any], *records: Record) -> None:
        self._journal, self._records = journal, list(records)

    async def read(self, *, limit: int, wait_ms: int) -> list[Record]:
        found, self._records = self._records[:limit], self._records[limit:]
        return found

    async def commit(self) -> bool:
        self._journal.append("commit")
        return True


class Store:
    """Notes what is inserted; is away for some calls first."""

    def __init__(self, journal: list[Any], away: int = 0) -> None:
        self._journal, self._away = journal, away

    def insert(self, messages: list[Any]) -> int:
        if self._away:
            self._away -= 1
            self._journal.append("away")
            raise StoreUnavailable("restarting")
        self._journal.append(len(messages))
        return len(messages)


def record(topic: Topic[Any], message: Any) -> Record:
    payload = message if isinstance(message, bytes) else topic.codec.encode(message)
    return Record(topic, 0, 0, 0, payload)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "INSERT_AGE_S", 0.01)
    monkeypatch.setattr(sink, "FIRST_BACKOFF_S", 0.0)


TICKS = record(topics.TICKS, ticks(ids=[1, 2], event_ms=[1, 2]))
BAR = record(topics.BARS, topics.BARS.codec.decode(bar("BTCUSDT", 1, 2.0).value))


async def move(source: Source, store: Store, publisher: MemoryPublisher) -> None:
    inserts = dict.fromkeys((topics.TICKS, topics.BARS, topics.SPREADS), store.insert)
    await sink.move(source, inserts, publisher)


async def test_everything_is_in_before_the_offsets_are_committed():
    journal: list[Any] = []
    await move(Source(journal, TICKS, BAR, TICKS), Store(journal), MemoryPublisher())
    assert journal == [2, 1, "commit"]


async def test_a_store_that_is_away_is_asked_again_and_nothing_is_committed_meanwhile():
    journal: list[Any] = []
    await move(Source(journal, BAR), Store(journal, away=2), MemoryPublisher())
    assert journal == ["away", "away", 1, "commit"]


async def test_a_bad_message_becomes_a_dead_letter_and_the_rest_goes_in():
    journal: list[Any] = []
    publisher = MemoryPublisher()
    await move(Source(journal, record(topics.BARS, b"{}"), BAR), Store(journal), publisher)
    (letter,) = publisher.on(topics.DEAD_LETTERS)
    assert (letter.origin, letter.payload) == ("streams.sink", b"{}")
    assert letter.reason.startswith("market.bars.v1: ")
    assert journal == [1, "commit"]


async def test_with_nothing_to_do_nothing_is_committed():
    journal: list[Any] = []
    await move(Source(journal), Store(journal), MemoryPublisher())
    assert journal == []
