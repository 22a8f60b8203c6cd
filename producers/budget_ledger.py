"""Calls to providers -> a ledger on disk that no restart and no second process can overspend.

Reserved before the call, settled after it. What is reserved and never settled stays spent. All
methods run within a transaction of the caller: see `transaction`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oddlot.contracts.budgets import BudgetWindow, Window
from producers.budget import (
    CLOCK_SKEW_MS,
    LEASE_MS,
    SLIDING_MARGIN_MS,
    SLIDING_MS,
    Limit,
    Meter,
    end_of,
    start_of,
    touched,
)

BUSY_S = 30.0  # another process holds the ledger for milliseconds
KEPT_MS = 63 * 86_400_000  # two months: this one, and the one before it
FIRST_BLOCK_MS = 3_600_000  # a refusal that our own count does not explain; doubled each time

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, units INTEGER NOT NULL,
    started_ms INTEGER NOT NULL, ended_ms INTEGER
);
CREATE INDEX IF NOT EXISTS calls_by_start ON calls (provider, started_ms);
CREATE TABLE IF NOT EXISTS blocks (
    provider TEXT PRIMARY KEY, until_ms INTEGER NOT NULL, window TEXT, reason TEXT NOT NULL,
    told_ms INTEGER NOT NULL, times INTEGER NOT NULL
);
"""
# When a call can have reached its provider at the latest.
_ENDED = f"coalesce(ended_ms, started_ms + {LEASE_MS})"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units taken for one call that is about to be made."""

    id: int
    provider: str
    units: int


@dataclass(frozen=True, slots=True)
class Block:
    """A provider's no, and until when it is believed.

    Attributes
    ----------
    window : whose quota is spent; None where something else is the matter.
    """

    until_ms: int
    window: Window | None
    reason: str


def open_ledger(path: Path, *, survives_power_cuts: bool = True) -> sqlite3.Connection:
    """Open the file, creating it; usable from any thread, one at a time.

    Parameters
    ----------
    path : of the file.
    survives_power_cuts : wait for the disk at every step, so that no cut brings spent units back.
        A killed process loses nothing either way.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {'FULL' if survives_power_cuts else 'OFF'}")
    with transaction(db):
        for statement in filter(str.strip, _SCHEMA.split(";")):
            db.execute(statement)
    return db


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Hold the ledger alone: whoever else wants to write waits, and sees what was written."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


