"""The cells of the first lines -> which column holds what, of which symbol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from oddlot.errors import BadUpload
from oddlot.quant import uploads_numbers, uploads_times
from oddlot.quant.uploads_dialect import Sample
from oddlot.quant.uploads_header import Table, clock_column, levels_of, resolve, time_column
from oddlot.quant.uploads_names import IGNORED, plain, role_of
from oddlot.quant.uploads_symbols import symbol_of

PRICES = ("open", "high", "low", "close")
AMOUNTS = ("volume", "quote_volume", "taker_buy_volume", "trades")
VALUES = (*PRICES, *AMOUNTS)
MAX_SYMBOLS = 1_000  # of one upload: the members of a large index, and some

_SPELT_OUT = {"open", "high", "low", "close", "price", "adjclose", "volume"}  # beside a symbol
_SEPARATORS, _MARKS = r"[ _.:|/]+", " _.:|/"

# Dumps of Binance carry no header before 2025; the order is that of its interface.
_BINANCE = ("time", *PRICES, "volume", None, "quote_volume", "trades", "taker_buy_volume")
_BINANCE_WIDTHS, _BINANCE_CLOSE_TIME = (11, 12), 6
_UNNAMED = {1: ("close",), 4: PRICES, 5: (*PRICES, "volume")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Where the prices of one symbol stand.

    Attributes
    ----------
    symbol : whose; empty where the file or its symbol column says it.
    columns : role -> number of the column, from 0.
    """

    symbol: str
    columns: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column holds what.

    Attributes
    ----------
    width : cells in a line.
    first_line : number of the first line of data, from 1.
    labels : names of the columns, empty where they have none.
    time, clock, symbol : numbers of columns; clock is the time of day where it is apart.
    series : one for each symbol with columns of its own, or one alone.
    """

    width: int
    first_line: int
    labels: tuple[str, ...]
    time: int
    clock: int | None
    symbol: int | None
    series: tuple[Series, ...]

    @property
    def values(self) -> tuple[int, ...]:
        """Numbers of the columns that hold prices and amounts."""
        return tuple(sorted({c for series in self.series for c in series.columns.values()}))

    def shown(self) -> dict[str, str]:
        """Give role -> name of the column, for people to check."""
        named: list[tuple[str, int | None]] = [
            ("time", self.time), ("clock", self.clock), ("symbol", self.symbol),
            *(
                (f"{s.symbol} {role}".strip(), c)
                for s in self.series for role, c in s.columns.items()
            ),
        ]  # fmt: skip
        return {role: self.labels[c] or f"column {c + 1}" for role, c in named if c is not None}

    def ignored(self) -> tuple[str, ...]:
        """Give the names of the columns that nothing is read from."""
        used = {self.time, self.clock, self.symbol, *self.values}
        return tuple(
            self.labels[c] or f"column {c + 1}" for c in range(self.width) if c not in used
        )


def layout_of(sample: Sample, *, name: str, asked: Mapping[str, str] | None) -> Layout:
    """Find out which column holds what.

    Parameters
    ----------
    sample : the first lines.
    name : of the file, for messages.
    asked : role (time, clock, symbol, open, ..., or "SYMBOL close") -> name or number of the
        column, from 1; None to find out.

    Raises
    ------
    BadUpload
        If there is no line of data, no time, or no price.
    """
    time, first = time_column(sample, name, asked)
    header = [cells for number, cells in sample.rows if number < first]
    body = tuple(c for n, c in sample.rows if n >= first and len(c) == sample.width)
    table = Table(name, sample.width, levels_of(header, sample.width), body)
    used = {time}
    clock = clock_column(table, time, asked)
    if clock is not None:
        used.add(clock)
    if asked:
        symbol, series = _asked_series(table, asked, time, used)
    else:
        symbol, series = _found_series(table, time, used)
    if len(series) > MAX_SYMBOLS:
        raise BadUpload(f"{name}: expected at most {MAX_SYMBOLS} symbols, was {len(series)}")
    return Layout(
        width=sample.width, first_line=first, labels=table.labels or ("",) * sample.width,
        time=time, clock=clock, symbol=symbol, series=tuple(series),
    )  # fmt: skip


def _asked_series(
    table: Table, asked: Mapping[str, str], time: int, used: set[int]
) -> tuple[int | None, list[Series]]:
    """Take the columns that were said; of a file of one symbol, find those that were not."""
    symbol, columns = _said(table, asked)
    if set(columns) <= {""}:
        own = columns.get("", {})
        try:
            taken = used if symbol is None else {*used, symbol}
            found_symbol, found = _found_series(table, time, taken)
        except BadUpload:
            if "close" not in own:
                raise
            found_symbol, found = None, []
        if symbol is not None and len(found) == 1:
            found = [Series(symbol="", columns=found[0].columns)]
        symbol = found_symbol if symbol is None else symbol
        if not own:
            return symbol, found
        if len(found) == 1 and not found[0].symbol:
            columns = {"": {**found[0].columns, **own}}
    for owner, roles in columns.items():
        if "close" not in roles:
            said = ", ".join(roles)
            raise BadUpload(f"columns: expected a close for {owner or table.name}, was {said}")
    return symbol, [Series(symbol=owner, columns=roles) for owner, roles in columns.items()]


def _said(table: Table, asked: Mapping[str, str]) -> tuple[int | None, dict[str, dict[str, int]]]:
    """Read what was said: the column of symbols, and symbol -> role -> column."""
    columns: dict[str, dict[str, int]] = {}
    symbol: int | None = None
    for key, wanted in asked.items():
        owner, _, role = key.strip().rpartition(" ")
        if key in ("time", "clock"):
            continue
        column = resolve(wanted, table.labels, table.width, table.name)
        if key == "symbol":
            symbol = column
        elif role in VALUES:
            columns.setdefault(symbol_of(owner) if owner else "", {})[role] = column
        else:
            raise BadUpload(
                f"columns: expected time, clock, symbol, {', '.join(VALUES)}, or one of them after "
                f"a symbol, was {key!r}"
            )
    return symbol, columns


def _found_series(table: Table, time: int, used: set[int]) -> tuple[int | None, list[Series]]:
    if any(table.labels):
        return _labelled_series(table, used)
    return _unlabelled_series(table, time, used)


def _labelled_series(table: Table, used: set[int]) -> tuple[int | None, list[Series]]:
    """Read the header: one symbol, a symbol column, or columns of several symbols."""
    free = [c for c in range(table.width) if c not in used and table.labels[c]]
    roles = {c: role for c in free if (role := role_of(table.labels[c]))}
    direct = _first_of_each(table, roles)
    many = _by_symbol(table, free, roles)
    if "close" in direct and (len(table.levels) == 1 or not many):
        symbol = direct.pop("symbol", None)
        return symbol, [Series(symbol="", columns=_values_of(direct))]
    if many:
        return None, many
    if len({"open", "high", "low"} & set(direct)) >= 2:
        raise _no_close(table)
    return None, _one_column_each(table, free, roles)


def _first_of_each(table: Table, roles: Mapping[int, str]) -> dict[str, int]:
    """Give the first column of each role; an adjusted close stands in where there is no other."""
    direct: dict[str, int] = {}
    for column, role in roles.items():
        # What is named after a role is held for it, however many bad cells there are.
        if role == "symbol" or any(map(uploads_numbers.is_number, table.cells(column))):
            direct.setdefault(role, column)
    for column in range(table.width):
        if plain(table.labels[column]).startswith("volume") and column not in roles:
            direct.setdefault("volume", column)  # "Volume BTC"
    adjusted = direct.pop("adj_close", None)
    if adjusted is not None:
        direct.setdefault("close", adjusted)
    return direct


def _values_of(direct: Mapping[str, int]) -> dict[str, int]:
    return {role: direct[role] for role in VALUES if role in direct}


def _by_symbol(table: Table, free: Sequence[int], roles: Mapping[int, str]) -> list[Series]:
    """Gather columns that name a symbol and a role, on one header line or on several."""
    found: dict[str, dict[str, int]] = {}
    for column in free:
        if plain(table.labels[column]) in IGNORED:
            continue
        levels = [level[column].strip() for level in table.levels if level[column].strip()]
        if len(table.levels) == 1 and column in roles:
            continue
        for symbol, role in _readings(levels):
            if symbol:
                found.setdefault(symbol, {}).setdefault(role, column)
    series = []
    for symbol, columns in found.items():
        if "adj_close" in columns:
            columns.setdefault("close", columns.pop("adj_close"))
        if "close" in columns:
            series.append(Series(symbol=symbol, columns=_values_of(columns)))
    return series


def _readings(levels: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Read a label as a symbol and a role, in either order."""
    if len(levels) > 1:
        options = [(levels[1], levels[0]), (levels[0], levels[1])]
    else:
        parts = re.split(_SEPARATORS, levels[0])
        options = [
            (levels[0][: -len(parts[-1])].strip(_MARKS), parts[-1]),
            (levels[0][len(parts[0]) :].strip(_MARKS), parts[0]),
        ]
    for symbol, label in options:
        role = role_of(label)
        if role in (*PRICES, "adj_close", "volume") and plain(label) in _SPELT_OUT:
            yield symbol_of(symbol), role
            return


