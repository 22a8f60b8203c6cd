"""What was made of an uploaded file, for people to check before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was made of one file, for people to check.

    Attributes
    ----------
    name : of the file.
    packing, encoding, delimiter, decimal, thousands : how it is written; empty where there is none.
    header_lines : before the data, titles included.
    columns : role -> name of the column.
    ignored : names of the columns that nothing is read from.
    time_format, timezone : how times are written, and what they are taken for.
    rows : good ones, before those that are there twice are taken out.
    missing : empty cells in files that have a column a symbol.
    symbols : in the order of their appearance.
    interval, interval_ms : the commonest step between bars; None with less than two.
    first_ms, last_ms : opens of the first and last bar.
    notes : what else should be known, such as an ambiguity and how it was settled.
    """

    name: str
    packing: str
    encoding: str
    delimiter: str
    decimal: str
    thousands: str
    header_lines: int
    columns: dict[str, str]
    ignored: tuple[str, ...]
    time_format: str
    timezone: str
    rows: int
    missing: int
    symbols: tuple[str, ...]
    interval: str | None
    interval_ms: int | None
    first_ms: int
    last_ms: int
    notes: tuple[str, ...]
