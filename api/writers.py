"""Arrow tables -> CSV, Parquet or Arrow, a piece for each table."""

from __future__ import annotations

import io
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from api.formats import Format

_Make = Any  # pyarrow has no types


class _Sink(io.RawIOBase):
    """Takes what a writer writes, until it is fetched: nothing piles up."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def fetch(self) -> bytes:
        fetched = b"".join(self._pieces)
        self._pieces.clear()
        return fetched


class _ArrowWriter(Protocol):
    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class Writer:
    """Writes one file, table by table; all have one schema."""

    def __init__(self, format_: Format, schema: pa.Schema) -> None:
        self._as_text = format_ == "csv"
        self._sink = _Sink()
        # What Arrow's writers are given stays open until its last piece is fetched.
        self._file = pa.PythonFile(self._sink, mode="w")
        self._writer: _ArrowWriter = _MAKERS[format_](self._file, self._written(schema))

    def write(self, table: pa.Table) -> bytes:
        """Give the next piece of the file."""
        finite = _finite(table)
        self._writer.write_table(_without_lists(finite) if self._as_text else finite)
        return self._sink.fetch()

    def close(self) -> bytes:
        """Give the last piece of the file."""
        self._writer.close()
        return self._sink.fetch()

    def _written(self, schema: pa.Schema) -> pa.Schema:
        return _without_lists(schema.empty_table()).schema if self._as_text else schema


def _csv(file: pa.PythonFile, schema: pa.Schema) -> _Make:
    return pyarrow.csv.CSVWriter(file, schema)


def _parquet(file: pa.PythonFile, schema: pa.Schema) -> _Make:
    return pyarrow.parquet.ParquetWriter(file, schema, compression="zstd")


def _arrow(file: pa.PythonFile, schema: pa.Schema) -> _Make:
    return pa.ipc.new_stream(file, schema)


_MAKERS = {"csv": _csv, "parquet": _parquet, "arrow": _arrow}


def _finite(table: pa.Table) -> pa.Table:
    """Put nothing where a float is none, as in JSON."""
    for i, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            column = table.column(i)
            kept = pc.if_else(pc.is_finite(column), column, pa.scalar(None, field.type))
            table = table.set_column(i, field, kept)
    return table


def _without_lists(table: pa.Table) -> pa.Table:
    """Put JSON where a list is: CSV has no lists."""
    for i, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            texts = [msgspec.json.encode(value).decode() for value in table.column(i).to_pylist()]
            table = table.set_column(i, field.name, pa.array(texts, pa.string()))
    return table
