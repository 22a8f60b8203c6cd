"""Names of files, columns and cells -> symbols; steps between bars -> the name of an interval."""

from __future__ import annotations

import re

MAX_CHARACTERS = 20  # of a symbol, as everywhere
_ENDINGS = re.compile(r"(\.(csv|txt|tsv|gz|zip|dat))+$", re.IGNORECASE)
_COPY = re.compile(r"\s*\(\d+\)$")  # what browsers add to a second download
_VENUE_DUMP = re.compile(r"^([A-Za-z0-9]+)-(\d+(?:s|m|h|d|w|mo))(?:-\d{4}.*)?$")
_CHART_EXPORT = re.compile(r"^(?:[A-Za-z0-9]+_)?([^,_]+),\s*\w+.*$")
_NAMED_UNITS_MS = (
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
)
_MONTH_MS = (28 * 86_400_000, 31 * 86_400_000)


def symbol_of(text: str) -> str:
    """Give the symbol that a cell or a column's name stands for; empty if it has none.

    Parameters
    ----------
    text : as exports write it, with or without a venue before a colon.

    Examples
    --------
    >>> symbol_of("BINANCE:BTC/USDT"), symbol_of("brk.b"), symbol_of("^GSPC"), symbol_of("--")
    ('BTCUSDT', 'BRK.B', 'GSPC', '')
    """
    name = text.strip().rpartition(":")[2].upper()
    name = re.sub(r"[^A-Z0-9.\-]", "", name).lstrip(".-")
    return name[:MAX_CHARACTERS].rstrip(".-")


def symbol_of_file(name: str) -> str:
    """Give the symbol that a file is named after; empty if it has none.

    Parameters
    ----------
    name : of the file, folders before it do not matter.

    Examples
    --------
    >>> symbol_of_file("BTCUSDT-1m-2024-08.csv"), symbol_of_file("BINANCE_BTCUSDT, 1D (1).csv")
    ('BTCUSDT', 'BTCUSDT')
    >>> symbol_of_file("data/aapl.us.csv.gz")
    'AAPL.US'
    """
    stem = _COPY.sub("", _ENDINGS.sub("", re.split(r"[/\\]", name)[-1]))
    for pattern in (_VENUE_DUMP, _CHART_EXPORT):
        if m := pattern.match(stem):
            return symbol_of(m[1])
    return symbol_of(stem)


def interval_name(interval_ms: int | None) -> str | None:
    """Say an interval as exports do.

    Parameters
    ----------
    interval_ms : its length; that of a month is 28 to 31 days.

    Examples
    --------
    >>> [interval_name(ms) for ms in (60_000, 14_400_000, 86_400_000, 2_678_400_000, 1_500)]
    ['1m', '4h', '1d', '1mo', '1500ms']
    """
    if interval_ms is None:
        return None
    if _MONTH_MS[0] <= interval_ms <= _MONTH_MS[1]:
        return "1mo"
    for unit, length_ms in _NAMED_UNITS_MS:
        if interval_ms % length_ms == 0:
            return f"{interval_ms // length_ms}{unit}"
    return f"{interval_ms}ms"
