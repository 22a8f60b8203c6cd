"""The first lines of a file -> what parts its cells, and which cells there are."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from oddlot.errors import BadUpload
from oddlot.quant import uploads_numbers, uploads_times

DELIMITERS = (",", ";", "\t", "|")
MAX_SAMPLE_LINES = 2_000  # a year of days, a day of minutes, and more
MAX_WIDTH = 2_000  # columns
_SCORED_LINES = 100
_WORD = 0.5  # what a cell of text counts against one that is a number or a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The first lines of a file, cut into cells.

    Attributes
    ----------
    delimiter : what parts cells.
    width : cells in most lines.
    rows : (line number from 1, cells) of each line that is not blank.
    """

    delimiter: str
    width: int
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def sample_of(text: str, *, name: str, delimiter: str | None) -> Sample:
    r"""Find the delimiter under which the lines are alike and their cells make sense.

    Parameters
    ----------
    text : whole lines.
    name : of the file, for messages.
    delimiter : if known.

    Raises
    ------
    BadUpload
        If nothing parts the lines into two cells or more.

    Examples
    --------
    >>> sample_of("Date;Close\n2024-01-02;1,5\n", name="a.csv", delimiter=None).delimiter
    ';'
    """
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    lines = lines[:MAX_SAMPLE_LINES]
    tried = [_cut(lines, d) for d in ([delimiter] if delimiter else DELIMITERS)]
    best = max(tried, key=_score)
    if best.width < 2:
        shown = lines[0][1][:80] if lines else ""
        raise BadUpload(
            f"{name}: expected columns parted by a comma, semicolon, tab or bar, was {shown!r}; "
            "give a time and a price in each line, or say the delimiter"
        )
    if best.width > MAX_WIDTH:
        raise BadUpload(f"{name}: expected at most {MAX_WIDTH} columns, was {best.width}; split it")
    return best


def cells_of(line: str, delimiter: str) -> tuple[str, ...] | None:
    """Cut a line into cells; None where a quote is left open.

    Parameters
    ----------
    line : without its end.
    delimiter : what parts cells.

    Examples
    --------
    >>> cells_of('a, "1,5"', ","), cells_of('"a,1', ",")
    (('a', '1,5'), None)
    """
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter, skipinitialspace=True,
                                     strict=True), ()))  # fmt: skip
    except csv.Error:
        return None


def _cut(lines: Sequence[tuple[int, str]], delimiter: str) -> Sample:
    cut = ((number, cells_of(line, delimiter)) for number, line in lines)
    rows = tuple((number, cells) for number, cells in cut if cells)
    # A title or a header may be of another width: what most lines have counts.
    widths = Counter(len(cells) for _, cells in rows[len(rows) // 2 :])
    width = max(widths, key=lambda w: (widths[w], w), default=0)
    return Sample(delimiter=delimiter, width=width, rows=rows)


def _score(sample: Sample) -> tuple[float, int]:
    if sample.width < 2:
        return 0.0, 0
    body = sample.rows[len(sample.rows) // 2 :][:_SCORED_LINES]
    alike = [cells for _, cells in body if len(cells) == sample.width]
    worth = [_worth(cell) for cells in alike for cell in cells]
    return len(alike) / len(body) * sum(worth) / max(len(worth), 1), sample.width


def _worth(cell: str) -> float:
    if uploads_numbers.is_missing(cell) or uploads_numbers.is_number(cell):
        return 1.0
    if uploads_times.is_time(cell) or uploads_times.CLOCK_ONLY.fullmatch(cell.strip()):
        return 1.0
    # Text with another delimiter in it was cut at the wrong places.
    return 0.0 if any(d in cell for d in DELIMITERS) else _WORD
