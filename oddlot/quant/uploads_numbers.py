"""Cells that hold numbers, as people and programs write them -> floats; how a file writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from oddlot.contracts.messages import Bools, Float64s

# What exports write where there is no number; compared in lower case.
MISSING = frozenset(
    {"", "-", "--", ".", "nan", "na", "n/a", "#n/a", "#na", "<na>", "null", "none", "nil", "nat"}
)
USUAL_MISSING = ("", "nan", "NaN", "null", "-")  # the others cost pandas time, and are read as text
SUFFIXES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}  # of volumes on web pages
_CURRENCIES = "$€£¥"
_SPACES = "\u00a0\u202f\u2009"  # that people put between thousands


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes numbers.

    Attributes
    ----------
    decimal : mark before the fraction, a point or a comma.
    thousands : mark between groups of three digits; empty if there is none.
    """

    decimal: str = "."
    thousands: str = ""


# In order of preference where several read every cell: the plain ones first.
STYLES = tuple(Style(*marks) for marks in (".", ",", ".,", ",.", ". ", ", ", ".'", ",'"))


def _pattern(style: Style) -> str:
    whole = r"\d+"
    if style.thousands:
        whole = rf"(?:\d+|\d{{1,3}}(?:{re.escape(style.thousands)}\d{{3}})+)"
    point = re.escape(style.decimal)
    return rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"


_PATTERNS = {style: re.compile(_pattern(style)) for style in STYLES}
_STARTS = frozenset("0123456789+-.,")


def style_of(cells: Sequence[str], *, delimiter: str) -> tuple[Style, bool]:
    """Find the style that reads the most cells.

    Parameters
    ----------
    cells : from columns that should hold numbers.
    delimiter : of the file; where it is a comma, a lone comma parts thousands.

    Returns
    -------
    the style, and whether another one reads as many cells but to other values.

    Examples
    --------
    >>> style_of(["1.234,5", "12"], delimiter=";")
    (Style(decimal=',', thousands='.'), False)
    >>> style_of(["1,234", "5,678"], delimiter=",")
    (Style(decimal='.', thousands=','), True)
    """
    tidied = Counter(tidy for cell in cells if (tidy := _tidy(cell)).lower() not in MISSING)
    counts = {
        style: sum(n for cell, n in tidied.items() if _matches(style, cell)) for style in STYLES
    }
    most = max(counts.values(), default=0)
    best = [style for style in STYLES if counts[style] == most]
    if delimiter == "," and Style(".", ",") in best and Style(".", "") not in best:
        best.insert(0, Style(".", ","))
    chosen = best[0]
    marks = {mark for cell in tidied for mark in ".," if mark in cell}
    rivals = [style for style in best if style.decimal != chosen.decimal]
    return chosen, bool(tidied and marks and rivals and chosen != STYLES[0])


def is_number(cell: str) -> bool:
    """Tell whether a cell can be read as a number in any style.

    Parameters
    ----------
    cell : of a file.

    Examples
    --------
    >>> is_number("$1,234.50"), is_number("1.5M"), is_number("2024-01-02")
    (True, True, False)
    """
    tidy = _tidy(cell)
    return tidy[:1] in _STARTS and any(_matches(style, tidy) for style in STYLES)


def reads(style: Style, cell: str) -> bool:
    """Tell whether a cell can be read as a number in one style.

    Parameters
    ----------
    style : how numbers are written.
    cell : of a file.
    """
    return _matches(style, _tidy(cell))


def is_missing(cell: str) -> bool:
    """Tell whether a cell says that there is no value.

    Parameters
    ----------
    cell : of a file.
    """
    return cell.strip().lower() in MISSING


def parse(column: pd.Series[str], style: Style) -> tuple[Float64s, Bools]:
    """Read a column.

    Parameters
    ----------
    column : as read by pandas: numbers already, or text.
    style : how the file writes numbers.

    Returns
    -------
    (n,) values, NaN where there is none; (n,) true where a cell is there and is no number.

    Examples
    --------
    >>> values, is_bad = parse(pd.Series(["1,5", "x", None], dtype="str"), Style(",", ""))
    >>> values.tolist(), is_bad.tolist()
    ([1.5, nan, nan], [False, True, False])
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(np.float64, na_value=np.nan)
        return values, np.isinf(values)
    text = column.astype("str").str.strip()
    is_there = ~(text.isna() | text.str.lower().isin(list(MISSING))).to_numpy(bool)
    text = text.str.strip(_CURRENCIES).str.replace(f"[{_SPACES}]", " ", regex=True)
    factor = text.str[-1:].str.upper().map(SUFFIXES).fillna(1.0).to_numpy(np.float64)
    text = text.where(factor == 1.0, text.str[:-1]).str.strip()
    reads = text.str.fullmatch(_PATTERNS[style]).fillna(False).to_numpy(bool)
    if style.thousands:
        text = text.str.replace(style.thousands, "", regex=False)
    text = text.str.replace(style.decimal, ".", regex=False)
    values = text.where(is_there & reads).astype("float64").to_numpy(np.float64) * factor
    return values, (is_there & ~reads) | np.isinf(values)


def _tidy(cell: str) -> str:
    if cell.isascii() and cell[-1:].isdigit() and cell[0] in _STARTS:
        return cell
    tidy = cell.strip().strip(_CURRENCIES).translate(dict.fromkeys(map(ord, _SPACES), " "))
    return tidy[:-1].strip() if tidy[-1:].upper() in SUFFIXES else tidy


def _matches(style: Style, cell: str) -> bool:
    return _PATTERNS[style].fullmatch(cell) is not None
