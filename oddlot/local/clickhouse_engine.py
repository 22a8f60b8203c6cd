"""Statements from many requests -> one writer thread and a few reader threads of the engine."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from oddlot.local import clickhouse_errors
from oddlot.local.clickhouse_session import Result, Session, Statement

T = TypeVar("T")
_BLOCKS_AHEAD = 2  # of a streamed answer, read but not sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the embedded store takes on.

    Attributes
    ----------
    readers : statements that read at the same time; writes are one at a time.
    waiting : statements let in, running or not; the next one is told to come again.
    deadline_s : for a read, its wait included.
    transfer_s : for writes and for answers that stream, their wait included.
    stall_s : how long a client may leave an open insert or a streamed answer alone.
    body_bytes : of an insert, unpacked.
    statement_bytes : of anything else; ClickHouse's own max_query_size is 256 KiB.
    gathered_bytes : of an insert that arrive before it takes the writer's time.
    result_bytes : of an answer given in one piece.
    """

    readers: int = 4
    waiting: int = 256
    deadline_s: float = 60.0
    transfer_s: float = 600.0
    stall_s: float = 10.0
    body_bytes: int = 1 << 30
    statement_bytes: int = 16 << 20
    gathered_bytes: int = 4 << 20
    result_bytes: int = 512 << 20


