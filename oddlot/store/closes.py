"""The table of daily closes -> histories, each from one fetch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient

from oddlot import errors
from oddlot.contracts.messages import DailyClose
from oddlot.settings import Settings
from oddlot.store.connected import Connected

MAX_SYMBOLS = 500  # of one view
MAX_SESSIONS = 1_000
MAX_ROWS = 100_000

_COLUMNS = ", ".join(f"`{field.name}`" for field in fields(DailyClose))
# Rows of an earlier fetch are adjusted for fewer splits: they never stand beside newer ones.
_LATEST = f"""
    SELECT {_COLUMNS} FROM
    (
        SELECT {_COLUMNS}, max(fetched_ms) OVER (PARTITION BY symbol) AS newest_ms
        FROM closes FINAL
        WHERE symbol IN {{symbols:Array(String)}}
    )
    WHERE fetched_ms = newest_ms
    ORDER BY symbol, date DESC
    LIMIT {{sessions:UInt32}} BY symbol
    LIMIT {{rows:UInt32}}
"""
# The same in a fifth of the time, for scans: two arrays a symbol.
_SERIES = """
    SELECT symbol, newest_ms AS fetched_ms, arrayMap(day -> day.1, days) AS open_ms,
           arrayMap(day -> day.2, days) AS closes
    FROM
    (
        SELECT symbol, max(fetched_ms) AS newest_ms,
               arraySlice(
                   arraySort(
                       arrayFilter(
                           day -> day.3 = newest_ms,
                           groupArray(
                               (toInt64(toUInt16(date)) * 86400000, adjusted_close, fetched_ms)
                           )
                       )
                   ),
                   -{sessions:Int32}
               ) AS days
        FROM closes FINAL
        WHERE symbol IN {symbols:Array(String)}
        GROUP BY symbol
        ORDER BY symbol
        LIMIT {rows:UInt32}
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One symbol's adjusted closes, oldest first, all from one fetch.

    Attributes
    ----------
    open_ms : midnight UTC of each session's date.
    closes : adjusted.
    fetched_ms : our clock.
    """

    symbol: str
    open_ms: list[int]
    closes: list[float]
    fetched_ms: int


class ClosesReader(Connected):
    """Answers views of daily closes."""

    def __init__(self, settings: Settings, client: AsyncClient) -> None:
        super().__init__(settings, client)
        self._decoder = msgspec.json.Decoder(DailyClose)
        self._series = msgspec.json.Decoder(Series)

    async def latest_closes(
        self, symbols: Sequence[str], *, sessions: int
    ) -> dict[str, list[DailyClose]]:
        """Give the newest sessions of some symbols, oldest first; unknown ones are left out.

        A history comes from one fetch: its newest. While that one is being stored, for a fraction
        of a second, it may be short.

        Parameters
        ----------
        symbols : up to MAX_SYMBOLS.
        sessions : of each, up to MAX_SESSIONS; fewer where MAX_ROWS are reached.

        Raises
        ------
        BadRequest
            If more is asked for.
        """
        lines = await self._lines(_LATEST, _asked(symbols, sessions))
        found: dict[str, list[DailyClose]] = {}
        for close in reversed(self._decoder.decode_lines(lines)):
            found.setdefault(close.symbol, []).append(close)
        return found

    async def adjusted_closes(self, symbols: Sequence[str], *, sessions: int) -> dict[str, Series]:
        """Give what scans need of the same histories; unknown symbols are left out.

        Parameters
        ----------
        symbols, sessions : as for `latest_closes`.

        Raises
        ------
        BadRequest
            If more is asked for.
        """
        lines = await self._lines(_SERIES, _asked(symbols, sessions))
        return {series.symbol: series for series in self._series.decode_lines(lines)}


def _asked(symbols: Sequence[str], sessions: int) -> dict[str, Any]:
    if len(symbols) > MAX_SYMBOLS:
        raise errors.BadRequest(
            f"symbols: expected at most {MAX_SYMBOLS}, was {len(symbols)}; ask in parts"
        )
    if not 0 < sessions <= MAX_SESSIONS:
        raise errors.BadRequest(
            f"sessions: expected 1 to {MAX_SESSIONS}, was {sessions}; ask for fewer"
        )
    return {"symbols": list(symbols), "sessions": sessions, "rows": MAX_ROWS}
