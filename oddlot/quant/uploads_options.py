"""What a sender says of files, and how much they may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oddlot.errors import BadUpload
from oddlot.quant.uploads_numbers import STYLES
from oddlot.quant.uploads_times import DateOrder

MAX_DELIMITER = 1  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the sender says of the files; None is found out.

    Attributes
    ----------
    delimiter : what parts cells, one character.
    decimal, thousands : marks in numbers; thousands may be "".
    columns : role -> name or number of a column; `uploads_columns.layout_of` says more.
    date_order : dmy or mdy, for dates such as 01/02/2024.
    timezone : IANA name for times that do not say theirs.
    encoding : of the text.
    """

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    columns: Mapping[str, str] | None = None
    date_order: DateOrder | None = None
    timezone: str = "UTC"
    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one upload may hold.

    Attributes
    ----------
    rows : bars, all files together; one file may have twice as many lines.
    unpacked_bytes : of one file.
    """

    rows: int
    unpacked_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that was sent.

    Attributes
    ----------
    name : of the file; its symbol is read from it where the content does not say one.
    file : open, seekable.
    symbol : of its prices, if the sender says so.
    """

    name: str
    file: BinaryIO
    symbol: str | None = None


def check(options: Options) -> None:
    """Refuse what cannot be used, before a file is opened.

    Parameters
    ----------
    options : as sent.

    Raises
    ------
    BadUpload
        Naming the option, what was expected and what was found.
    """
    if options.delimiter is not None and (
        len(options.delimiter) != MAX_DELIMITER
        or options.delimiter.isalnum()
        or options.delimiter in '"\n\r\0.-:+/'
    ):
        raise BadUpload(
            f"delimiter: expected one character such as , ; | or a tab, was {options.delimiter!r}"
        )
    decimals = {style.decimal for style in STYLES}
    if options.decimal not in {None, *decimals}:
        raise BadUpload(f"decimal: expected a point or a comma, was {options.decimal!r}")
    marks = {style.thousands for style in STYLES} | {".", ","}
    if options.thousands not in {None, *marks} or (
        options.thousands and options.thousands == options.decimal
    ):
        raise BadUpload(
            f"thousands: expected a point, comma, space or apostrophe that is not the decimal "
            f"mark, or nothing, was {options.thousands!r}"
        )
    if options.date_order not in {None, "dmy", "mdy"}:
        raise BadUpload(f"date_order: expected dmy or mdy, was {options.date_order!r}")
    try:
        ZoneInfo(options.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise BadUpload(
            f"timezone: expected a name such as UTC or Europe/Berlin, was {options.timezone[:80]!r}"
        ) from e