class Engine:
    """The engine with its threads; open it once in a process, on a directory nobody else has."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.limits = limits
        self._directory = directory
        self._local = threading.local()
        self._sessions: list[Session] = []
        self._let_in = 0
        self._counting = threading.Lock()
        self._writer = ThreadPoolExecutor(1, "clickhouse-writer", self._connect)
        self._readers = ThreadPoolExecutor(limits.readers, "clickhouse-reader", self._connect)

    def open(self) -> None:
        """Start the engine; returns once it answers."""
        probe = Statement(sql="SELECT 1", format="Null")
        for pool in (self._writer, self._readers):
            pool.submit(lambda: self._session.query(probe)).result()

    def close(self, grace_s: float) -> bool:
        """Cut off what still runs and end the threads, then the engine.

        Parameters
        ----------
        grace_s : how long to wait for them.

        Returns
        -------
        Whether it has ended; if not, only the end of the process will do.
        """
        killer = Session(self._directory)
        killer.query(Statement(sql="KILL QUERY WHERE 1 ASYNC", format="Null"))
        self._sessions.append(killer)
        closing = threading.Thread(target=self._end_threads, daemon=True)
        closing.start()
        closing.join(grace_s)
        if closing.is_alive():
            return False
        for session in self._sessions:
            session.close()
        return True

    async def read(self, statement: Statement) -> Result:
        """Run a statement that changes nothing; the answer comes in one piece."""
        size = {
            "max_result_bytes": str(self.limits.result_bytes),
            "result_overflow_mode": "throw",
        }
        asked = _bounded(statement, self.limits.deadline_s, size)
        return await self._on(
            self._readers, lambda: self._session.query(asked), self.limits.deadline_s
        )

    async def write(self, statement: Statement, *, scoped: bool = False) -> Result:
        """Run a statement that may change something, after the ones before it.

        Parameters
        ----------
        statement : anything but an insert with data.
        scoped : it changes the connection, which is put right afterwards.
        """
        return await self._on(
            self._writer, lambda: self._write(statement, scoped), self.limits.transfer_s
        )

    async def insert(self, statement: Statement, body: AsyncIterator[bytes]) -> Result:
        """Put data into a table as they arrive; acknowledged once they are on disk.

        Parameters
        ----------
        statement : an insert without its FORMAT.
        body : the data; if it raises, or nobody waits any more, the insert is cancelled.
        """
        loop = asyncio.get_running_loop()
        arrived = [await _gathered(body, self.limits.gathered_bytes)]
        left = threading.Event()

        def chunks() -> bytes:
            if left.is_set():
                raise clickhouse_errors.failed("NETWORK_ERROR", "Expected a client, was gone")
            return (arrived.pop() if arrived else b"") or self._await(loop, _next_or_end(body))

        try:
            return await self._on(
                self._writer,
                lambda: self._session.insert(statement, chunks),
                self.limits.transfer_s,
            )
        finally:
            left.set()

    async def stream(self, statement: Statement) -> AsyncGenerator[bytes]:
        """Run a statement that changes nothing; the answer comes in blocks, as it is read."""
        asked = _bounded(statement, self.limits.transfer_s, {})
        loop = asyncio.get_running_loop()
        blocks: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=_BLOCKS_AHEAD)
        left = threading.Event()

        def produce() -> None:
            with contextlib.closing(self._session.stream(asked)) as stream:
                for block in stream:
                    if left.is_set():
                        return
                    self._await(loop, blocks.put(block))

        async def run() -> None:
            try:
                await self._on(self._readers, produce, self.limits.transfer_s)
            finally:
                await blocks.put(None)

        job = asyncio.create_task(run())
        try:
            while (block := await blocks.get()) is not None:
                yield block
            await job
        finally:
            left.set()
            while not job.done() and await blocks.get() is not None:
                pass  # makes room for what the thread is putting
            with contextlib.suppress(clickhouse_errors.StatementFailed):
                await job

    async def _on(self, pool: ThreadPoolExecutor, work: Callable[[], T], deadline_s: float) -> T:
        """Run work on a thread of a pool, if there is room, and not for ever."""
        with self._counting:
            if self._let_in >= self.limits.waiting:
                raise clickhouse_errors.failed(
                    "TOO_MANY_SIMULTANEOUS_QUERIES",
                    f"Expected at most {self.limits.waiting} statements at a time, "
                    f"was {self._let_in + 1}; try again",
                )
            self._let_in += 1
        future = pool.submit(work)
        future.add_done_callback(lambda _: self._let_out())
        try:
            async with asyncio.timeout(deadline_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as e:
            raise clickhouse_errors.failed(
                "TIMEOUT_EXCEEDED",
                f"Expected to be done within {deadline_s:.0f} s, was still at it; "
                f"ask for less, or later",
            ) from e

    def _end_threads(self) -> None:
        for pool in (self._writer, self._readers):
            pool.shutdown(cancel_futures=True)

    def _let_out(self) -> None:
        with self._counting:
            self._let_in -= 1

    def _write(self, statement: Statement, scoped: bool) -> Result:
        try:
            return self._session.query(statement)
        finally:
            if scoped:
                self._session.reset()

    def _await(self, loop: asyncio.AbstractEventLoop, step: Awaitable[T]) -> T:
        """Let the event loop do something for a thread of the engine, which waits for it."""
        future = asyncio.run_coroutine_threadsafe(_awaited(step), loop)
        try:
            return future.result(self.limits.stall_s)
        except FutureTimeout as e:
            future.cancel()
            raise clickhouse_errors.failed(
                "SOCKET_TIMEOUT",
                f"Expected the client to go on within {self.limits.stall_s:.0f} s, was silent",
            ) from e

    @property
    def _session(self) -> Session:
        session: Session = self._local.session
        return session

    def _connect(self) -> None:
        self._local.session = Session(self._directory)
        self._sessions.append(self._local.session)


def _bounded(statement: Statement, deadline_s: float, size: Mapping[str, str]) -> Statement:
    """Give a read a deadline in the engine too: nothing else ends it once it runs."""
    asked_s = statement.settings.get("max_execution_time", "0")
    if asked_s.isdecimal() and not 0 < int(asked_s) < deadline_s:
        asked_s = f"{deadline_s:.0f}"
    settings = {**size, **statement.settings, "max_execution_time": asked_s}
    return replace(statement, settings=settings)


async def _awaited(step: Awaitable[T]) -> T:
    return await step


async def _next_or_end(body: AsyncIterator[bytes]) -> bytes:
    return await anext(body, b"")


async def _gathered(body: AsyncIterator[bytes], enough: int) -> bytes:
    """Take what arrives until it is enough: a slow client must not hold the writer meanwhile."""
    gathered = bytearray()
    while len(gathered) < enough and (chunk := await anext(body, b"")):
        gathered += chunk
    return bytes(gathered)
