"""Rows of all files, in any order -> one table of bars a symbol, sorted, each time once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s
from oddlot.quant.uploads_bad import MAX_LISTED, BadRow, BadRows
from oddlot.quant.uploads_columns import VALUES
from oddlot.quant.uploads_rows import FileRows

C = TypeVar("C", Int64s, Float64s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """The bars of one symbol.

    Attributes
    ----------
    symbol : whose.
    interval_ms : the commonest step between bars; None with less than two.
    open_ms : (n,) increasing.
    columns : open, high, low, close, volume, ... -> (n,) values, NaN where a cell was empty; only
        those that the files have; close is always there, positive and finite.
    """

    symbol: str
    interval_ms: int | None
    open_ms: Int64s
    columns: dict[str, Float64s]

    def __len__(self) -> int:
        return len(self.open_ms)


def tables_of(
    files: Sequence[FileRows], symbols: dict[str, int], bad: BadRows
) -> tuple[dict[str, Table], list[int]]:
    """Sort rows, settle what is there twice, and part them by symbol.

    Equal rows count once. Of different ones at the same time the last one read is kept, and the
    others are bad rows.

    Parameters
    ----------
    files : what was read; emptied, as the rows move on.
    symbols : symbol -> its number in the rows.
    bad : where rows go that others took the place of.

    Returns
    -------
    symbol -> its bars; how many rows of each file were there already.
    """
    keys, values = _columns_of(files)
    if not _is_sorted(keys["symbol"], keys["open_ms"]):
        order = np.lexsort((keys["open_ms"], keys["symbol"]))
        _take(keys, order)
        _take(values, order)
        del order
    symbol, open_ms = keys["symbol"], keys["open_ms"]
    is_again = (symbol[1:] == symbol[:-1]) & (open_ms[1:] == open_ms[:-1])
    equal = [0] * len(files)
    if is_again.any():
        equal = _report(is_again, keys, values, [f.name for f in files], bad)
        keep = np.flatnonzero(np.append(~is_again, True))
        _take(keys, keep)
        _take(values, keep)
    return dict(_parted(keys, values, symbols)), equal


def _columns_of(files: Sequence[FileRows]) -> tuple[dict[str, Int64s], dict[str, Float64s]]:
    """Join the files' parts column by column, letting go of each as it is joined."""
    parts = [part for file in files for part in file.parts]
    sizes = [len(part.open_ms) for part in parts]
    numbers = [n for n, file in enumerate(files) for _ in file.parts]
    for file in files:
        file.parts.clear()
    keys: dict[str, Int64s] = {"file": np.repeat(np.array(numbers, np.int16), sizes)}
    for name in ("symbol", "line", "open_ms"):
        keys[name] = np.concatenate([getattr(part, name) for part in parts])
        for part in parts:
            setattr(part, name, None)
    values: dict[str, Float64s] = {}
    for name in VALUES:
        if any(name in part.values for part in parts):
            columns = (part.values.pop(name, None) for part in parts)
            values[name] = np.concatenate(
                [
                    np.full(n, np.nan) if c is None else c
                    for c, n in zip(columns, sizes, strict=True)
                ]
            )
    return keys, values


def _take(columns: dict[str, C], rows: Int64s) -> None:
    for name in columns:
        columns[name] = columns[name][rows]  # one at a time: two copies of one, not of all


def _report(
    is_again: Bools, keys: dict[str, Int64s], values: dict[str, Float64s],
    names: Sequence[str], bad: BadRows,
) -> list[int]:  # fmt: skip
    """Count rows equal to the one that is kept, a file; list the others."""
    lost = np.flatnonzero(is_again)
    # The next row that is not overtaken by another is the one that is kept.
    kept_rows = np.flatnonzero(np.append(~is_again, True))
    kept = kept_rows[np.searchsorted(kept_rows, lost)]
    differs = np.zeros(len(lost), bool)
    for column in values.values():
        a, b = column[lost], column[kept]
        differs |= (a != b) & ~(np.isnan(a) & np.isnan(b))
    file, line = keys["file"], keys["line"]
    for at, winner in zip(lost[differs][:MAX_LISTED], kept[differs], strict=False):
        where = "" if file[at] == file[winner] else f" of {names[file[winner]]}"
        closes = f"{values['close'][at]:g} and {values['close'][winner]:g}"
        reason = f"same time as line {line[winner]}{where}, which is kept (closes {closes})"
        bad.add(BadRow(file=names[file[at]], line=int(line[at]), reason=reason, text=""))
    bad.total += max(0, int(differs.sum()) - MAX_LISTED)
    counts: list[int] = np.bincount(file[lost[~differs]], minlength=len(names)).tolist()
    return counts


def _parted(
    keys: dict[str, Int64s], values: dict[str, Float64s], symbols: dict[str, int]
) -> Iterator[tuple[str, Table]]:
    ends = np.searchsorted(keys["symbol"], np.arange(len(symbols)), side="right").tolist()
    for name, start, end in zip(symbols, [0, *ends], ends, strict=False):
        if start == end:
            continue
        open_ms = keys["open_ms"][start:end]
        columns = {k: v[start:end] for k, v in values.items()}
        yield (
            name,
            Table(
                symbol=name,
                interval_ms=_interval_ms(open_ms),
                open_ms=open_ms,
                columns={k: v for k, v in columns.items() if not np.isnan(v).all()},
            ),
        )


def _interval_ms(open_ms: Int64s) -> int | None:
    """Give the commonest step between bars; None with less than two."""
    if len(open_ms) < 2:
        return None
    steps, counts = np.unique(np.diff(open_ms), return_counts=True)
    return int(steps[np.argmax(counts)])


def _is_sorted(symbol: Int64s, open_ms: Int64s) -> bool:
    later = (symbol[1:] > symbol[:-1]) | (
        (symbol[1:] == symbol[:-1]) & (open_ms[1:] >= open_ms[:-1])
    )
    return bool(later.all())
