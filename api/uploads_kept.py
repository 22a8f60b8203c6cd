"""Uploads that were understood -> folders under the state, found again by id until they expire."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import pyarrow as pa
from pydantic import Field
from starlette.exceptions import HTTPException

from oddlot import errors
from oddlot.contracts.messages import Float64s, Int64s
from oddlot.quant.uploads_bad import BadRow
from oddlot.quant.uploads_understood import Understood

if TYPE_CHECKING:
    from oddlot.quant.uploads import Upload

ID_BYTES = 16  # nobody guesses 128 bits
ID_CHARACTERS = 22  # of them in URL-safe base64
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_ABOUT = "about.json"
_PART = ".part"  # a folder that is not whole yet


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstoodView:
    """What was made of the files."""

    files: list[Understood]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """An upload: what was understood of it, before anything is computed."""

    upload: Annotated[str, Field(description="Its id in paths.")]
    expires_ms: Annotated[int, Field(description="When it is deleted.")]
    understood: UnderstoodView
    symbols: Annotated[list[str], Field(examples=[["XLF", "XLK"]])]
    bad_rows_total: Annotated[int, Field(description="Rows that were left out.")]
    bad_rows: Annotated[list[BadRow], Field(description="The first 100 of them.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAbout:
    """One symbol of an upload: number of its file, and the step between its bars."""

    number: int
    interval_ms: int | None
    interval: str | None
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is written beside the bars."""

    view: UploadView
    series: dict[str, SeriesAbout]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """The bars of one symbol, mapped from disk: values by role, NaN where there is none."""

    symbol: str
    interval_ms: int
    interval: str
    open_ms: Int64s
    values: dict[str, Float64s]


class Shelf:
    """A folder of uploads. Its methods block: they are for threads."""

    def __init__(self, folder: Path, *, max_kept: int) -> None:
        self._folder = folder
        self._max_kept = max_kept

    def put(self, upload: Upload, *, expires_ms: int) -> UploadView:
        """Keep an upload; it appears whole, or not at all."""
        from oddlot.quant.uploads_symbols import interval_name

        view = UploadView(
            upload=secrets.token_urlsafe(ID_BYTES),
            expires_ms=expires_ms,
            understood=UnderstoodView(files=list(upload.files)),
            symbols=list(upload.tables),
            bad_rows_total=upload.bad_rows_total,
            bad_rows=list(upload.bad_rows),
        )
        part = self._folder / (view.upload + _PART)
        part.mkdir(parents=True)
        try:
            series: dict[str, SeriesAbout] = {}
            for number, table in enumerate(upload.tables.values()):
                _write(part / f"{number}.arrow", table.open_ms, table.columns)
                series[table.symbol] = SeriesAbout(
                    number=number,
                    interval_ms=table.interval_ms,
                    interval=interval_name(table.interval_ms),
                    rows=len(table),
                )
            about = msgspec.json.encode(About(view=view, series=series))
            (part / _ABOUT).write_bytes(about)
            part.rename(self._folder / view.upload)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return view

    def refuse_if_full(self) -> None:
        """Raise where no more uploads are kept."""
        kept = sum(1 for _ in self._uploads())
        if kept >= self._max_kept:
            raise errors.Unavailable(
                f"expected fewer than {self._max_kept} uploads, was {kept}; delete one with DELETE "
                "/uploads/{upload}, wait until one expires, or raise ODDLOT_UPLOAD_KEPT"
            )

    def about(self, upload: str, *, now_ms: int) -> About:
        """Tell what an upload holds; 404 where it is gone."""
        found = self._read(upload) if _is_id(upload) else None
        if found is None or found.view.expires_ms <= now_ms:
            raise _gone(upload)
        return found

    def bars(self, upload: str, symbol: str, *, now_ms: int) -> Bars:
        """Map the bars of one symbol; 404 where there are none."""
        about = self.about(upload, now_ms=now_ms)
        series = about.series.get(symbol)
        if series is None:
            shown = ", ".join(about.view.symbols[:20])
            raise HTTPException(404, f"expected one of {shown}, was {symbol[:40]!r}")
        if series.interval_ms is None:
            raise errors.BadRequest(f"{symbol}: expected two bars or more, was {series.rows}")
        try:
            open_ms, values = _map(self._folder / upload / f"{series.number}.arrow")
        except FileNotFoundError as e:  # deleted since
            raise _gone(upload) from e
        return Bars(
            symbol=symbol, interval_ms=series.interval_ms, interval=series.interval or "",
            open_ms=open_ms, values=values,
        )  # fmt: skip

    def remove(self, upload: str, *, now_ms: int) -> None:
        """Delete an upload; 404 where it is gone already."""
        self.about(upload, now_ms=now_ms)
        shutil.rmtree(self._folder / upload, ignore_errors=True)

    def sweep(self, *, now_ms: int, keep_ms: int) -> None:
        """Delete what has expired, and what was left half-written for as long."""
        for path in self._uploads():
            if path.name.endswith(_PART):
                is_old = path.stat().st_mtime * 1_000 < now_ms - keep_ms
            else:
                found = self._read(path.name)
                is_old = found is None or found.view.expires_ms <= now_ms
            if is_old:
                shutil.rmtree(path, ignore_errors=True)

    def _uploads(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (
                path for path in self._folder.iterdir() if _is_id(path.name.removesuffix(_PART))
            )

    def _read(self, upload: str) -> About | None:
        try:
            return msgspec.json.decode((self._folder / upload / _ABOUT).read_bytes(), type=About)
        except (FileNotFoundError, msgspec.DecodeError):
            return None  # deleted, or of another version: as good as gone


def _is_id(text: str) -> bool:
    """Tell whether a text from outside can be the name of a folder of ours."""
    return len(text) == ID_CHARACTERS and set(text) <= _ALPHABET


def _gone(upload: str) -> HTTPException:
    return HTTPException(
        404,
        f"expected an upload that is kept, was {upload[:40]!r}; uploads are deleted after a while, "
        "POST /uploads again",
    )


def _write(path: Path, open_ms: Int64s, values: dict[str, Float64s]) -> None:
    columns = {"open_ms": open_ms, **values}
    batch = pa.record_batch(
        [pa.array(np.ascontiguousarray(column)) for column in columns.values()], names=[*columns]
    )
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as file:
        file.write_batch(batch)


def _map(path: Path) -> tuple[Int64s, dict[str, Float64s]]:
    """Map a file's columns; they stay readable after it has been deleted."""
    batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    columns = {name: batch.column(name).to_numpy() for name in batch.schema.names}
    open_ms: Int64s = columns.pop("open_ms")
    return open_ms, columns
