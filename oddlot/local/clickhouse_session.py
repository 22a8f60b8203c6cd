"""Statements -> one connection of the engine; a thread of its own each, because chDB needs it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chdb

from oddlot.local import clickhouse_errors

DATABASE = "default"
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_BASE = {"async_insert": "0"}  # an insert is acknowledged once it is on disk
# With a deadline of its own, chDB ends a streamed insert early and calls it a success.
_INSERT = {"max_execution_time": "0", "async_insert": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement with all that travels beside it.

    Attributes
    ----------
    sql : without data.
    format : of the answer unless `sql` names one, or of the data of an insert.
    database : for unqualified names.
    settings : for this statement only.
    params : values of its `{name:Type}` places, as text.
    """

    sql: str
    format: str
    database: str = DATABASE
    settings: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a statement gave.

    Attributes
    ----------
    body : in the format asked for; empty for inserts and definitions.
    rows, size : rows and bytes in the answer.
    read_rows, read_bytes : taken from tables.
    written_rows, written_bytes : put into tables.
    elapsed_ns : in the engine.
    """

    body: bytes = b""
    rows: int = 0
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_ns: int = 0


class Session:
    """One connection; never two threads at a time, never two statements at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)
        self._open()

    def query(self, statement: Statement) -> Result:
        """Run a statement to its end.

        Raises
        ------
        StatementFailed
            With what the engine says.
        """
        with self._failures():
            self._prepare(statement)
            answer = self._connection.query(
                statement.sql, statement.format, params=dict(statement.params) or None
            )
            return Result(
                body=answer.bytes() or b"",
                rows=answer.rows_read(),
                read_rows=answer.storage_rows_read(),
                read_bytes=answer.storage_bytes_read(),
                written_rows=answer.rows_written(),
                written_bytes=answer.bytes_written(),
                elapsed_ns=int(answer.elapsed() * 1e9),
            )

    def stream(self, statement: Statement) -> Generator[bytes]:
        """Run a read and give its blocks as they come; close the iterator to cancel it.

        Raises
        ------
        StatementFailed
            With what the engine says, at the first block or at any later one.
        """
        with self._failures():
            self._prepare(statement)
            blocks = self._connection.send_query(
                statement.sql, statement.format, params=dict(statement.params) or None
            )
            with contextlib.closing(blocks):
                for block in blocks:
                    yield block.bytes()

    def insert(self, statement: Statement, chunks: Callable[[], bytes]) -> Result:
        """Put data into a table; they are on disk when this returns.

        Parameters
        ----------
        statement : an insert without its FORMAT; `statement.format` is that of the data.
        chunks : gives the next bytes of the data, none at their end. If it raises, the insert is
            cancelled.

        Raises
        ------
        StatementFailed
            With what the engine says.
        """
        started = time.perf_counter_ns()
        with self._failures():
            self._prepare(statement, _INSERT)
            for name, value in statement.params.items():  # a streamed insert takes none beside it
                self._run(f"SET {_named('param_' + name)} = {_quoted(value)}")
            inserter = self._connection.send_insert(statement.sql, statement.format)
            try:
                while chunk := chunks():
                    inserter.append(chunk)
            except BaseException:
                with contextlib.suppress(RuntimeError):
                    inserter.cancel()
                raise
            done = inserter.finish()
        if statement.params:
            self.reset()
        return Result(
            written_rows=done.rows_written,
            written_bytes=done.bytes_written,
            elapsed_ns=time.perf_counter_ns() - started,
        )

    def reset(self) -> None:
        """Forget what SET and USE have left behind: over HTTP they end with their request."""
        self.close()
        self._open()

    def close(self) -> None:
        """Let go of the engine."""
        self._connection.close()

    def _open(self) -> None:
        self._connection: Any = chdb.connect(self._directory)  # chDB is untyped
        self._database = DATABASE
        self._settings: dict[str, str] = {}

    def _prepare(self, statement: Statement, forced: Mapping[str, str] | None = None) -> None:
        """Set what differs from the statement before: most often nothing."""
        if statement.database != self._database:
            self._run(f"USE {_quoted(statement.database, '`')}")
            self._database = statement.database
        wanted = {**_BASE, **statement.settings, **(forced or {})}
        changes = [
            f"{_named(name)} = {_quoted(value)}"
            for name, value in wanted.items()
            if self._settings.get(name) != value
        ]
        changes += [f"{name} = DEFAULT" for name in self._settings.keys() - wanted.keys()]
        if changes:
            self._run("SET " + ", ".join(changes))
            self._settings = wanted

    def _run(self, sql: str) -> None:
        self._connection.query(sql, "Null")

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """Translate chDB's errors; afterwards the connection may hold anything, so take another."""
        try:
            yield
        except RuntimeError as e:  # ChdbError is one
            self.reset()
            raise clickhouse_errors.from_engine(str(e)) from e
        except BaseException:
            self.reset()
            raise


def _named(setting: str) -> str:
    if not _SETTING.fullmatch(setting):
        raise clickhouse_errors.failed(
            "SYNTAX_ERROR", f"Expected the name of a setting, was {setting[:40]!r}"
        )
    return setting


def _quoted(text: str, quote: str = "'") -> str:
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote
