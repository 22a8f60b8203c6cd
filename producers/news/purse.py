"""A paid call -> made if the budget that all who ask this provider share leaves it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from oddlot.errors import QuotaSpent
from producers.budget import Limit
from producers.budget_ledger import Ledger, Reservation, open_ledger, transaction
from producers.news.asking import NeverSent
from producers.providers.adapter import Answer

NO_ROOM_MS = 600_000  # until it is looked again where others are to have what is left


class Purse:
    """One provider's budget, in the ledger that the daily closes spend from, too.

    Parameters
    ----------
    path : of the ledger.
    provider : its name there.
    limits : of its plan.
    spare : units of every limit that are left to others.
    """

    def __init__(self, path: Path, provider: str, limits: Sequence[Limit], *, spare: int = 0):
        self._path = path
        self._provider = provider
        self._limits = limits
        self._spare = spare

    async def pay(
        self, call: Callable[[], Awaitable[Answer]], clock_ms: Callable[[], int]
    ) -> Answer:
        """Make a call that costs one unit; raise QuotaSpent where there is none for us."""
        reservation = await asyncio.to_thread(self._reserve, clock_ms())
        is_sent = True
        try:
            return await call()
        except NeverSent:
            is_sent = False
            raise
        finally:
            # A call that is cancelled may have reached the provider: it stays spent.
            await asyncio.to_thread(self._settle, reservation, clock_ms(), is_sent)

    async def refused(self, error: QuotaSpent, now_ms: int) -> None:
        """Believe the provider that its quota is spent, for all who ask it."""
        await asyncio.to_thread(self._refuse, error, now_ms)

    def _reserve(self, now_ms: int) -> Reservation:
        with self._ledger() as ledger:
            block = ledger.block(self._provider, now_ms)
            if block:
                raise QuotaSpent(block.reason, retry_ms=block.until_ms - now_ms)
            if ledger.room(self._provider, self._limits, now_ms) > self._spare:
                reserved = ledger.reserve(self._provider, self._limits, 1, now_ms=now_ms)
                if reserved:
                    return reserved
            free_ms = max(ledger.free_ms(self._provider, limit, now_ms) for limit in self._limits)
        words = "what is left of its quota is kept for daily closes" if self._spare else "is spent"
        raise QuotaSpent(words, retry_ms=max(NO_ROOM_MS, free_ms - now_ms))

    def _settle(self, reservation: Reservation, now_ms: int, is_sent: bool) -> None:
        with self._ledger() as ledger:
            if is_sent:
                ledger.settle(reservation, now_ms=now_ms)
            else:
                ledger.release(reservation)

    def _refuse(self, error: QuotaSpent, now_ms: int) -> None:
        with self._ledger() as ledger:
            ledger.refused(
                self._provider, error.window, str(error), retry_ms=error.retry_ms, now_ms=now_ms
            )

    @contextlib.contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        db = open_ledger(self._path)
        try:
            with transaction(db):
                yield Ledger(db)
        finally:
            db.close()
