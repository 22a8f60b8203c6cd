"""What is stored of scans and daily closes, behind the same door as other views."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from api.store import Asking
from oddlot.contracts.messages import DailyClose, Divergence, ScanInterval
from oddlot.settings import Settings
from oddlot.store.closes import Series
from oddlot.store.divergence_reader import PastDiverger


class ClosesReader(Protocol):
    """What the API reads; `oddlot.store.divergence_reader.DivergenceReader` says more."""

    async def latest(self) -> list[Divergence]: ...

    async def divergers(
        self, group: str, interval: ScanInterval, *, limit: int
    ) -> list[PastDiverger]: ...

    async def latest_closes(
        self, symbols: Sequence[str], *, sessions: int
    ) -> dict[str, list[DailyClose]]: ...

    async def adjusted_closes(
        self, symbols: Sequence[str], *, sessions: int
    ) -> dict[str, Series]: ...

    async def close(self) -> None: ...


ConnectCloses = Callable[[Settings], Awaitable[ClosesReader]]
ClosesStore = Asking[ClosesReader]
