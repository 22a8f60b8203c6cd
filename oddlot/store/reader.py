"""The tables -> bars, spreads and last prices for the API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient

from oddlot import errors
from oddlot.contracts.messages import INTERVAL_MS, Bar, Interval, Spread
from oddlot.settings import Settings
from oddlot.store import client as clients
from oddlot.store import migrations

M = TypeVar("M", Bar, Spread)

MAX_ROWS = 5_000  # of one view
FOREVER_MS = 1 << 62
# Where nothing traded there is no bar: a stretch this many times the wanted one holds enough of
# them for most symbols; for quiet ones the whole table is looked at, of which they have little.
SPAN = 4

# FINAL leaves one row a key, and reads all there is of it: what is read has to be bounded.
_LATEST = """
    SELECT {columns} FROM {table} FINAL
    WHERE {key} = {{name:String}} AND interval = {{interval:String}}
      AND open_ms >= {{from_ms:Int64}} AND open_ms < {{to_ms:Int64}}
    ORDER BY open_ms DESC LIMIT {{limit:UInt32}}
"""
_BARS = _LATEST.format(
    table="bars", key="symbol", columns=", ".join(f"`{f.name}`" for f in fields(Bar))
)
_SPREADS = _LATEST.format(
    table="spreads", key="pair", columns=", ".join(f"`{f.name}`" for f in fields(Spread))
)
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
        self._bars = msgspec.json.Decoder(Bar)
        self._spreads = msgspec.json.Decoder(Spread)
        self._prices = msgspec.json.Decoder(LastPrice)
        self._newest_ms: dict[tuple[str, str, str], int] = {}  # of what there are rows of

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

    async def latest_bars(
        self,
        symbol: str,
        *,
        interval: Interval,
        from_ms: int | None = None,
        to_ms: int | None = None,
        limit: int,
    ) -> list[Bar]:
        """Give the newest closed bars within [from_ms, to_ms), oldest first, one a bar.

        Parameters
        ----------
        symbol : the name the venue trades under.
        interval : of the bars.
        from_ms, to_ms : bounds of `open_ms`; None is open.
        limit : how many at most, up to MAX_ROWS.

        Raises
        ------
        BadRequest
            If the limit is not within 1 and MAX_ROWS.
        """
        asked = _asked(symbol, interval, from_ms, to_ms, limit)
        return await self._latest(_BARS, self._bars, asked)

    async def latest_spreads(
        self,
        pair: str,
        *,
        interval: Interval,
        from_ms: int | None = None,
        to_ms: int | None = None,
        limit: int,
    ) -> list[Spread]:
        """Give the newest spreads within [from_ms, to_ms), oldest first, one a bar.

        Parameters
        ----------
        pair : `y~x`.
        interval : of the bars behind them.
        from_ms, to_ms : bounds of `open_ms`; None is open.
        limit : how many at most, up to MAX_ROWS.

        Raises
        ------
        BadRequest
            If the limit is not within 1 and MAX_ROWS.
        """
        asked = _asked(pair, interval, from_ms, to_ms, limit)
        return await self._latest(_SPREADS, self._spreads, asked)

    async def last_prices(self, symbols: Sequence[str]) -> dict[str, LastPrice]:
        """Give the close of each symbol's newest 1s bar; a symbol without bars is left out.

        Parameters
        ----------
        symbols : the ones wanted.
        """
        found = await asyncio.gather(
            *(self._rows(_LAST_PRICE, self._prices, {"symbol": symbol}) for symbol in symbols)
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

    async def _latest(
        self, sql: str, decoder: msgspec.json.Decoder[M], asked: dict[str, Any]
    ) -> list[M]:
        """Look near the newest row seen so far; if that is not enough, look at everything."""
        key = (sql, asked["name"], asked["interval"])
        span_ms = SPAN * asked["limit"] * INTERVAL_MS[asked["interval"]]
        near_ms = min(self._newest_ms.get(key, -FOREVER_MS), asked["to_ms"]) - span_ms
        rows: list[M] = []
        if near_ms > asked["from_ms"]:
            rows = await self._rows(sql, decoder, asked | {"from_ms": near_ms})
        if len(rows) < asked["limit"]:
            rows = await self._rows(sql, decoder, asked)
        if rows:
            self._newest_ms[key] = max(rows[0].open_ms, self._newest_ms.get(key, -FOREVER_MS))
        return rows[::-1]

    async def _rows(
        self, sql: str, decoder: msgspec.json.Decoder[Any], parameters: dict[str, Any]
    ) -> list[Any]:
        with clients.answering(self._settings):
            lines = await self._client.raw_query(sql, parameters=parameters, fmt="JSONEachRow")
        return decoder.decode_lines(lines)


def _asked(
    name: str, interval: Interval, from_ms: int | None, to_ms: int | None, limit: int
) -> dict[str, Any]:
    if not 0 < limit <= MAX_ROWS:
        raise errors.BadRequest(f"limit: expected 1 to {MAX_ROWS}, was {limit}; ask in parts")
    return {
        "name": name,
        "interval": interval,
        "from_ms": from_ms if from_ms is not None else -FOREVER_MS,
        "to_ms": to_ms if to_ms is not None else FOREVER_MS,
        "limit": limit,
    }
