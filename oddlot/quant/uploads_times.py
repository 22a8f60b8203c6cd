"""Cells that hold times, in any usual writing -> integer ms UTC; how a file writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from oddlot.contracts.messages import Float64s, Int64s

DateOrder = Literal["dmy", "mdy"]
Kind = Literal["epoch", "excel", "iso", "pattern"]

NO_TIME: Final = np.iinfo(np.int64).min
MIN_MS, MAX_MS = -2_208_988_800_000, 4_102_444_800_000  # 1900 to 2100: prices we know of
DAY_MS = 86_400_000
EXCEL_EPOCH_DAYS = 25_569  # of 1970-01-01, counted as spreadsheets do

# A number of this size or more is no longer in the unit before; ms reach from 1973 to 5138.
_UNITS: tuple[tuple[float, str, float], ...] = (
    (0, "s", 1e3), (1e11, "ms", 1.0), (1e14, "us", 1e-3), (1e17, "ns", 1e-6),
)  # fmt: skip
_MIN_EPOCH = 1e8  # s; before 1973 a number is rather a price than a time
_EXCEL_DAYS = (7_306.0, 73_051.0)  # 1920 to 2100

_EPOCH = re.compile(r"(?:\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(?:\.\d*)?")
_EXCEL = re.compile(r"\d{4,5}(\.\d+)?")
_CLOCK = (
    r"(?P<clock>\d{1,2}:\d{2}(?P<seconds>:\d{2}(?P<fraction>[.,]\d+)?)?(?P<half> ?[AaPp][Mm])?)"
)
_ZONE = r"(?P<zone> ?(?:GMT|UTC)?(?:Z|[+-]\d{2}:?\d{2})| ?(?:GMT|UTC))"
_ISO = re.compile(
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|(?:19|20)\d{{2}}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]))"
    rf"(?:(?:T| +){_CLOCK}{_ZONE}?)?"
)
_PARTS = re.compile(
    rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}}|\d{{2}})(?:,?[T ] *{_CLOCK}{_ZONE}?)?"
)
_NAMED = re.compile(
    rf"(?:\d{{1,2}}[- ][A-Za-z]{{3,9}}[- ](?:\d{{4}}|\d{{2}})|[A-Za-z]{{3,9}} \d{{1,2}},? \d{{4}})"
    rf"(?:,? +{_CLOCK}{_ZONE}?)?"
)
CLOCK_ONLY = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
DIGIT_CLOCK = re.compile(r"\d{3,6}")  # HHMM or HHMMSS, in a column that says so

_NAMED_DATES = ("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %b %y", "%d %B %Y", "%d-%B-%Y",
                "%b %d, %Y", "%b %d %Y", "%B %d, %Y", "%B %d %Y")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFormat:
    """How a file writes times.

    Attributes
    ----------
    kind : numbers since 1970, days of a spreadsheet, ISO 8601, or patterns.
    patterns : of strptime, tried in turn; empty for the other kinds.
    order : of day and month, where the numbers alone leave it open.
    is_sure : the cells leave no other order.
    has_offset : the cells say their zone.
    timezone : IANA name for cells that do not.
    """

    kind: Kind
    patterns: tuple[str, ...] = ()
    order: DateOrder | None = None
    is_sure: bool = True
    has_offset: bool = False
    timezone: str = "UTC"


def is_time(cell: str) -> bool:
    """Tell whether a cell can be read as a time; a small number cannot, though it may be one.

    Parameters
    ----------
    cell : of a file.

    Examples
    --------
    >>> [is_time(c) for c in ("1723161256000", "2024-01-02", "31.12.24 09:30", "101.5", "BTC")]
    [True, True, True, False, False]
    """
    cell = cell.strip()
    return any(writing.fullmatch(cell) for writing in (_EPOCH, _ISO, _PARTS, _NAMED))


def is_day_count(cell: str) -> bool:
    """Tell whether a cell can be a spreadsheet's number of days.

    Parameters
    ----------
    cell : of a column that says that it holds times.
    """
    cell = cell.strip()
    return bool(_EXCEL.fullmatch(cell)) and _EXCEL_DAYS[0] <= float(cell) <= _EXCEL_DAYS[1]


def format_of(cells: Sequence[str], *, order: DateOrder | None, timezone: str) -> TimeFormat:
    """Find how a column writes times.

    Parameters
    ----------
    cells : of the column, some of them, in their order.
    order : of day and month, if known.
    timezone : of cells that do not say theirs.

    Examples
    --------
    >>> format_of(["1/2/2024", "1/13/2024"], order=None, timezone="UTC").patterns
    ('%m/%d/%Y',)
    >>> format_of(["2.1.2024", "3.1.2024"], order=None, timezone="UTC").is_sure
    False
    """
    tidied = [cell.strip() for cell in cells if is_time(cell) or is_day_count(cell)]
    has_offset = any(m and m.groupdict().get("zone") for m in map(_match, tidied))
    plain = TimeFormat(kind="iso", has_offset=has_offset, timezone=timezone)
    if _most(tidied, _ISO):
        return plain
    if _most(tidied, _EPOCH):
        return replace(plain, kind="epoch")
    if _most(tidied, _PARTS):
        chosen, is_sure = (order, True) if order else _order_of(tidied)
        patterns = tuple(dict.fromkeys(_patterns_of(tidied, chosen)))
        return replace(plain, kind="pattern", patterns=patterns, order=chosen, is_sure=is_sure)
    if _most(tidied, _NAMED):
        return replace(plain, kind="pattern", patterns=tuple(_named_patterns(tidied)))
    return replace(plain, kind="excel")


def parse(column: pd.Series[str], fmt: TimeFormat) -> Int64s:
    """Read a column of times.

    Parameters
    ----------
    column : as read by pandas: numbers, or text.
    fmt : how the file writes them.

    Returns
    -------
    (n,) ms UTC; NO_TIME where a cell is none between 1900 and 2100.

    Examples
    --------
    >>> fmt = TimeFormat(kind="pattern", patterns=("%d.%m.%Y",))
    >>> parse(pd.Series(["31.12.1999", "12.31.1999"], dtype="str"), fmt).tolist()[0]
    946598400000
    """
    if fmt.kind in ("epoch", "excel"):
        ms = _from_numbers(column, fmt)
    else:
        ms = _from_text(column.astype("str").str.strip(), fmt)
    return np.where((ms >= MIN_MS) & (ms < MAX_MS), ms, NO_TIME)


def with_order(fmt: TimeFormat, order: DateOrder) -> TimeFormat:
    """Give the same format with day and month the other way round, for sure.

    Parameters
    ----------
    fmt : of kind "pattern".
    order : the right one.
    """
    if fmt.order == order:
        return replace(fmt, is_sure=True)
    turned = {"%d": "%m", "%m": "%d"}
    patterns = tuple(re.sub("%[dm]", lambda m: turned[m[0]], p) for p in fmt.patterns)
    return replace(fmt, patterns=patterns, order=order, is_sure=True)


def in_words(fmt: TimeFormat, units: Sequence[str] = ()) -> str:
    """Say how a file writes times.

    Parameters
    ----------
    fmt : the format.
    units : of numbers since 1970 that were met.

    Examples
    --------
    >>> in_words(TimeFormat(kind="epoch"), ["ms", "us"])
    'epoch ms, us'
    """
    match fmt.kind:
        case "epoch":
            return f"epoch {', '.join(units)}".strip()
        case "excel":
            return "days since 1899-12-30"
        case "iso":
            return "ISO 8601"
        case "pattern":
            return " or ".join(fmt.patterns)


def units_of(values: Float64s) -> list[str]:
    """Name the units that numbers since 1970 are in, going by their size.

    Parameters
    ----------
    values : (n,) not negative.
    """
    ends = [*(start for start, _, _ in _UNITS[1:]), np.inf]
    return [
        unit
        for (start, unit, _), end in zip(_UNITS, ends, strict=True)
        if ((values >= start) & (values < end)).any()
    ]


def _from_numbers(column: pd.Series[str], fmt: TimeFormat) -> Int64s:
    if not pd.api.types.is_numeric_dtype(column):
        numbers = pd.to_numeric(column.astype("str").str.strip(), errors="coerce")
    else:
        numbers = column
    if numbers.dtype == np.int64 and fmt.kind == "epoch":
        return _whole_ms(numbers.to_numpy())
    values = numbers.to_numpy(np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        if fmt.kind == "excel":
            days = np.where((values >= _EXCEL_DAYS[0]) & (values <= _EXCEL_DAYS[1]), values, np.nan)
            # A minute is no round fraction of a day: to the second, where spreadsheets end.
            ms = np.rint((days - EXCEL_EPOCH_DAYS) * (DAY_MS / 1_000)) * 1_000
        else:
            values = np.where(values >= _MIN_EPOCH, values, np.nan)
            ms = np.full(len(values), np.nan)
            for start, _, factor in _UNITS:
                ms = np.where(values >= start, values * factor, ms)
        ms = np.where(np.abs(ms) < MAX_MS, np.rint(ms), np.nan)
        return np.where(np.isnan(ms), NO_TIME, ms).astype(np.int64)


def _whole_ms(values: Int64s) -> Int64s:
    """Turn whole numbers since 1970 into ms without going through floats."""
    ms = np.where(values >= _MIN_EPOCH, values, NO_TIME)
    ms = np.where((ms > 0) & (ms < _UNITS[1][0]), ms * 1_000, ms)
    ms = np.where(values >= _UNITS[2][0], values // 1_000, ms)
    return np.where(values >= _UNITS[3][0], values // 1_000_000, ms)


def _from_text(text: pd.Series[str], fmt: TimeFormat) -> Int64s:
    ms = np.full(len(text), NO_TIME)
    if fmt.has_offset:
        text = text.str.replace(r" ?(?:GMT|UTC)(?=[+-]\d|$)", "", regex=True)
        text = text.where(~text.str.contains(r"\d$", na=False) | text.str.contains(
            r"[+-]\d{2}:?\d{2}$", na=False), text + "Z")  # fmt: skip
    if fmt.kind == "iso":
        text = text.str.replace(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3", regex=True)
        text = text.str.replace(r"^(\d{4}-\d{1,2}-\d{1,2}|\d{8})  +", r"\1 ", regex=True)
    for pattern in fmt.patterns or ("ISO8601",):
        missing = ms == NO_TIME
        if not missing.any():
            break
        ms[missing] = _to_ms(text[missing], pattern, fmt)
    return ms


def _to_ms(text: pd.Series[str], pattern: str, fmt: TimeFormat) -> Int64s:
    is_aware = fmt.has_offset and (pattern == "ISO8601" or "%z" in pattern)
    times = pd.to_datetime(text, format=pattern, errors="coerce", utc=is_aware)
    if not is_aware and fmt.timezone != "UTC":
        times = times.dt.tz_localize(ZoneInfo(fmt.timezone), ambiguous="NaT", nonexistent="NaT")
    if getattr(times.dt, "tz", None) is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    whole = times.to_numpy("datetime64[ms]").astype(np.int64)
    return np.where(times.isna().to_numpy(), NO_TIME, whole)


def _match(cell: str) -> re.Match[str] | None:
    return next((m for w in (_ISO, _PARTS, _NAMED) if (m := w.fullmatch(cell))), None)


def _most(cells: Sequence[str], writing: re.Pattern[str]) -> bool:
    return 2 * sum(1 for cell in cells if writing.fullmatch(cell)) > len(cells)


def _order_of(cells: Sequence[str]) -> tuple[DateOrder, bool]:
    """Tell day from month: by a number above twelve, else by the steadier steps."""
    parts = [(int(m[1]), int(m[3]), m[4]) for m in map(_PARTS.fullmatch, cells) if m]
    firsts, seconds = max(p[0] for p in parts), max(p[1] for p in parts)
    if firsts > 12 >= seconds:
        return "dmy", True
    if seconds > 12 >= firsts:
        return "mdy", True
    if any(m[2] == "." for m in map(_PARTS.fullmatch, cells) if m):
        return "dmy", False  # points are how day-first countries write dates
    day_first = _long_steps([(int(year), b, a) for a, b, year in parts])
    month_first = _long_steps([(int(year), a, b) for a, b, year in parts])
    return ("dmy" if day_first < month_first else "mdy"), False


def _long_steps(dates: Sequence[tuple[int, int, int]]) -> int:
    """Count the steps of more than a week: right dates of bars have few, swapped ones many."""
    days = np.array([year * 372 + month * 31 + day for year, month, day in dates])
    return int((np.abs(np.diff(days)) > 7).sum())


def _patterns_of(cells: Sequence[str], order: DateOrder) -> Iterator[str]:
    for cell in cells:
        if m := _PARTS.fullmatch(cell):
            first, second = ("%d", "%m") if order == "dmy" else ("%m", "%d")
            year = "%Y" if len(m[4]) == 4 else "%y"
            between = re.search(r",?[T ] *(?=\d{1,2}:)", cell)
            date = f"{first}{m[2]}{second}{m[2]}{year}"
            yield date + (between[0] if between else "") + _clock_pattern(m)


def _named_patterns(cells: Sequence[str]) -> Iterator[str]:
    seen: dict[str, None] = {}
    for cell in cells:
        m = _NAMED.fullmatch(cell)
        if not m:
            continue
        start = m.start("clock") if m["clock"] else len(cell)
        date = cell[:start].rstrip(" ")
        rest = cell[len(date) : start] + _clock_pattern(m)
        date, comma = (date[:-1], ",") if date.endswith(",") else (date, "")
        for pattern in _NAMED_DATES:
            if not pd.isna(pd.to_datetime(date, format=pattern, errors="coerce")):
                seen.setdefault(pattern + comma + rest)
                break
    yield from seen


def _clock_pattern(m: re.Match[str]) -> str:
    if not m["clock"]:
        return ""
    pattern = "%I:%M" if m["half"] else "%H:%M"
    pattern += ":%S" if m["seconds"] else ""
    pattern += f"{m['fraction'][0]}%f" if m["fraction"] else ""
    if m["half"]:
        pattern += " %p" if " " in m["half"] else "%p"
    if m["zone"]:
        pattern += " %z" if m["zone"][:1] == " " and m["zone"][1] in "+-Z" else "%z"
    return pattern
