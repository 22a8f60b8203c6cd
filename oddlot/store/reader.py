"""The tables -> bars, spreads, tests, alerts and last prices for the API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient

from oddlot import errors
from oddlot.settings import Settings
from oddlot.store import client as clients
from oddlot.store import migrations, views
from oddlot.store.views import FOREVER_MS, M, Page, Selection

MAX_ROWS = 5_000  # of one view
# Where nothing traded there is no bar: a stretch this many times the wanted one holds enough of
# them for most symbols; for quiet ones the whole table is looked at, of which they have little.
SPAN = 4

# FINAL leaves one row a key, and reads all there is of it: what is read has to be bounded.
# Rows that share a time stay together, or a page that ends between them would lose some.
_LATEST = """
    SELECT {columns} FROM {table} FINAL WHERE {condition}
    ORDER BY {time} DESC LIMIT {{limit:UInt32}} WITH TIES
"""
_LAST_PRICE = """
    SELECT symbol, open_ms, close FROM bars
    WHERE symbol = {symbol:String} AND interval = '1s'
    ORDER BY open_ms DESC, revision DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPrice:
    """The close of the newest 1s bar of a symbol."""

    symbol: str
    open_ms: int
    close: float


class Reader:
    """Answers views; any number at a time in one event loop.

    Every method raises `StoreUnavailable` when the store is away.
    """

    def __init__(self, settings: Settings, client: AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}
        self._newest_ms: dict[tuple[str, ...], int] = {}  # of what there are rows of

    @classmethod
    async def connect(cls, settings: Settings) -> Self:
        """Connect, and bring the tables up to date if nobody has.

        Parameters
        ----------
        settings : where the store is.

        Raises
        ------
        StoreUnavailable
            If it does not answer.
        """
        await asyncio.to_thread(migrations.apply, settings)
        return cls(settings, await clients.connect_async(settings))

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

    async def last_prices(self, symbols: Sequence[str]) -> dict[str, LastPrice]:
        """Give the close of each symbol's newest 1s bar; a symbol without bars is left out.

        Parameters
        ----------
        symbols : the ones wanted.
        """
        found = await asyncio.gather(
            *(self._rows(_LAST_PRICE, LastPrice, {"symbol": symbol}) for symbol in symbols)
        )
        return {price.symbol: price for prices in found for price in prices}

    async def ping(self) -> None:
        """Return if the store answers; raise StoreUnavailable if not."""
        with clients.answering(self._settings):
            if not await self._client.ping():
                raise OSError("no answer to /ping")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _newest(self, selection: Selection[M], limit: int) -> list[M]:
        """Look near the newest row seen so far; if that is not enough, look at everything."""
        view = selection.view
        sql = _LATEST.format(
            columns=", ".join(f"`{name}`" for name in view.columns),
            table=view.table,
            condition=selection.condition,
            time=view.time,
        )
        asked = {**selection.parameters, "limit": limit}
        key = (view.table, *selection.where.values())
        rows: list[M] = []
        if spacing_ms := views.spacing_ms(selection):
            span_ms = SPAN * limit * spacing_ms
            near_ms = min(self._newest_ms.get(key, -FOREVER_MS), asked["to_ms"]) - span_ms
            if near_ms > asked["from_ms"]:
                rows = await self._rows(sql, view.kind, asked | {"from_ms": near_ms})
        if len(rows) < limit:
            rows = await self._rows(sql, view.kind, asked)
        if rows and spacing_ms:
            newest_ms = getattr(rows[0], view.time)
            self._newest_ms[key] = max(newest_ms, self._newest_ms.get(key, -FOREVER_MS))
        return rows

    async def _rows(self, sql: str, kind: type[Any], parameters: dict[str, Any]) -> list[Any]:
        with clients.answering(self._settings):
            lines = await self._client.raw_query(sql, parameters=parameters, fmt="JSONEachRow")
        if kind not in self._decoders:
            self._decoders[kind] = msgspec.json.Decoder(kind)
        rows: list[Any] = self._decoders[kind].decode_lines(lines)
        return rows
