"""Hand-written stand-ins that pass the same suites as the real things."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

import pyarrow as pa

from oddlot.contracts import topics
from oddlot.contracts.codecs import M
from oddlot.contracts.messages import (
    Alert,
    Bar,
    DailyClose,
    Divergence,
    Headline,
    Interval,
    Message,
    PairTest,
    ScanInterval,
    Spread,
)
from oddlot.contracts.topics import Topic
from oddlot.errors import BrokerUnavailable, StoreUnavailable
from oddlot.kafka import Record
from oddlot.settings import Settings
from oddlot.store import schemas
from oddlot.store.closes import Series
from oddlot.store.divergence_reader import PastDiverger
from oddlot.store.headlines import HeadlineSelection
from oddlot.store.reader import LastPrice
from oddlot.store.views import Chunk, Page, Selection

EPOCH = dt.date(1970, 1, 1)
R = TypeVar("R", Bar, Spread, PairTest, Alert, Headline)


class MemoryPublisher:
    """Keeps what was published, as it would come off the wire."""

    def __init__(self) -> None:
        self.published: list[tuple[Topic[Any], Message, int]] = []

    async def publish(self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int) -> None:
        for message in messages:
            decoded = topic.codec.decode(topic.codec.encode(message))
            self.published.append((topic, decoded, arrival_ms))

    async def post(
        self, topic: Topic[M], messages: Sequence[M], *, arrival_ms: int
    ) -> Awaitable[None]:
        await self.publish(topic, messages, arrival_ms=arrival_ms)
        acknowledged = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return acknowledged

    def on(self, topic: Topic[M]) -> list[M]:
        """Give the messages of one topic in the order they were published."""
        return [m for t, m, _ in self.published if t is topic]  # type: ignore[misc]


class MemoryReader:
    """Answers views from lists; `away` makes every one fail as an absent store does."""

    def __init__(self, *rows: Bar | Spread | PairTest | Alert | Headline) -> None:
        self.rows = list(rows)
        self.away = False
        self.asked: list[str] = []

    async def latest(self, selection: Selection[R], *, limit: int) -> Page[R]:
        self._answer(" ".join((selection.view.table, *selection.where.values())))
        time = attrgetter(selection.view.time)
        found = sorted(self._within(selection), key=time)
        if len(found) <= limit:
            return Page(rows=found, next_to_ms=None)
        oldest_ms = time(found[-limit])
        kept = [row for row in found if time(row) >= oldest_ms]
        return Page(rows=kept, next_to_ms=oldest_ms)

    async def oldest(self, selection: Selection[R], *, limit: int) -> Chunk:
        self._answer(" ".join(("oldest", selection.view.table)))
        time = attrgetter(selection.view.time)
        found = sorted(self._within(selection), key=time)
        end_ms = None
        if len(found) > limit:
            end_ms = max(time(found[limit]), selection.parameters["from_ms"] + 1)
        kept = [row for row in found if end_ms is None or time(row) < end_ms]
        columns = {name: [getattr(row, name) for row in kept] for name in selection.view.columns}
        return Chunk(table=pa.table(columns, schema=selection.view.schema), next_from_ms=end_ms)

    async def thinned(self, selection: Selection[Spread], *, limit: int) -> list[Spread]:
        self._answer("thinned")
        found = sorted(self._within(selection), key=attrgetter("open_ms"))
        return found[:: -(-len(found) // limit)] if found else []

    async def closes(self, symbols: Sequence[str], interval: Interval, *, count: int) -> pa.Table:
        self._answer(f"closes {interval}")
        names = ("symbol", "open_ms", "close")
        found = [
            [getattr(r, name) for name in names]
            for r in sorted(self.rows, key=lambda r: -getattr(r, "open_ms", 0))
            if isinstance(r, Bar) and r.symbol in symbols and r.interval == interval
        ]
        columns = {name: [row[i] for row in found] for i, name in enumerate(names)}
        return pa.table(columns, schema=pa.schema([schemas.BARS.field(name) for name in names]))

    async def last_prices(self, symbols: Sequence[str]) -> dict[str, LastPrice]:
        self._answer(f"prices {' '.join(symbols)}")
        bars = sorted((r for r in self.rows if isinstance(r, Bar)), key=lambda bar: bar.open_ms)
        return {
            bar.symbol: LastPrice(symbol=bar.symbol, open_ms=bar.open_ms, close=bar.close)
            for bar in bars
            if bar.interval == "1s" and bar.symbol in symbols
        }

    async def ping(self) -> None:
        self._answer("ping")

    async def close(self) -> None:
        pass

    def _within(self, selection: Selection[R]) -> list[R]:
        view, asked = selection.view, selection.parameters
        return [
            row
            for row in self.rows
            if isinstance(row, view.kind)
            and all(getattr(row, name) == value for name, value in selection.where.items())
            and asked["from_ms"] <= getattr(row, view.time) < asked["to_ms"]
            and (not isinstance(selection, HeadlineSelection) or _is_about(row, selection))
        ]

    def _answer(self, view: str) -> None:
        self.asked.append(view)
        if self.away:
            raise StoreUnavailable("expected the store to answer, was: away")


def _is_about(headline: Any, wanted: HeadlineSelection) -> bool:
    text = f"{headline.title} {headline.excerpt}".lower()
    is_named = wanted.symbol is None or wanted.symbol in headline.symbols
    return is_named and all(word.lower() in text for word in wanted.words)


class MemoryCloses:
    """Answers views of scans and closes from lists; `away` makes every one fail."""

    def __init__(self, scans: Sequence[Divergence] = (), closes: Sequence[DailyClose] = ()) -> None:
        self.scans = list(scans)
        self.rows = list(closes)
        self.away = False
        self.asked: list[str] = []

    async def connect(self, _settings: Settings) -> MemoryCloses:
        self._answer("connect")
        return self

    async def latest(self) -> list[Divergence]:
        self._answer("latest")
        return list(
            {
                (scan.group, scan.interval): scan
                for scan in sorted(self.scans, key=attrgetter("open_ms"))
            }.values()
        )

    async def divergers(
        self, group: str, interval: ScanInterval, *, limit: int
    ) -> list[PastDiverger]:
        self._answer(f"divergers {group} {interval}")
        found = [
            PastDiverger(
                open_ms=scan.open_ms,
                symbol=member.symbol,
                window=score.window,
                z=score.z or 0.0,
                own_return=score.own_return or 0.0,
                others_return=score.others_return or 0.0,
                label=member.label,
            )
            for scan in sorted(self.scans, key=attrgetter("open_ms"), reverse=True)
            if (scan.group, scan.interval) == (group, interval)
            for member in scan.members
            for score in member.windows
            if member.verdict == "diverger" and score.window == member.window
        ]
        return found[:limit]

    async def latest_closes(
        self, symbols: Sequence[str], *, sessions: int
    ) -> dict[str, list[DailyClose]]:
        self._answer(f"closes {' '.join(symbols)}")
        found: dict[str, list[DailyClose]] = {}
        for row in sorted(self.rows, key=attrgetter("date")):
            if row.symbol in symbols:
                found.setdefault(row.symbol, []).append(row)
        return {symbol: rows[-sessions:] for symbol, rows in found.items()}

    async def adjusted_closes(self, symbols: Sequence[str], *, sessions: int) -> dict[str, Series]:
        found = await self.latest_closes(symbols, sessions=sessions)
        return {
            symbol: Series(
                symbol=symbol,
                open_ms=[(row.date - EPOCH).days * topics.DAY_MS for row in rows],
                closes=[row.adjusted_close for row in rows],
                fetched_ms=rows[-1].fetched_ms,
            )
            for symbol, rows in found.items()
        }

    async def close(self) -> None:
        pass

    def _answer(self, view: str) -> None:
        self.asked.append(view)
        if self.away:
            raise StoreUnavailable("expected the store to answer, was: away")


class MemoryDesk:
    """config.pairs in memory: what is published is followed by all who do; `away` refuses it."""

    def __init__(self) -> None:
        self.publisher = MemoryPublisher()
        self.away = False
        self.followers: list[MemoryTopics] = []

    @contextlib.asynccontextmanager
    async def follow(self) -> AsyncIterator[Any]:
        topic = MemoryTopics()
        topic.put(topics.PAIRS, *self.publisher.on(topics.PAIRS))
        self.followers.append(topic)
        yield topic

    @contextlib.asynccontextmanager
    async def publishing(self) -> AsyncIterator[MemoryPublisher]:
        if self.away:
            raise BrokerUnavailable("expected Kafka, was: away")
        known = len(self.publisher.published)
        yield self.publisher
        for to, change, _ in self.publisher.published[known:]:
            for topic in self.followers:
                if to is topics.PAIRS:
                    topic.put(to, change)


class MemoryTopics:
    """Topics that a test writes and the API follows; `fail` breaks the connection."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.away = False
        self._records: asyncio.Queue[Record | Exception] = asyncio.Queue()

    @contextlib.asynccontextmanager
    async def follow(self, start_ms: int) -> AsyncIterator[MemoryTopics]:
        self.starts.append(start_ms)
        yield self

    def put(self, topic: Topic[M], *messages: M, arrival_ms: int = 0) -> None:
        for message in messages:
            payload = topic.codec.encode(message)
            self.put_raw(topic, payload, arrival_ms=arrival_ms)

    def put_raw(self, topic: Topic[Any], payload: bytes, *, arrival_ms: int = 0) -> None:
        self._records.put_nowait(Record(topic, 0, 0, arrival_ms, payload))

    def fail(self, error: Exception) -> None:
        self._records.put_nowait(error)

    async def read(self, *, limit: int, wait_ms: int) -> list[Record]:
        found = await self._records.get()
        if isinstance(found, Exception):
            raise found
        return [found]

    async def lag(self) -> int:
        if self.away:
            raise ConnectionError("away")
        return self._records.qsize()
