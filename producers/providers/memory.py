"""What is wanted, what was fetched, who refused which symbol -> kept on disk beside the budgets.

All methods run within a transaction of the caller: `producers.budget_ledger.transaction`.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import msgspec

from oddlot.contracts.messages import CloseRequest, DailyClose, Venue
from producers.budget_ledger import transaction
from producers.providers.adapter import REMEMBERED_MS, Kind, Refusal

MAX_WANTED = 5_000  # symbols that may wait at once

_SCHEMA = """
CREATE TABLE IF NOT EXISTS wanted (
    symbol TEXT PRIMARY KEY, venue TEXT NOT NULL, sessions INTEGER NOT NULL,
    priority INTEGER NOT NULL, asked_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT NOT NULL DEFAULT '', claimed_until_ms INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS histories (
    symbol TEXT PRIMARY KEY, provider TEXT NOT NULL, fetched_ms INTEGER NOT NULL,
    sessions INTEGER NOT NULL, newest TEXT NOT NULL, closes BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS refusals (
    provider TEXT NOT NULL, symbol TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
    until_ms INTEGER NOT NULL, PRIMARY KEY (symbol, provider)
);
CREATE TABLE IF NOT EXISTS plans (provider TEXT PRIMARY KEY, mark TEXT NOT NULL);
"""
_WANTED = "symbol, venue, sessions, priority, asked_ms, attempts, claimed_by, claimed_until_ms"


class Wanted(NamedTuple):
    """One symbol that somebody waits for."""

    symbol: str
    venue: Venue
    sessions: int
    priority: int
    asked_ms: int
    attempts: int
    claimed_by: str
    claimed_until_ms: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a symbol's history; `sessions` is how many were asked for."""

    symbol: str
    provider: str
    fetched_ms: int
    sessions: int
    newest: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """A refusal, and until when it is believed."""

    refusal: Refusal
    until_ms: int


class Memory:
    """The queue and what came of it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._decoder = msgspec.msgpack.Decoder(tuple[DailyClose, ...])
        with transaction(db):
            for statement in filter(str.strip, _SCHEMA.split(";")):
                db.execute(statement)

    def want(self, requests: Iterable[CloseRequest], now_ms: int) -> list[CloseRequest]:
        """Queue symbols; asked for again, the higher priority and the longer history hold.

        Returns
        -------
        The requests for which the queue had no room.
        """
        (size,) = self._db.execute("SELECT count(*) FROM wanted").fetchone()
        left_out = []
        for request in requests:
            if size >= MAX_WANTED and self.wanted(request.symbol) is None:
                left_out.append(request)
                continue
            size += 1
            self._db.execute(
                "INSERT INTO wanted (symbol, venue, sessions, priority, asked_ms) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (symbol) DO UPDATE SET "
                "sessions = max(sessions, excluded.sessions), "
                "priority = max(priority, excluded.priority)",
                (request.symbol, request.venue, request.sessions, request.priority, now_ms),
            )
        return left_out

    def wanted(self, symbol: str) -> Wanted | None:
        """Give one symbol of the queue."""
        sql = f"SELECT {_WANTED} FROM wanted WHERE symbol = ?"
        row = self._db.execute(sql, (symbol,)).fetchone()
        return None if row is None else Wanted(*row)

    def queue(self) -> list[Wanted]:
        """Give everything that is wanted, in the order in which it is served."""
        rows = self._db.execute(
            f"SELECT {_WANTED} FROM wanted ORDER BY priority DESC, asked_ms, symbol LIMIT ?",
            (MAX_WANTED,),
        )
        return list(map(Wanted._make, rows))

    def claim(self, symbols: Iterable[str], provider: str, until_ms: int) -> None:
        """Say that a provider is being asked: nobody else asks meanwhile."""
        self._db.executemany(
            "UPDATE wanted SET claimed_by = ?, claimed_until_ms = ? WHERE symbol = ?",
            [(provider, until_ms, symbol) for symbol in symbols],
        )

    def free(self, symbols: Iterable[str], *, attempts: int = 0) -> None:
        """Let symbols be asked for again, and count failed attempts."""
        self._db.executemany(
            "UPDATE wanted SET claimed_by = '', claimed_until_ms = 0, attempts = attempts + ? "
            "WHERE symbol = ?",
            [(attempts, symbol) for symbol in symbols],
        )

    def drop(self, symbols: Iterable[str]) -> None:
        """Take symbols off the queue."""
        self._db.executemany("DELETE FROM wanted WHERE symbol = ?", [(s,) for s in symbols])

    def keep(self, closes: Sequence[DailyClose], sessions: int) -> None:
        """Keep a fetched history in place of the one before it."""
        newest = closes[-1]
        self._db.execute(
            "INSERT OR REPLACE INTO histories VALUES (?, ?, ?, ?, ?, ?)",
            (
                newest.symbol,
                newest.provider,
                newest.fetched_ms,
                sessions,
                newest.date.isoformat(),
                msgspec.msgpack.encode(closes),
            ),
        )

    def kept(self) -> dict[str, Kept]:
        """Give what is known of every history of a wanted symbol."""
        rows = self._db.execute(
            "SELECT symbol, provider, fetched_ms, h.sessions, newest "
            "FROM histories h JOIN wanted USING (symbol)"
        )
        return {row[0]: Kept(*row) for row in rows}

    def closes(self, symbol: str) -> tuple[DailyClose, ...]:
        """Give a kept history, empty if there is none."""
        sql = "SELECT closes FROM histories WHERE symbol = ?"
        row = self._db.execute(sql, (symbol,)).fetchone()
        return () if row is None else self._decoder.decode(row[0])

    def refuse(self, provider: str, symbol: str, refusal: Refusal, now_ms: int) -> None:
        """Remember that a provider does not give a symbol."""
        until_ms = now_ms + REMEMBERED_MS[refusal.kind]
        self._db.execute(
            "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?, ?)",
            (provider, symbol, refusal.kind, refusal.reason, until_ms),
        )

    def refusals(self, now_ms: int) -> dict[str, dict[str, Remembered]]:
        """Give who refuses which wanted symbol: symbol, then provider."""
        self._db.execute("DELETE FROM refusals WHERE until_ms <= ?", (now_ms,))
        found: dict[str, dict[str, Remembered]] = defaultdict(dict)
        rows = self._db.execute(
            "SELECT symbol, provider, kind, reason, until_ms "
            "FROM refusals JOIN wanted USING (symbol)"
        )
        for symbol, provider, kind, reason, until_ms in rows:
            refusal = Refusal(cast("Kind", kind), reason)
            found[symbol][provider] = Remembered(refusal, until_ms)
        return found

    def plan_is(self, provider: str, mark: str) -> None:
        """Forget what an earlier key or plan of a provider was refused."""
        sql = "SELECT mark FROM plans WHERE provider = ?"
        row = self._db.execute(sql, (provider,)).fetchone()
        if row == (mark,):
            return
        self._db.execute("DELETE FROM refusals WHERE provider = ? AND kind = 'plan'", (provider,))
        self._db.execute("DELETE FROM blocks WHERE provider = ?", (provider,))
        self._db.execute("INSERT OR REPLACE INTO plans VALUES (?, ?)", (provider, mark))
