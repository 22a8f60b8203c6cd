"""The last closes of a group's members, kept in memory and refreshed behind the answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from api.divergence_store import ClosesStore
from api.store import Store
from oddlot import errors
from oddlot.contracts.messages import Divergence, ScanInterval

log = logging.getLogger(__name__)

CLOSES = 60  # of each member
MAX_GROUPS = 300  # 80 members of 60 closes each: 50 KB a group
FIRST_S = 0.5  # how long the first answer of a group waits for the store

Lines = dict[str, list[float]]


@dataclass(slots=True, kw_only=True)
class _Kept:
    computed_ms: int = -1
    lines: Lines | None = None
    reading: asyncio.Task[None] | None = None


class Sparklines:
    """Gives closes at once, those of the scan before where need be."""

    def __init__(self, store: Store, closes: ClosesStore) -> None:
        self._store = store
        self._closes = closes
        self._kept: dict[tuple[str, ScanInterval], _Kept] = {}

    async def of(self, scan: Divergence) -> Lines:
        """Give the last closes of a scan's members, oldest first; none while the store is away."""
        kept = self._entry((scan.group, scan.interval))
        if scan.computed_ms > kept.computed_ms and kept.reading is None:
            kept.reading = asyncio.create_task(self._read(scan, kept))
        if kept.lines is None and kept.reading is not None:
            await asyncio.wait([kept.reading], timeout=FIRST_S)
        return kept.lines or {}

    async def close(self) -> None:
        """Cut off what is being read."""
        reading = [kept.reading for kept in self._kept.values() if kept.reading is not None]
        for task in reading:
            task.cancel()
        if reading:
            await asyncio.wait(reading)

    def _entry(self, key: tuple[str, ScanInterval]) -> _Kept:
        if key not in self._kept and len(self._kept) >= MAX_GROUPS:
            idle = next((k for k, kept in self._kept.items() if kept.reading is None), None)
            if idle is None:
                return _Kept()
            del self._kept[idle]
        return self._kept.setdefault(key, _Kept())

    async def _read(self, scan: Divergence, kept: _Kept) -> None:
        symbols = [member.symbol for member in scan.members]
        try:
            kept.lines = await (
                self._daily(symbols) if scan.interval == "1d" else self._minutes(symbols)
            )
            kept.computed_ms = scan.computed_ms
        except errors.StoreUnavailable as e:
            log.info("no closes of %s: %s", scan.group, e)
        finally:
            kept.reading = None

    async def _daily(self, symbols: Sequence[str]) -> Lines:
        found = await self._closes.ask(
            lambda reader: reader.adjusted_closes(symbols, sessions=CLOSES)
        )
        return {symbol: series.closes for symbol, series in found.items()}

    async def _minutes(self, symbols: Sequence[str]) -> Lines:
        found = await self._store.ask(lambda reader: reader.closes(symbols, "1m", count=CLOSES))
        lines: Lines = {}
        names, values = found["symbol"].to_pylist(), found["close"].to_pylist()
        for symbol, close in zip(reversed(names), reversed(values), strict=True):
            lines.setdefault(symbol, []).append(close)
        return {symbol: line[-CLOSES:] for symbol, line in lines.items()}
