"""Blocks of one file -> its good rows as columns; the bad ones with their reasons."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oddlot.contracts.messages import Bools, Float64s, Int64s
from oddlot.errors import BadUpload
from oddlot.quant import uploads_blocks, uploads_numbers, uploads_times
from oddlot.quant.uploads_bad import MAX_LISTED, BadRow, BadRows
from oddlot.quant.uploads_blocks import SHOWN_CHARACTERS, Block, Form, Rows
from oddlot.quant.uploads_columns import MAX_SYMBOLS, PRICES, Layout, Series
from oddlot.quant.uploads_names import role_of
from oddlot.quant.uploads_symbols import symbol_of
from oddlot.quant.uploads_times import NO_TIME, DateOrder

_SHOWN_CELL = 40  # characters


class OtherOrder(Exception):
    """A date says that day and month stand the other way round than was thought."""

    def __init__(self, order: DateOrder) -> None:
        super().__init__(order)
        self.order = order


@dataclass(slots=True)
class Part:
    """Good rows of one block: number of the symbol, open, line, and values by role."""

    symbol: Int64s
    open_ms: Int64s
    line: Int64s
    values: dict[str, Float64s]


@dataclass(slots=True, kw_only=True)
class FileRows:
    """What one file gives.

    Attributes
    ----------
    name : of the file.
    symbol : of its prices where no column says it.
    symbols : symbol -> number, of all files; grows.
    max_rows : how many there may be.
    parts, bad : good rows and bad ones.
    rows, missing, outside : good rows, cells without a price where a column is a symbol, rows
        whose close lies outside of low and high.
    first_ms, last_ms : of the good rows.
    seen : numbers of the file's symbols.
    units : of times that are numbers.
    is_sorted : rows came in time order, as far as can be told without sorting.
    newest_ms : time of the last row read.
    is_order_proven : a date was met that can be read only as it was, day first or month first.
    """

    name: str
    symbol: str
    symbols: dict[str, int]
    max_rows: int
    parts: list[Part] = field(default_factory=list)
    bad: BadRows = field(default_factory=BadRows)
    rows: int = 0
    missing: int = 0
    outside: int = 0
    first_ms: int = 0
    last_ms: int = 0
    seen: dict[int, None] = field(default_factory=dict)
    units: dict[str, None] = field(default_factory=dict)
    is_sorted: bool = True
    newest_ms: int = NO_TIME
    is_order_proven: bool = False

    def add(self, block: Block, form: Form) -> None:
        """Read a block and take in its rows."""
        rows = uploads_blocks.rows_of(block, form)
        for line, reason, text in rows.bad:
            self.bad.add(BadRow(file=self.name, line=line, reason=reason, text=text))
        look = _Look(self, rows, block, form)
        parts = [part for part in look.parts() if len(part.open_ms)]
        if parts:
            self._keep(_joined(parts) if len(parts) > 1 else parts[0])
        if self.rows > self.max_rows:
            raise BadUpload(
                f"{self.name}: expected at most {self.max_rows:,} rows, was more; split the "
                "upload, or thin it out"
            )

    def number_of(self, symbol: str) -> int:
        """Give the number of a symbol, a new one at its first appearance."""
        if symbol not in self.symbols and len(self.symbols) >= MAX_SYMBOLS:
            raise BadUpload(
                f"{self.name}: expected at most {MAX_SYMBOLS:,} symbols, was more; "
                "say which column is `symbol`"
            )
        return self.symbols.setdefault(symbol, len(self.symbols))

    def _keep(self, part: Part) -> None:
        first, last = int(part.open_ms.min()), int(part.open_ms.max())
        self.first_ms = min(self.first_ms, first) if self.rows else first
        self.last_ms = max(self.last_ms, last) if self.rows else last
        self.seen |= dict.fromkeys(np.unique(part.symbol).tolist())
        self.rows += len(part.open_ms)
        self.parts.append(part)


class _Look:
    """The rows of one block while they are looked at; each is refused for one reason."""

    def __init__(self, file: FileRows, rows: Rows, block: Block, form: Form) -> None:
        self._file, self._rows, self._form = file, rows, form
        self._frame = rows.frame
        self._block = block
        self._lines: list[str] = []

    def parts(self) -> Iterator[Part]:
        """Give the good rows, a part for each series."""
        layout = self._form.layout
        times = self._times()
        refused = self._without_time(times)
        symbols = np.zeros(len(refused), np.int64)
        if layout.symbol is not None:
            symbols, nameless = self._symbols(self._frame[layout.symbol])
            self._refuse(nameless, refused, lambda _: "expected a symbol, was empty")
        for series in layout.series:
            if layout.symbol is None:
                symbols[:] = self._file.number_of(series.symbol or self._file.symbol)
            yield self._part(series, symbols, times, refused.copy())

    def _times(self) -> Int64s:
        """Read the times; raise OtherOrder where they show that day and month are swapped."""
        form, cells = self._form, _time_cells(self._frame, self._form.layout)
        times = uploads_times.parse(cells, form.times)
        unread = times == NO_TIME
        if not (form.times.is_sure or self._file.is_order_proven):
            self._prove_order(cells, unread)
        if form.times.kind == "epoch" and not unread.all():
            numbers = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)[~unread]
            self._file.units |= dict.fromkeys(uploads_times.units_of(numbers))
        good = times[~unread]
        if len(good) and self._form.layout.symbol is None:
            before = self._file.newest_ms
            self._file.is_sorted &= bool(good[0] >= before and (np.diff(good) >= 0).all())
            self._file.newest_ms = int(good[-1])
        return times

    def _prove_order(self, cells: pd.Series[str], unread: Bools) -> None:
        """See whether a date can be read one way only."""
        times = self._form.times
        other: DateOrder = "mdy" if times.order == "dmy" else "dmy"
        turned = uploads_times.parse(cells, uploads_times.with_order(times, other)) == NO_TIME
        self._file.is_order_proven = bool((turned & ~unread).any())
        if (unread & ~turned).any() and not self._file.is_order_proven:
            raise OtherOrder(other)

    def _without_time(self, times: Int64s) -> Bools:
        layout = self._form.layout
        refused = np.zeros(len(times), bool)
        unread = times == NO_TIME
        if unread.any():
            cells = self._frame[layout.time].astype("str").str.strip()
            # A header again, where files were joined, is no bad row.
            for at in np.flatnonzero(unread)[:MAX_LISTED].tolist():
                refused[at] = role_of(str(cells.iat[at])) == "time"
            words = uploads_times.in_words(self._form.times)
            self._refuse(
                unread, refused,
                lambda at: f"expected a time as {words}, 1900 to 2100, was {_shown(cells.iat[at])}",
            )  # fmt: skip
        return refused

    def _symbols(self, column: pd.Series[str]) -> tuple[Int64s, Bools]:
        codes, names = pd.factorize(column)
        known = [symbol_of(str(name)) for name in names]
        numbers = np.array([self._file.number_of(n) if n else -1 for n in known] + [-1])
        symbols = numbers[codes]  # -1, a missing name, takes the last one
        return symbols, symbols < 0

    def _part(self, series: Series, symbols: Int64s, times: Int64s, refused: Bools) -> Part:
        """Check the cells of one series; give the rows that are left."""
        values: dict[str, Float64s] = {}
        of = f"{series.symbol} " if series.symbol else ""
        is_alone = len(self._form.layout.series) == 1 and set(series.columns) != {"close"}
        for role, column in series.columns.items():
            cells = self._frame[column]
            values[role], is_bad = uploads_numbers.parse(cells, self._form.style)
            self._refuse(is_bad, refused, _says(f"{of}{role}: expected a number", cells))
        close = values["close"]
        missing = np.isnan(close)
        if is_alone:
            self._refuse(missing, refused, lambda _: "expected a close, was empty")
        else:
            self._file.missing += int((missing & ~refused).sum())
            refused |= missing
        for role, column in series.columns.items():
            with np.errstate(invalid="ignore"):
                low = values[role] <= 0 if role in PRICES else values[role] < 0
            least = "above zero" if role in PRICES else "zero or more"
            self._refuse(low, refused, _says(f"{of}{role}: expected {least}", self._frame[column]))
        good = ~refused
        self._note_outside(values, good)
        return Part(
            symbol=symbols[good], open_ms=times[good],
            line=self._rows.lines[good].astype(np.int32),
            values={role: column[good] for role, column in values.items()},
        )  # fmt: skip

    def _note_outside(self, values: dict[str, Float64s], good: Bools) -> None:
        if "low" in values and "high" in values:
            with np.errstate(invalid="ignore"):
                outside = (values["close"] < values["low"]) | (values["close"] > values["high"])
            self._file.outside += int((outside & good).sum())

    def _refuse(self, wrong: Bools, refused: Bools, reason: Callable[[int], str]) -> None:
        """Mark rows as refused, and list those that were not refused before."""
        new = np.flatnonzero(wrong & ~refused)
        refused |= wrong
        bad = self._file.bad
        for at in new[: bad.room].tolist():
            line = int(self._rows.lines[at])
            bad.listed.append(
                BadRow(file=self._file.name, line=line, reason=reason(at), text=self._text(line))
            )
        bad.total += len(new)

    def _text(self, line: int) -> str:
        self._lines = self._lines or self._block.text.split("\n")
        return self._lines[line - self._block.first_line][:SHOWN_CHARACTERS]


def _time_cells(frame: pd.DataFrame, layout: Layout) -> pd.Series[str]:
    """Give the cells of times, the time of day put after the date where it stands apart."""
    cells = frame[layout.time]
    if layout.clock is None:
        return cells
    clock = frame[layout.clock].str.strip()
    clock = clock.str.replace(r"^(\d\d?)(\d\d)(\d\d)?$", _spell_out, regex=True)
    return cells.str.strip() + " " + clock


def _spell_out(m: re.Match[str]) -> str:
    """Write 93000 as 09:30:00."""
    digits = m[0].zfill(4 if len(m[0]) <= 4 else 6)
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def _says(expected: str, cells: pd.Series[str]) -> Callable[[int], str]:
    return lambda at: f"{expected}, was {_shown(cells.iat[at])}"


def _shown(cell: object) -> str:
    if isinstance(cell, str):
        return repr(cell[:_SHOWN_CELL])
    return "empty" if cell is None or cell != cell else f"{cell}"  # NaN is not itself


def _joined(parts: list[Part]) -> Part:
    roles = {role for part in parts for role in part.values}
    return Part(
        symbol=np.concatenate([part.symbol for part in parts]),
        open_ms=np.concatenate([part.open_ms for part in parts]),
        line=np.concatenate([part.line for part in parts]),
        values={
            role: np.concatenate(
                [part.values.get(role, np.full(len(part.open_ms), np.nan)) for part in parts]
            )
            for role in roles
        },
    )
