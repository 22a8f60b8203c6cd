"""The cells of the first lines -> names of columns and cells below them; which column is time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from oddlot.errors import BadUpload
from oddlot.quant import uploads_numbers, uploads_times
from oddlot.quant.uploads_dialect import Sample
from oddlot.quant.uploads_names import plain, role_of

_LONGEST_DATE = len("31 September 2024")
_JUDGED_LINES = 200
_ALIKE = 0.8  # share of cells that must agree with what a column is taken for


@dataclass(frozen=True, slots=True)
class Table:
    """The first lines as columns.

    Attributes
    ----------
    name : of the file.
    width : number of columns.
    levels : the header's lines, as wide as the data.
    body : the lines below that have the usual number of cells.
    """

    name: str
    width: int
    levels: tuple[tuple[str, ...], ...]
    body: tuple[tuple[str, ...], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the columns, those of several header lines in one; empty without a header."""
        return tuple(
            " ".join(dict.fromkeys(level[c].strip() for level in self.levels if level[c].strip()))
            for c in range(self.width)
        )

    def cells(self, column: int) -> list[str]:
        """Give the first cells of a column."""
        return [cells[column] for cells in self.body[:_JUDGED_LINES]]

    def holds(self, column: int, kind: Callable[[str], object]) -> bool:
        """Tell whether most cells that are there are of a kind."""
        there = [c for c in self.cells(column) if not uploads_numbers.is_missing(c)]
        return sum(1 for c in there if kind(c)) >= _ALIKE * len(there)

    def is_empty(self, column: int) -> bool:
        """Tell whether no cell is there."""
        return all(uploads_numbers.is_missing(c) for c in self.cells(column))


def time_column(sample: Sample, name: str, asked: Mapping[str, str] | None) -> tuple[int, int]:
    """Find the column of times, and the first line that has one."""
    rows = [(n, cells) for n, cells in sample.rows if len(cells) == sample.width]
    labelled = [
        c for c in range(sample.width) if any(role_of(cells[c]) == "time" for _, cells in rows[:4])
    ]
    if asked and "time" in asked:
        columns = [resolve(asked["time"], _labels_of_rows(rows), sample.width, name)]
    else:
        columns = [*labelled, *(c for c in range(sample.width) if c not in labelled)]
    counts = {c: sum(1 for _, cells in rows if uploads_times.is_time(cells[c])) for c in columns}
    if not any(counts.values()):
        counts = {
            c: sum(1 for _, cells in rows if uploads_times.is_day_count(cells[c]))
            for c in columns if c in labelled
        }  # fmt: skip
    most = max(counts.values(), default=0)
    if not most or (len(rows) > 1 and most < len(rows) / 4):
        found = " ".join(rows[-1][1])[:80] if rows else "none"
        raise BadUpload(
            f"{name}: expected a column of times (such as 2024-08-08, 1723075200000 or "
            f"08/08/2024 09:30) and lines below the header, was {found!r}; "
            "export dates as text, or say which column is `time`"
        )
    time = next(c for c in columns if counts.get(c, 0) >= _ALIKE * most)
    return time, next(
        n for i, (n, cells) in enumerate(rows) if not _is_header(cells, time, is_first=i == 0)
    )


def _is_header(cells: Sequence[str], time: int, *, is_first: bool) -> bool:
    """Tell names from a line of data, which may be a bad one."""
    if uploads_times.is_time(cells[time]) or uploads_times.is_day_count(cells[time]):
        return False
    others = [c for i, c in enumerate(cells) if i != time and not uploads_numbers.is_missing(c)]
    numbers = [c for c in others if uploads_numbers.is_number(c)]
    if is_first:  # symbols may be whole numbers
        return len(numbers) < len(others) or not any(set(c) & {".", ","} for c in numbers)
    return 2 * len(numbers) <= len(others)


def levels_of(header: Sequence[Sequence[str]], width: int) -> tuple[tuple[str, ...], ...]:
    """Give the header's lines as wide as the data; titles above them are left out."""
    near = [cells for cells in header if len(cells) >= max(2, width - 1)][-3:]
    return tuple(tuple([*cells, *[""] * width][:width]) for cells in near)


def _labels_of_rows(rows: Sequence[tuple[int, Sequence[str]]]) -> list[str]:
    return list(rows[0][1]) if rows else []


def clock_column(table: Table, time: int, asked: Mapping[str, str] | None) -> int | None:
    """Find the time of day, where it has a column of its own beside the date."""
    if asked and "clock" in asked:
        return resolve(asked["clock"], table.labels, table.width, table.name)
    if any(":" in cell or len(cell.strip()) > _LONGEST_DATE for cell in table.cells(time)):
        return None
    for column in range(table.width):
        if column == time or table.is_empty(column):
            continue
        if table.holds(column, lambda c: uploads_times.CLOCK_ONLY.fullmatch(c.strip())):
            return column
        says = plain(table.labels[column]) == "time"
        if says and table.holds(column, lambda c: uploads_times.DIGIT_CLOCK.fullmatch(c.strip())):
            return column
    return None


def resolve(wanted: str, labels: Sequence[str], width: int, name: str) -> int:
    """Find a column by its name, or its number from 1.

    Parameters
    ----------
    wanted : as the sender says it.
    labels : names of the columns.
    width : how many there are.
    name : of the file, for messages.
    """
    exact = [c for c, label in enumerate(labels) if label.strip() == wanted.strip()]
    alike = [c for c, label in enumerate(labels) if plain(label) == plain(wanted) != ""]
    if exact or alike:
        return (exact or alike)[0]
    if wanted.strip().isdecimal() and 1 <= int(wanted) <= width:
        return int(wanted) - 1
    shown = ", ".join(label for label in labels if label)[:200]
    raise BadUpload(
        f"{name}: expected a column named {wanted!r}, was {shown or f'{width} without names'}; "
        f"give a name, or a number from 1 to {width}"
    )
