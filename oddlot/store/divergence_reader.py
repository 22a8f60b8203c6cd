"""The tables of scans and daily closes -> the last scan of every group, past divergers, closes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient

from oddlot import errors
from oddlot.contracts.messages import DailyClose, Divergence, ScanInterval
from oddlot.settings import Settings
from oddlot.store.closes import ClosesReader, Series
from oddlot.store.connected import Connected

MAX_DIVERGERS = 1_000  # of one view
MAX_LATEST = 1_500  # groups and pasted scans whose last scan is given

_AS_JSON = ("windows", "members")
_COLUMNS = ", ".join(f"`{field.name}`" for field in fields(Divergence))
# First the keys alone, which are short: whole scans are read for them only.
_LATEST = f"""
    SELECT {_COLUMNS} FROM divergence FINAL
    WHERE (`group`, `interval`, open_ms) IN
    (
        SELECT `group`, `interval`, max(open_ms) AS newest_ms FROM divergence
        GROUP BY `group`, `interval`
        ORDER BY newest_ms DESC
        LIMIT {{limit:UInt32}}
    )
    LIMIT {{limit:UInt32}}
"""
_DIVERGERS = """
    SELECT open_ms, symbol, window, z, own_return, others_return, label FROM divergers
    WHERE `group` = {group:String} AND `interval` = {interval:String} AND verdict = 'diverger'
    ORDER BY open_ms DESC, abs(z) DESC, symbol
    LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDiverger:
    """Somebody who broke ranks at one bar.

    Attributes
    ----------
    open_ms : the bar.
    symbol : who.
    window : of the strongest score, in bars.
    z, own_return, others_return, label : as in that score.
    """

    open_ms: int
    symbol: str
    window: int
    z: float
    own_return: float
    others_return: float
    label: str


class DivergenceReader(Connected):
    """Answers views of scans and closes."""

    def __init__(self, settings: Settings, client: AsyncClient) -> None:
        super().__init__(settings, client)
        self._closes = ClosesReader(settings, client)
        self._past = msgspec.json.Decoder(PastDiverger)

    async def latest(self) -> list[Divergence]:
        """Give the last scan of every group on every interval."""
        rows = await self._lines(_LATEST, {"limit": MAX_LATEST})
        # A hundred groups are megabytes of JSON, which would hold up the loop.
        return await asyncio.to_thread(lambda: [_divergence(row) for row in rows.splitlines()])

    async def divergers(
        self, group: str, interval: ScanInterval, *, limit: int
    ) -> list[PastDiverger]:
        """Give who diverged from a group, newest first, the strongest of a bar first.

        Parameters
        ----------
        group : its id.
        interval : of the scans.
        limit : how many at most, up to MAX_DIVERGERS.

        Raises
        ------
        BadRequest
            If more is asked for.
        """
        if not 0 < limit <= MAX_DIVERGERS:
            raise errors.BadRequest(f"limit: expected 1 to {MAX_DIVERGERS}, was {limit}")
        asked = {"group": group, "interval": interval, "limit": limit}
        return self._past.decode_lines(await self._lines(_DIVERGERS, asked))

    async def latest_closes(
        self, symbols: Sequence[str], *, sessions: int
    ) -> dict[str, list[DailyClose]]:
        """Give the newest sessions of some symbols; `ClosesReader` says more.

        Parameters
        ----------
        symbols, sessions : as there.
        """
        return await self._closes.latest_closes(symbols, sessions=sessions)

    async def adjusted_closes(self, symbols: Sequence[str], *, sessions: int) -> dict[str, Series]:
        """Give what scans need of the same histories; `ClosesReader` says more.

        Parameters
        ----------
        symbols, sessions : as there.
        """
        return await self._closes.adjusted_closes(symbols, sessions=sessions)


def _divergence(row: bytes) -> Divergence:
    """Read a row, whose windows and members are JSON within JSON."""
    columns = msgspec.json.decode(row)
    for name in _AS_JSON:
        columns[name] = msgspec.json.decode(columns[name])
    return msgspec.convert(columns, Divergence)
