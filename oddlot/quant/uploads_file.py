"""The first lines of a file -> how it is written; with that, its blocks -> gathered rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from oddlot.errors import BadUpload
from oddlot.quant import (
    uploads_blocks,
    uploads_bytes,
    uploads_columns,
    uploads_dialect,
    uploads_numbers,
    uploads_times,
)
from oddlot.quant.uploads_blocks import Form
from oddlot.quant.uploads_numbers import Style
from oddlot.quant.uploads_options import Limits, Options, Source
from oddlot.quant.uploads_rows import FileRows, OtherOrder
from oddlot.quant.uploads_symbols import symbol_of, symbol_of_file

SAMPLE_CHARACTERS = 256 * 1024  # what a file is judged by
HEADER_LINES = 1_000
_NUMBER_CELLS = 5_000  # of them, for the style of numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a file is written.

    Attributes
    ----------
    packing, encoding : of its bytes.
    form : of its text.
    symbol : of its prices, where no column says it.
    notes : what was ambiguous, and how it was settled.
    """

    packing: str
    encoding: str
    form: Form
    symbol: str
    notes: tuple[str, ...]


def plan_of(source: Source, options: Options, limits: Limits) -> Plan:
    """Find out how a file is written.

    Parameters
    ----------
    source, options, limits : as for `uploads.read`.

    Raises
    ------
    BadUpload
        If it cannot be understood.
    """
    opened = _open(source, options, limits)
    text = opened.stream.read(SAMPLE_CHARACTERS)
    if len(text) == SAMPLE_CHARACTERS:
        text = text[: text.rfind("\n") + 1]
    text = text.removeprefix("\ufeff")
    if not text:
        raise BadUpload(f"{source.name}: expected lines of prices, was one long line; is it a CSV?")
    sample = uploads_dialect.sample_of(text, name=source.name, delimiter=options.delimiter)
    layout = uploads_columns.layout_of(sample, name=source.name, asked=options.columns)
    body = [c for n, c in sample.rows if n >= layout.first_line and len(c) == layout.width]
    numbers = [cells[c] for cells in body for c in layout.values][:_NUMBER_CELLS]
    style, notes = _style_of(numbers, sample.delimiter, options)
    times = uploads_times.format_of(
        [cells[layout.time] for cells in body], order=options.date_order, timezone=options.timezone
    )
    symbol = symbol_of(source.symbol or "") or symbol_of_file(opened.inner_name or source.name)
    if not symbol and layout.symbol is None and not layout.series[0].symbol:
        raise BadUpload(
            f"{source.name}: expected a symbol as the file's name or in a column, was none; "
            "name the file after it, or say `symbol`"
        )
    return Plan(
        packing=opened.packing, encoding=opened.encoding, symbol=symbol, notes=tuple(notes),
        form=Form(delimiter=sample.delimiter, style=style, layout=layout, times=times),
    )  # fmt: skip


def read_file(
    source: Source, options: Options, limits: Limits, *, symbols: dict[str, int], max_rows: int
) -> tuple[Plan, FileRows]:
    """Read a file; once more from its start where a late date tells day from month.

    Parameters
    ----------
    source, options, limits : as for `uploads.read`.
    symbols : symbol -> number, of all files; grows.
    max_rows : how many there may be.

    Raises
    ------
    BadUpload
        If it cannot be understood or holds more than it may.
    """
    plan = plan_of(source, options, limits)
    try:
        return plan, _read(source, plan, options, limits, symbols=symbols, max_rows=max_rows)
    except OtherOrder as e:
        times = uploads_times.with_order(plan.form.times, e.order)
        plan = replace(plan, form=replace(plan.form, times=times))
        return plan, _read(source, plan, options, limits, symbols=symbols, max_rows=max_rows)


def _read(
    source: Source, plan: Plan, options: Options, limits: Limits, *,
    symbols: dict[str, int], max_rows: int,
) -> FileRows:  # fmt: skip
    stream = _open(source, options, limits).stream
    into = FileRows(name=source.name, symbol=plan.symbol, symbols=symbols, max_rows=max_rows)
    # Headers, blank and bad lines are no rows, but somewhere there is an end.
    max_lines = 2 * limits.rows + HEADER_LINES
    for block in uploads_blocks.blocks(stream, name=source.name, max_lines=max_lines):
        into.add(block, plan.form)
    return into


def _open(source: Source, options: Options, limits: Limits) -> uploads_bytes.Text:
    return uploads_bytes.open_text(
        source.file,
        name=source.name,
        encoding=options.encoding,
        max_bytes=limits.unpacked_bytes,
    )


def _style_of(cells: Sequence[str], delimiter: str, options: Options) -> tuple[Style, list[str]]:
    """Find how numbers are written, as far as nobody says it."""
    style, is_ambiguous = uploads_numbers.style_of(cells, delimiter=delimiter)
    if options.decimal is None and options.thousands is None:
        if not is_ambiguous:
            return style, []
        mark = style.thousands or style.decimal
        role = "between thousands" if style.thousands else "before decimals"
        return style, [f"{mark!r} in numbers is read as what stands {role}; say `decimal` if not"]
    decimal = options.decimal or ("," if options.thousands == "." else ".")
    fitting = [s for s in uploads_numbers.STYLES if s.decimal == decimal]
    if options.thousands is not None:
        return Style(decimal, options.thousands), []
    counts = [sum(1 for c in cells if uploads_numbers.reads(s, c)) for s in fitting]
    return fitting[counts.index(max(counts))], []
