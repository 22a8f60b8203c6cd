"""Views -> files to download, streamed: whatever the length, a few chunks are in memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

import pyarrow as pa
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.formats import KINDS, Format
from api.problems import RETRY_AFTER_S
from api.store import Store
from api.writers import Writer
from oddlot.store.views import M, Selection

CHUNK_ROWS = 20_000  # 3 MB of spreads in Arrow
MAX_EXPORTS = 4  # at a time: the embedded store has as many readers

MAX_NAME = 100  # characters of a file's name

_UNSAFE = re.compile(r"[^A-Za-z0-9~._-]")


class Exports:
    """Streams files, a few at a time."""

    def __init__(self) -> None:
        self._running = 0

    async def of_store(
        self, store: Store, selection: Selection[M], *, name: str, format_: Format
    ) -> Response:
        """Give all rows of a selection, read as fast as the client takes them."""
        return await self.of_tables(_tables(store, selection), name=name, format_=format_)

    async def of_table(self, table: pa.Table, *, name: str, format_: Format) -> Response:
        """Give rows that are in memory anyway."""
        return await self.of_tables(_one(table), name=name, format_=format_)

    async def of_tables(
        self, tables: AsyncIterator[pa.Table], *, name: str, format_: Format
    ) -> Response:
        """Give tables of one schema, at least one of them, as one file.

        Raises 503 where enough are under way already.
        """
        if self._running >= MAX_EXPORTS:
            detail = f"{MAX_EXPORTS} exports at a time are the limit; try again once one has ended"
            raise HTTPException(503, detail, {"Retry-After": str(RETRY_AFTER_S)})
        pieces = self._pieces(tables, format_)
        first = await anext(pieces)  # what goes wrong so far still has a status
        return _Download(first, pieces, name=name, format_=format_)

    async def _pieces(
        self, tables: AsyncIterator[pa.Table], format_: Format
    ) -> AsyncGenerator[bytes]:
        self._running += 1
        try:
            first = await anext(tables)
            writer = Writer(format_, first.schema)
            yield await asyncio.to_thread(writer.write, first)
            del first
            async for table in tables:
                yield await asyncio.to_thread(writer.write, table)
            yield await asyncio.to_thread(writer.close)
        finally:
            self._running -= 1


class _Download(StreamingResponse):
    """A file in pieces, let go of when the client goes."""

    def __init__(
        self, first: bytes, rest: AsyncGenerator[bytes], *, name: str, format_: Format
    ) -> None:
        kind = KINDS[format_]
        filename = f"oddlot-{_UNSAFE.sub('_', name)[:MAX_NAME]}.{kind.ending}"
        disposition = f'attachment; filename="{filename}"'
        super().__init__(
            _chained(first, rest),
            media_type=kind.media_type,
            headers={"Content-Disposition": disposition, "Vary": "Accept"},
        )
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._rest.aclose()


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _tables(store: Store, selection: Selection[M]) -> AsyncIterator[pa.Table]:
    """Read a selection from its oldest row on, a chunk when the one before is gone."""
    while True:
        asked = selection
        chunk = await store.ask(lambda reader: reader.oldest(asked, limit=CHUNK_ROWS))  # noqa: B023
        yield chunk.table
        if chunk.next_from_ms is None:
            return
        selection = replace(selection, from_ms=chunk.next_from_ms)


async def _one(table: pa.Table) -> AsyncIterator[pa.Table]:
    yield table
