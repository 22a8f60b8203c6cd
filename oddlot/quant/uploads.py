"""Files of prices, as exports write them -> tables of bars, and what was understood of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oddlot.errors import BadUpload
from oddlot.quant import uploads_file, uploads_options, uploads_tables, uploads_times
from oddlot.quant.uploads_bad import BadRow, BadRows
from oddlot.quant.uploads_file import Plan
from oddlot.quant.uploads_options import Limits, Options, Source
from oddlot.quant.uploads_rows import FileRows
from oddlot.quant.uploads_symbols import interval_name
from oddlot.quant.uploads_tables import Table
from oddlot.quant.uploads_understood import Understood

__all__ = [
    "MAX_FILES",
    "BadRow",
    "Limits",
    "Options",
    "Source",
    "Table",
    "Understood",
    "Upload",
    "read",
]

MAX_FILES = 50  # a leg each, or a month each


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Upload:
    """What came of all files.

    Attributes
    ----------
    files : one for each source.
    tables : symbol -> its bars.
    bad_rows : the first ones.
    bad_rows_total : how many there are.
    """

    files: tuple[Understood, ...]
    tables: dict[str, Table]
    bad_rows: tuple[BadRow, ...]
    bad_rows_total: int


def read(sources: Sequence[Source], *, options: Options, limits: Limits) -> Upload:
    r"""Read files of bars or closes.

    Parameters
    ----------
    sources : the files; those of one symbol are joined.
    options : what is known of them.
    limits : how much they may hold.

    Raises
    ------
    BadUpload
        If a file cannot be understood or holds more than it may; the message says what was
        expected, what was found and what to do.

    Examples
    --------
    >>> import io
    >>> text = b"Date;XLF;XLK\n31.12.2023;27,92;64,74\n01.01.2024;28,07;65,28\n"
    >>> upload = read(
    ...     [Source(name="etf.csv", file=io.BytesIO(text))],
    ...     options=Options(), limits=Limits(rows=100, unpacked_bytes=10_000),
    ... )
    >>> upload.files[0].decimal, upload.files[0].time_format, upload.files[0].interval
    (',', '%d.%m.%Y', '1d')
    >>> upload.tables["XLK"].columns["close"].tolist()
    [64.74, 65.28]
    """
    if not 1 <= len(sources) <= MAX_FILES:
        raise BadUpload(f"expected 1 to {MAX_FILES} files, was {len(sources)}")
    uploads_options.check(options)
    symbols: dict[str, int] = {}
    found: list[tuple[Plan, FileRows]] = []
    for source in sources:
        left = limits.rows - sum(rows.rows for _, rows in found)
        found.append(
            uploads_file.read_file(source, options, limits, symbols=symbols, max_rows=left)
        )
        _refuse_without_rows(found[-1][1])
    bad = BadRows()
    for _, rows in found:
        bad.extend(rows.bad)
    tables, equal = uploads_tables.tables_of([rows for _, rows in found], symbols, bad)
    files = tuple(
        _understood(plan, rows, again, tables, list(symbols))
        for (plan, rows), again in zip(found, equal, strict=True)
    )
    order = {source.name: number for number, source in enumerate(sources)}
    listed = sorted(bad.listed, key=lambda row: (order[row.file], row.line))
    return Upload(files=files, tables=tables, bad_rows=tuple(listed), bad_rows_total=bad.total)


def _refuse_without_rows(rows: FileRows) -> None:
    if rows.rows:
        return
    first = rows.bad.listed[0] if rows.bad.listed else None
    why = f"line {first.line}: {first.reason}" if first else "no line below the header"
    raise BadUpload(
        f"{rows.name}: expected at least one good row, was none of {rows.bad.total:,} ({why}); "
        "correct the file, or say how it is written"
    )


def _understood(
    plan: Plan, rows: FileRows, again: int, tables: dict[str, Table], names: list[str]
) -> Understood:
    form, symbols = plan.form, tuple(names[number] for number in rows.seen)
    interval_ms = next((tables[s].interval_ms for s in symbols if tables[s].interval_ms), None)
    return Understood(
        name=rows.name, packing=plan.packing, encoding=plan.encoding, delimiter=form.delimiter,
        decimal=form.style.decimal, thousands=form.style.thousands,
        header_lines=form.layout.first_line - 1, columns=form.layout.shown(),
        ignored=form.layout.ignored(),
        time_format=uploads_times.in_words(form.times, list(rows.units)),
        timezone=_timezone(plan), rows=rows.rows, missing=rows.missing, symbols=symbols,
        interval=interval_name(interval_ms), interval_ms=interval_ms,
        first_ms=rows.first_ms, last_ms=rows.last_ms,
        notes=(*plan.notes, *_notes(plan, rows, again)),
    )  # fmt: skip


def _timezone(plan: Plan) -> str:
    if plan.form.times.kind == "epoch":
        return "UTC"
    return "as written" if plan.form.times.has_offset else plan.form.times.timezone


def _notes(plan: Plan, rows: FileRows, again: int) -> list[str]:
    times, notes = plan.form.times, []
    if not (times.is_sure or rows.is_order_proven):
        read, other = ("day", "month") if times.order == "dmy" else ("month", "day")
        notes.append(
            f"dates are read {read} first, but could be {other} first; say `date_order` if they are"
        )
    if len(rows.units) > 1:
        notes.append(f"times are in {' and '.join(rows.units)}; each is read by its size")
    if not rows.is_sorted:
        notes.append("rows were not in time order and have been sorted")
    if again:
        notes.append(f"rows that were there already: {again:,}; they count once")
    if rows.outside:
        notes.append(f"closes outside of low and high: {rows.outside:,}; they are kept")
    return notes
