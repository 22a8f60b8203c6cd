"""The closes of a group's members -> all its pairs, ranked: one scan at a time, shared by all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from starlette.exceptions import HTTPException

from api.live import now_ms
from api.problems import RETRY_AFTER_S
from api.store import Store
from oddlot.contracts.messages import INTERVAL_MS, Float64s, Interval, Prices
from oddlot.contracts.pairs import DEFAULT_SILENCE_BARS
from oddlot.quant import legs, scan
from oddlot.quant.legs import Leg
from oddlot.quant.scan import Ranking

MAX_SCANS = 8  # different ones under way; one is computed at a time, the others wait for it
KEPT_S = 5.0  # how long an outcome is given to whoever asks for the same
SPAN = 4  # where members are quiet, look so many windows back for enough closes
SETTLED_MS = 3_000  # what is older is stored; a younger close may be there without its neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is scanned."""

    group: str
    symbols: tuple[str, ...]
    interval: Interval
    window: int
    prices: Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a scan has found, when, and how long it took."""

    ranking: Ranking
    computed_ms: int
    took_ms: int


class Job:
    """A scan under way, or done a moment ago."""

    task: asyncio.Task[Outcome]

    def __init__(self) -> None:
        self.done = self.total = 0
        self.ended_s: float | None = None
        self._news = asyncio.Event()

    def tell(self, done: int, total: int) -> None:
        """Say how far it is."""
        self.done, self.total = done, total
        self._wake()

    def end(self, _task: asyncio.Task[Outcome]) -> None:
        """Say that it has ended."""
        self.ended_s = time.monotonic()
        self._wake()

    async def outcome(self) -> Outcome:
        """Wait for its end; who goes away earlier does not take it from the others."""
        return await asyncio.shield(self.task)

    async def progress(self) -> AsyncIterator[tuple[int, int]]:
        """Give how far it is, each time that changes, until its end."""
        while not self.task.done():
            news = self._news
            yield self.done, self.total
            await news.wait()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Scans:
    """Runs scans; equal ones at the same time, or shortly after, are one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[Asked, Job] = {}
        self._computing = asyncio.Lock()

    def start(self, asked: Asked) -> Job:
        """Give the scan that is asked for; raise 503 where too many others are under way."""
        self._forget()
        if asked in self._jobs:
            return self._jobs[asked]
        if sum(job.ended_s is None for job in self._jobs.values()) >= MAX_SCANS:
            detail = f"{MAX_SCANS} scans at a time are the limit; try again later"
            raise HTTPException(503, detail, {"Retry-After": str(RETRY_AFTER_S)})
        job = self._jobs[asked] = Job()
        job.task = asyncio.create_task(self._run(asked, job))
        job.task.add_done_callback(job.end)
        return job

    async def close(self) -> None:
        """Cut off what runs."""
        for job in self._jobs.values():
            job.task.cancel()
        await asyncio.gather(*(job.task for job in self._jobs.values()), return_exceptions=True)

    async def _run(self, asked: Asked, job: Job) -> Outcome:
        loop = asyncio.get_running_loop()

        def tell(done: int, total: int) -> None:
            loop.call_soon_threadsafe(job.tell, done, total)

        async with self._computing:
            began_s = time.monotonic()
            stored = await self._store.ask(
                lambda reader: reader.closes(
                    asked.symbols, asked.interval, count=SPAN * asked.window
                )
            )
            settled_ms = now_ms() - SETTLED_MS
            closes = closes_of(stored, asked.symbols, asked.interval, settled_ms)
            ranking = await asyncio.to_thread(_rank, closes, asked, tell)
        took_ms = round(1_000 * (time.monotonic() - began_s))
        return Outcome(ranking=ranking, computed_ms=now_ms(), took_ms=took_ms)

    def _forget(self) -> None:
        now_s = time.monotonic()
        for asked, job in list(self._jobs.items()):
            if job.ended_s is None:
                continue
            if now_s - job.ended_s > KEPT_S or job.task.cancelled() or job.task.exception():
                del self._jobs[asked]


def closes_of(
    stored: pa.Table, symbols: tuple[str, ...], interval: Interval, settled_ms: int
) -> Float64s:
    """Put stored closes on one clock: (T, S), a column for each symbol, up to what is settled."""
    names = np.asarray(stored["symbol"])
    opens, values = np.asarray(stored["open_ms"])[::-1], np.asarray(stored["close"])[::-1]
    newest_ms = int(opens[-1]) + INTERVAL_MS[interval] if len(opens) else 0
    members = []
    for symbol in symbols:
        own = names[::-1] == symbol
        known_until_ms = min(newest_ms, settled_ms)
        members.append(Leg(open_ms=opens[own], close=values[own], known_until_ms=known_until_ms))
    silence_ms = DEFAULT_SILENCE_BARS * INTERVAL_MS[interval]
    return legs.matrix(members, silence_ms=silence_ms)[1]


def _rank(closes: Float64s, asked: Asked, tell: Callable[[int, int], None]) -> Ranking:
    found = []
    for some in scan.trials(closes, window=asked.window, prices=asked.prices):
        found.append(some)
        tell(some.done, some.total)
    return scan.rank(found, asked.symbols)