class Ledger:
    """The units that every provider has been asked for."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def reserve(
        self, provider: str, limits: Sequence[Limit], units: int, *, now_ms: int
    ) -> Reservation | None:
        """Take units if all limits leave them; None if one does not, or the provider said no."""
        if self.block(provider, now_ms) or units > self.room(provider, limits, now_ms):
            return None
        return Reservation(self._note(provider, units, now_ms, None), provider, units)

    def settle(self, reservation: Reservation, *, now_ms: int) -> None:
        """Note that the call has ended, however it did."""
        self._db.execute("UPDATE calls SET ended_ms = ? WHERE id = ?", (now_ms, reservation.id))
        self._db.execute(
            "DELETE FROM calls WHERE provider = ? AND started_ms < ?",
            (reservation.provider, now_ms - KEPT_MS),
        )

    def release(self, reservation: Reservation) -> None:
        """Give units back of a call that never left this machine."""
        self._db.execute("DELETE FROM calls WHERE id = ?", (reservation.id,))

    def reconcile(
        self, provider: str, limits: Sequence[Limit], meter: Meter, *, now_ms: int
    ) -> None:
        """Count what the provider has counted and we have not: others may use the same key.

        Where we have counted more than it says, we go by ours: it may speak of a shorter stretch.
        """
        limit = next((each for each in limits if each.window == meter.window), None)
        if limit is None:
            return
        said = [meter.used, None if meter.left is None else limit.units - meter.left]
        used = max((each for each in said if each is not None), default=0)
        missing = used - self.used(provider, limit, now_ms)
        if missing > 0:
            self._note(provider, missing, now_ms, now_ms)

    def refused(
        self,
        provider: str,
        window: Window | None,
        reason: str,
        *,
        retry_ms: int | None,
        now_ms: int,
    ) -> None:
        """Believe a provider that says no, for as long as it says, or else until it may change.

        Parameters
        ----------
        provider : who says so.
        window : whose quota is spent; None where something else is the matter.
        reason : for people.
        retry_ms : how long it wants to be left alone; None where it does not say.
        now_ms : our clock.
        """
        before = self._db.execute(
            "SELECT times, told_ms FROM blocks WHERE provider = ?", (provider,)
        ).fetchone()
        times = before[0] + 1 if before and _same_window(window, before[1], now_ms) else 1
        until_ms = now_ms + (retry_ms or 0)
        if retry_ms is None and window in SLIDING_MS:
            until_ms = now_ms + SLIDING_MS[window] + SLIDING_MARGIN_MS
        elif retry_ms is None:
            # Its day may end at another hour than ours, or somebody else spends: ask now and then.
            until_ms = now_ms + FIRST_BLOCK_MS * 2 ** min(times - 1, 10)
            if window is not None:
                until_ms = min(until_ms, end_of(window, now_ms) + CLOCK_SKEW_MS)
        self._db.execute(
            "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
            (provider, until_ms, window, reason, now_ms, times),
        )

    def accepted(self, provider: str) -> None:
        """Forget earlier refusals: it has answered."""
        self._db.execute("DELETE FROM blocks WHERE provider = ?", (provider,))

    def block(self, provider: str, now_ms: int) -> Block | None:
        """Give the no that a provider stands by, if any."""
        row = self._db.execute(
            "SELECT until_ms, window, reason FROM blocks WHERE provider = ? AND until_ms > ?",
            (provider, now_ms),
        ).fetchone()
        return None if row is None else Block(*row)

    def room(self, provider: str, limits: Sequence[Limit], now_ms: int) -> int:
        """Give the units that all limits leave, were they asked for now."""
        return min(self._left(provider, limit, now_ms) for limit in limits)

    def used(self, provider: str, limit: Limit, now_ms: int) -> int:
        """Give the units counted in the window that a call would be counted in now."""
        return limit.units - self._left(provider, limit, now_ms)

    def free_ms(self, provider: str, limit: Limit, now_ms: int) -> int:
        """Give the time from which one limit leaves a unit, if nothing more is spent."""
        if self._left(provider, limit, now_ms) > 0:
            return now_ms
        if limit.window not in SLIDING_MS:
            return self.returns_ms(limit, now_ms)
        span_ms = SLIDING_MS[limit.window] + SLIDING_MARGIN_MS
        used = self.used(provider, limit, now_ms)
        for ended_ms, units in self._ends(provider, limit, now_ms):
            used -= units
            if used < limit.units:
                return ended_ms + span_ms
        return now_ms

    def returns_ms(self, limit: Limit, now_ms: int) -> int:
        """Give the time from which a day's or month's limit counts from nothing again."""
        return end_of(limit.window, now_ms - CLOCK_SKEW_MS) + CLOCK_SKEW_MS

    def standing(
        self, provider: str, limits: Sequence[Limit], now_ms: int
    ) -> tuple[BudgetWindow, ...]:
        """Say how much of every limit is spent, for people."""
        return tuple(self._standing(provider, limit, now_ms) for limit in limits)

    def _standing(self, provider: str, limit: Limit, now_ms: int) -> BudgetWindow:
        resets_ms: int | None
        if limit.window in SLIDING_MS:
            used = self.used(provider, limit, now_ms)
            resets_ms = self._oldest_ends_ms(provider, limit, now_ms) if used else None
        else:
            resets_ms = end_of(limit.window, now_ms)
            used = self._counted(provider, start_of(limit.window, now_ms), resets_ms)
        return BudgetWindow(
            window=limit.window,
            limit=limit.units,
            used=used,
            left=max(0, limit.units - used),
            resets_ms=resets_ms,
        )

    def _oldest_ends_ms(self, provider: str, limit: Limit, now_ms: int) -> int:
        """Give when the first of the units that are spent now comes back."""
        oldest_ms, _ = self._ends(provider, limit, now_ms)[0]
        return oldest_ms + SLIDING_MS[limit.window] + SLIDING_MARGIN_MS

    def _ends(self, provider: str, limit: Limit, now_ms: int) -> list[tuple[int, int]]:
        """Give the ends and units of the calls within a sliding window, oldest first."""
        since_ms = now_ms - SLIDING_MS[limit.window] - SLIDING_MARGIN_MS
        return self._db.execute(
            f"SELECT {_ENDED} AS ended, units FROM calls "
            f"WHERE provider = ? AND {_ENDED} > ? ORDER BY ended",
            (provider, since_ms),
        ).fetchall()

    def _left(self, provider: str, limit: Limit, now_ms: int) -> int:
        if limit.window in SLIDING_MS:
            return limit.units - sum(units for _, units in self._ends(provider, limit, now_ms))
        ending_ms = now_ms + LEASE_MS + CLOCK_SKEW_MS
        windows = touched(limit.window, now_ms - CLOCK_SKEW_MS, ending_ms)
        return limit.units - max(self._counted(provider, start, end) for start, end in windows)

    def _counted(self, provider: str, start_ms: int, end_ms: int) -> int:
        """Sum what the provider, by its own clock, may have counted in [start_ms, end_ms)."""
        row = self._db.execute(
            f"SELECT coalesce(sum(units), 0) FROM calls "
            f"WHERE provider = ? AND started_ms - ? < ? AND {_ENDED} + ? >= ?",
            (provider, CLOCK_SKEW_MS, end_ms, CLOCK_SKEW_MS, start_ms),
        ).fetchone()
        return int(row[0])

    def _note(self, provider: str, units: int, started_ms: int, ended_ms: int | None) -> int:
        cursor = self._db.execute(
            "INSERT INTO calls (provider, units, started_ms, ended_ms) VALUES (?, ?, ?, ?)",
            (provider, units, started_ms, ended_ms),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid


def _same_window(window: Window | None, told_ms: int, now_ms: int) -> bool:
    """Tell whether an earlier refusal lies in the same day or month; others grow for a day."""
    long = window if window in {"day", "month"} else "day"
    assert long is not None
    return start_of(long, told_ms) == start_of(long, now_ms)
