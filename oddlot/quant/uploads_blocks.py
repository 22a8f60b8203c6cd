"""The text of a file -> blocks of its lines as frames, each row with its line number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, TextIO

import numpy as np
import pandas as pd

from oddlot.contracts.messages import Int64s
from oddlot.errors import BadUpload
from oddlot.quant import uploads_dialect
from oddlot.quant.uploads_bytes import MAX_LINE_CHARACTERS
from oddlot.quant.uploads_columns import Layout
from oddlot.quant.uploads_numbers import USUAL_MISSING, Style
from oddlot.quant.uploads_times import TimeFormat

BLOCK_CHARACTERS = 1 << 20  # 15,000 lines or so: enough for pandas, little for memory
SHOWN_CHARACTERS = 200  # of a bad line

_Line = tuple[int, str]  # number, text
_BadLine = tuple[int, str, str]  # number, reason, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a file is written.

    Attributes
    ----------
    delimiter : what parts cells.
    style : of numbers.
    layout : of columns.
    times : how times are written.
    """

    delimiter: str
    style: Style
    layout: Layout
    times: TimeFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Whole lines of a file.

    Attributes
    ----------
    first_line : number of the first one, from 1.
    text : they, each with its end.
    """

    first_line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The rows of a block that have as many cells as they should.

    Attributes
    ----------
    frame : a column for each number of the layout's columns that is used.
    lines : (n,) the rows' line numbers.
    bad : (line, reason, text) of the others.
    """

    frame: pd.DataFrame
    lines: Int64s
    bad: list[_BadLine]


def blocks(stream: TextIO, *, name: str, max_lines: int) -> Iterator[Block]:
    """Cut a file into blocks of whole lines.

    Parameters
    ----------
    stream : the text, from its start.
    name : of the file, for messages.
    max_lines : beyond, BadUpload is raised.
    """
    line, rest = 1, stream.read(1).removeprefix("\ufeff")  # some write the mark twice
    while piece := stream.read(BLOCK_CHARACTERS):
        text = (rest + piece).replace("\0", "\ufffd")  # pandas would end the cell there
        end = text.rfind("\n") + 1
        rest = text[end:]
        if len(rest) > MAX_LINE_CHARACTERS:
            last = line + text.count("\n")
            raise BadUpload(
                f"{name}: expected lines of at most {MAX_LINE_CHARACTERS:,} characters, line "
                f"{last} is longer; is it a CSV?"
            )
        if end:
            yield Block(first_line=line, text=text[:end])
            line += text.count("\n", 0, end)
        if line - 1 > max_lines:
            raise BadUpload(
                f"{name}: expected at most {max_lines:,} lines, was more; split it, or thin it out"
            )
    if rest:
        yield Block(first_line=line, text=rest + "\n")


def rows_of(block: Block, form: Form) -> Rows:
    """Read the lines of a block.

    Parameters
    ----------
    block : of the file.
    form : how it is written.

    Notes
    -----
    pandas reads all lines at once; only where it does not get a row from each line, because of
    stray quotes, are they looked at one by one.
    """
    skipped = max(0, form.layout.first_line - block.first_line)
    text, first = block.text, block.first_line + skipped
    if skipped:
        text = "".join(text.splitlines(keepends=True)[skipped:])
    count = text.count("\n")
    read = _reading(form)
    frame = _frame(text, read) if count else _empty(read)
    if frame is not None and len(frame) == count:
        rows = Rows(frame=frame, lines=np.arange(first, first + count), bad=[])
        return _without_ragged(rows, lambda: text.split("\n"), form)
    good, bad = _sift(text, first, form.delimiter)
    frame = _frame("".join(f"{line}\n" for _, line in good), read) if good else _empty(read)
    assert frame is not None, "lines that can be cut are rows"
    assert len(frame) == len(good), "a line that can be cut is one row"
    rows = Rows(frame=frame, lines=np.array([number for number, _ in good], np.int64), bad=bad)
    return _without_ragged(rows, lambda: [line for _, line in good], form)


def _reading(form: Form) -> dict[str, Any]:
    """Give pandas' options: columns by number, and one more to see lines that are too long."""
    layout, values = form.layout, set(form.layout.values)
    texts = {c for c in (layout.clock, layout.symbol) if c is not None}
    if form.times.kind not in ("epoch", "excel"):
        texts.add(layout.time)
    if form.style.thousands:  # pandas would drop the marks wherever they stand
        texts |= values
    used = {layout.time, layout.width - 1, layout.width, *texts, *values}
    kinds: dict[int, Any] = dict.fromkeys(texts, "str")
    empty = [""]
    return {
        "sep": form.delimiter, "decimal": form.style.decimal, "header": 0,
        "names": range(layout.width + 1),
        "usecols": sorted(used), "index_col": False, "dtype": kinds, "engine": "c",
        "keep_default_na": False, "low_memory": False, "skip_blank_lines": False,
        "skipinitialspace": True,
        "na_values": {c: [*USUAL_MISSING] if c in values else empty for c in used},
    }  # fmt: skip


def _frame(text: str, read: dict[str, Any]) -> pd.DataFrame | None:
    try:
        # A header as wide as `names`: else pandas refuses when no line has the last column.
        header = read["sep"] * (len(read["names"]) - 1) + "\n"
        frame: pd.DataFrame = pd.read_csv(StringIO(header + text), **read)
    except pd.errors.ParserError:
        return None
    return frame


def _empty(read: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series([], dtype="str") for c in read["usecols"]})


def _sift(text: str, first: int, delimiter: str) -> tuple[list[_Line], list[_BadLine]]:
    """Part the lines that can be cut into cells from those that cannot."""
    good, bad = list[_Line](), list[_BadLine]()
    for number, line in enumerate(text.split("\n")[:-1], first):
        if uploads_dialect.cells_of(line, delimiter) is None:
            bad.append((number, "a quote is left open", line[:SHOWN_CHARACTERS]))
        else:
            good.append((number, line))
    return good, bad


def _without_ragged(rows: Rows, lines_of: Callable[[], Sequence[str]], form: Form) -> Rows:
    """Take out blank lines and those with other than the usual number of cells."""
    frame, width = rows.frame, form.layout.width
    odd = (frame[width - 1].isna() | frame[width].notna()).to_numpy(bool)
    if not odd.any():
        return rows
    lines, bad, keep = lines_of(), list(rows.bad), ~odd
    for at in np.flatnonzero(odd).tolist():
        cells = uploads_dialect.cells_of(lines[at], form.delimiter) or ()
        while len(cells) > width and not cells[-1].strip():
            cells = cells[:-1]
        is_blank = not any(cell.strip() for cell in cells)
        keep[at] = len(cells) == width and not is_blank
        if not keep[at] and not is_blank:
            reason = f"expected {width} cells, was {len(cells)}"
            bad.append((int(rows.lines[at]), reason, lines[at][:SHOWN_CHARACTERS]))
    return Rows(frame=frame[keep], lines=rows.lines[keep], bad=bad)
