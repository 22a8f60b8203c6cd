"""A worker and events that need no broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from oddlot.contracts.messages import Pair
from oddlot.contracts.topics import Topic
from oddlot.settings import load
from streams.live_divergence import LiveScans
from streams.pair_tests import Waiting
from streams.worker import Entry
from tests.fakes import MemoryPublisher

ARRIVAL_S = 1_700_000_000.25


class FakeTable:
    """A table of state without a changelog."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.recovered: list[Any] = []

    def on_recover(self, callback: Any) -> None:
        self.recovered.append(callback)


class FakeWorker:
    """What the parts see of a worker; `journal` keeps the order of what they do."""

    def __init__(self) -> None:
        self.settings = load()
        self.publisher = MemoryPublisher()
        self.consumer_generation_id = 1
        self.flow_control = SimpleNamespace(is_active=lambda: True)
        self.tables: dict[str, FakeTable] = {}
        self.written: list[Entry] = []
        self.tests: Waiting | None = None
        self.groups: Any = None
        self.live_scans: LiveScans | None = None
        self.is_owner = True

    def owns(self, topic: Topic[Any]) -> bool:
        return self.is_owner

    def table_for(self, topic: Topic[Any], name: str) -> FakeTable:
        return self.tables.setdefault(name, FakeTable())

    async def write(
        self, table: FakeTable, entries: Iterable[Entry], *, are_ours: Callable[[], bool]
    ) -> bool:
        if not are_ours():
            return False
        for entry in entries:
            self.written.append(entry)
            if entry.value is None:
                table.data.pop(entry.key, None)
            else:
                table.data[entry.key] = entry.value
        return True


class FakeEvent:
    """One record of a topic on its way through a stream."""

    def __init__(
        self, topic: Topic[Any], value: Any, generation: int = 1, *, offset: int = 0
    ) -> None:
        self.value = value if isinstance(value, bytes) else topic.codec.encode(value)
        self.message = SimpleNamespace(
            topic=topic.name,
            partition=0,
            offset=offset,
            generation_id=generation,
            timestamp=ARRIVAL_S,
        )
        self.acknowledged = 0

    def ack(self) -> None:
        self.acknowledged += 1


class FakeWatched:
    """A watchlist that a test changes; `coming` is on the broker and not read yet."""

    def __init__(self, *pairs: Pair, coming: Iterable[Pair] = ()) -> None:
        self._coming = tuple(coming)
        self.watch(*pairs)

    def watch(self, *pairs: Pair) -> None:
        self.pairs = {pair.id: pair for pair in pairs}

    async def caught_up(self) -> None:
        if self._coming:
            self.watch(*self.pairs.values(), *self._coming)
            self._coming = ()
