"""The tables -> bars, spreads, tests, alerts and last prices for the API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
from clickhouse_connect.driver.asyncclient import AsyncClient

from oddlot import errors
from oddlot.contracts.messages import INTERVAL_MS, Interval, Spread
from oddlot.settings import Settings
from oddlot.store import client as clients
from oddlot.store import statements, views
from oddlot.store.connected import Connected
from oddlot.store.statements import filled
from oddlot.store.views import FOREVER_MS, Chunk, M, Page, Selection

MAX_ROWS = 5_000  # of one view
# Where nothing traded there is no bar: a stretch this many times the wanted one holds enough of
# them for most symbols; for quiet ones the whole table is looked at, of which they have little.
SPAN = 4
ROWS_OF_A_PART = 3  # of a thinned view: the last one, and those of extreme z


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPrice:
    """The close of the newest 1s bar of a symbol."""

    symbol: str
    open_ms: int
    close: float


class _At(msgspec.Struct):
    at: int


class _Extent(msgspec.Struct):
    rows: int
    first_ms: int
    last_ms: int


class Reader(Connected):
    """Answers views of bars, spreads, tests, alerts and headlines."""

    def __init__(self, settings: Settings, client: AsyncClient) -> None:
        super().__init__(settings, client)
        self._decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}
        self._newest_ms: dict[tuple[str, ...], int] = {}  # of what there are rows of

    async def latest(self, selection: Selection[M], *, limit: int) -> Page[M]:
        """Give the newest rows of a selection, oldest first, one a key.

        Parameters
        ----------
        selection : of any view.
        limit : how many at most, up to MAX_ROWS; rows that share the oldest one's time are added.

        Raises
        ------
        BadRequest
            If the limit is not within 1 and MAX_ROWS.
        """
        if not 0 < limit <= MAX_ROWS:
            raise errors.BadRequest(f"limit: expected 1 to {MAX_ROWS}, was {limit}; ask in parts")
        found = await self._newest(selection, limit + 1)  # one more tells whether there are older
        rows = found[:limit]
        if len(found) > limit:
            oldest_ms = getattr(rows[-1], selection.view.time)
            rows = [row for row in found if getattr(row, selection.view.time) >= oldest_ms]
            return Page(rows=rows[::-1], next_to_ms=oldest_ms)
        return Page(rows=rows[::-1], next_to_ms=None)

    async def oldest(self, selection: Selection[M], *, limit: int) -> Chunk:
        """Give the oldest rows of a selection as Arrow, one a key, to read all of it in parts.

        Parameters
        ----------
        selection : of any view.
        limit : how many at most; rows that share the newest one's time are added.
        """
        asked = {**selection.parameters, "limit": limit}
        ends = await self._rows(filled(statements.END, selection), _At, asked)
        end_ms = max(ends[0].at, asked["from_ms"] + 1) if ends else None
        if end_ms is not None:
            asked["to_ms"] = end_ms
        table = await self._arrow(filled(statements.CHUNK, selection), asked)
        return Chunk(table=table.cast(selection.view.schema), next_from_ms=end_ms)

    async def thinned(self, selection: Selection[Spread], *, limit: int) -> list[Spread]:
        """Give about so many spreads that stand for all of a selection, oldest first.

        Parameters
        ----------
        selection : of one pair and interval.
        limit : how many at most, from 10 up to MAX_ROWS. If there are more, time is cut into equal
            parts, and of each the last row and those with the highest and lowest z are given.
        """
        assert selection.view is views.SPREADS
        asked = selection.parameters
        (extent,) = await self._rows(filled(statements.EXTENT, selection), _Extent, asked)
        if extent.rows <= limit:
            return (await self.latest(selection, limit=limit)).rows
        parts = (
            limit // ROWS_OF_A_PART - 1
        )  # one more, since they begin at multiples of their length
        step_ms = max(1, -(-(extent.last_ms + 1 - extent.first_ms) // parts))
        asked |= {"step_ms": step_ms, "limit": limit}
        return (await self._rows(filled(statements.THINNED, selection), Spread, asked))[::-1]

    async def closes(self, symbols: Sequence[str], interval: Interval, *, count: int) -> pa.Table:
        """Give the newest closes of many symbols: columns symbol, open_ms and close, newest first.

        Parameters
        ----------
        symbols : the ones wanted.
        interval : of the bars.
        count : intervals before the newest bar of all to look at.
        """
        asked: dict[str, Any] = {"symbols": list(symbols), "interval": interval}
        (newest,) = await self._rows(statements.NEWEST, _At, asked)
        asked["from_ms"] = newest.at - count * INTERVAL_MS[interval]
        asked["limit"] = (count + 1) * len(symbols)
        return await self._arrow(statements.CLOSES, asked)

    async def last_prices(self, symbols: Sequence[str]) -> dict[str, LastPrice]:
        """Give the close of each symbol's newest 1s bar; a symbol without bars is left out.

        Parameters
        ----------
        symbols : the ones wanted.
        """
        found = await asyncio.gather(
            *(
                self._rows(statements.LAST_PRICE, LastPrice, {"symbol": symbol})
                for symbol in symbols
            )
        )
        return {price.symbol: price for prices in found for price in prices}

    async def ping(self) -> None:
        """Return if the store answers; raise StoreUnavailable if not."""
        with clients.answering(self._settings):
            if not await self._client.ping():
                raise OSError("no answer to /ping")

    async def _newest(self, selection: Selection[M], limit: int) -> list[M]:
        """Look near the newest row seen so far; if that is not enough, look at everything."""
        view = selection.view
        sql = filled(statements.LATEST, selection)
        asked = {**selection.parameters, "limit": limit}
        key = (view.table, *selection.where.values())
        rows: list[M] = []
        if spacing_ms := views.spacing_ms(selection):
            span_ms = SPAN * limit * spacing_ms
            near_ms = min(self._newest_ms.get(key, -FOREVER_MS), asked["to_ms"]) - span_ms
        else:
            wide = asked | {"limit": SPAN * limit}
            found = await self._rows(filled(statements.NEAR, selection), _At, wide)
            near_ms = found[0].at if found else -FOREVER_MS
        if near_ms > asked["from_ms"]:
            rows = await self._rows(sql, view.kind, asked | {"from_ms": near_ms})
        if len(rows) < limit:
            rows = await self._rows(sql, view.kind, asked)
        if rows and spacing_ms:
            newest_ms = getattr(rows[0], view.time)
            self._newest_ms[key] = max(newest_ms, self._newest_ms.get(key, -FOREVER_MS))
        return rows

    async def _rows(self, sql: str, kind: type[Any], parameters: dict[str, Any]) -> list[Any]:
        lines = await self._lines(sql, parameters)
        if kind not in self._decoders:
            self._decoders[kind] = msgspec.json.Decoder(kind)
        rows: list[Any] = self._decoders[kind].decode_lines(lines)
        return rows

    async def _arrow(self, sql: str, parameters: dict[str, Any]) -> pa.Table:
        with clients.answering(self._settings):
            stream = await self._client.raw_query(sql, parameters=parameters, fmt="ArrowStream")
        with pa.ipc.open_stream(stream) as batches:
            return batches.read_all()