def _one_column_each(table: Table, free: Sequence[int], roles: Mapping[int, str]) -> list[Series]:
    """Take each column of numbers for the closes of the symbol that it is named after."""
    taken = [
        c
        for c in free
        if plain(table.labels[c]) not in IGNORED
        and roles.get(c) not in {*AMOUNTS, "time", "adj_close"}
        and table.holds(c, uploads_numbers.is_number)
        and symbol_of(table.labels[c])
    ]
    if not taken:
        raise _no_close(table)
    names = [symbol_of(table.labels[c]) for c in taken]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise BadUpload(
            f"{table.name}: expected a symbol a column, was {twice[0]} twice; rename a column"
        )
    return [Series(symbol=n, columns={"close": c}) for n, c in zip(names, taken, strict=True)]


def _unlabelled_series(table: Table, time: int, used: set[int]) -> tuple[int | None, list[Series]]:
    """Go by the number of columns where nothing names them."""
    if table.width in _BINANCE_WIDTHS and time == 0 and table.holds(
        _BINANCE_CLOSE_TIME, uploads_times.is_time
    ):  # fmt: skip
        columns = {role: c for c, role in enumerate(_BINANCE) if role and role != "time"}
        return None, [Series(symbol="", columns=columns)]
    free = [c for c in range(table.width) if c not in used and not table.is_empty(c)]
    numbers = [c for c in free if table.holds(c, uploads_numbers.is_number)]
    words = [c for c in free if c not in numbers]
    roles = _UNNAMED.get(len(numbers))
    if roles is None or len(words) > 1:
        raise BadUpload(
            f"{table.name}: expected a header, or a time and 1 (close), 4 (open, high, low, close) "
            f"or 5 (and volume) columns of numbers, was {len(numbers)} without a header; "
            "name the columns, or say `columns`"
        )
    columns = dict(zip(roles, numbers, strict=True))
    return (words[0] if words else None), [Series(symbol="", columns=columns)]


def _no_close(table: Table) -> BadUpload:
    shown = ", ".join(label for label in table.labels if label)[:200]
    return BadUpload(
        f"{table.name}: expected a column named close, price or value, or one a symbol, "
        f"was {shown}; say which column is `close`"
    )
