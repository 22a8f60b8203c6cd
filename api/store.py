"""The store's views, connected when first asked for, and again when it was away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

import pyarrow as pa

from oddlot import errors
from oddlot.contracts.messages import Interval, Spread
from oddlot.settings import Settings
from oddlot.store.reader import LastPrice
from oddlot.store.views import Chunk, M, Page, Selection

T = TypeVar("T")

ANSWER_S = 10.0  # how long a browser waits
RETRY_S = 1.0  # between two attempts to connect, whoever asks


class Closable(Protocol):
    """What reads the store has connections, whatever its views."""

    async def close(self) -> None: ...


class Reader(Protocol):
    """What the API reads; `oddlot.store.reader.Reader` says more."""

    async def latest(self, selection: Selection[M], *, limit: int) -> Page[M]: ...

    async def oldest(self, selection: Selection[M], *, limit: int) -> Chunk: ...

    async def thinned(self, selection: Selection[Spread], *, limit: int) -> list[Spread]: ...

    async def closes(
        self, symbols: Sequence[str], interval: Interval, *, count: int
    ) -> pa.Table: ...

    async def last_prices(self, symbols: Sequence[str]) -> dict[str, LastPrice]: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


Connect = Callable[[Settings], Awaitable[Reader]]
C = TypeVar("C", bound=Closable)


class Asking(Generic[C]):
    """Asks the store, which may come and go while the API stays up."""

    def __init__(self, settings: Settings, connect: Callable[[Settings], Awaitable[C]]) -> None:
        self._settings = settings
        self._connect = connect
        self._reader: C | None = None
        self._connecting = asyncio.Lock()
        self._refusal: errors.StoreUnavailable | None = None
        self._retry_at_s = 0.0

    async def ask(self, view: Callable[[C], Awaitable[T]]) -> T:
        """Give a view's answer; raise StoreUnavailable where there is none in time."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await view(await self._connected())
        except TimeoutError as e:
            raise errors.StoreUnavailable(
                f"expected the store to answer within {ANSWER_S:.0f} s, it did not; try again"
            ) from e

    async def close(self) -> None:
        """Let go of the connections."""
        if self._reader is not None:
            await self._reader.close()

    async def _connected(self) -> C:
        async with self._connecting:
            if self._reader is None:
                if self._refusal is not None and time.monotonic() < self._retry_at_s:
                    raise self._refusal
                try:
                    self._reader = await self._connect(self._settings)
                except errors.StoreUnavailable as e:
                    self._refusal = e
                    self._retry_at_s = time.monotonic() + RETRY_S
                    raise
            return self._reader


Store = Asking[Reader]
