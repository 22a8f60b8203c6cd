"""Rows of ticks or bars -> longer bars: the left fold behind `bars`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from oddlot.contracts.messages import INTERVAL_MS, Bar, Bools, Float64s, Int64s, Interval

Values = Sequence[Any]  # of one row, in the order of COLUMNS


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns to fold, one row a tick or a shorter bar, in time order.

    The names are those of `Bar`; for a tick open_ms is its time, and all four prices are one.
    """

    open_ms: Int64s
    open: Float64s
    high: Float64s
    low: Float64s
    close: Float64s
    volume: Float64s
    quote_volume: Float64s
    taker_buy_volume: Float64s
    trades: Int64s
    first_id: Int64s
    last_id: Int64s
    complete: Bools

    def __len__(self) -> int:
        return len(self.open_ms)


COLUMNS = tuple(field.name for field in fields(Rows))

NO_ROWS = Rows(*[np.empty(0)] * len(COLUMNS))  # type: ignore[arg-type]  # no row, no type
# Up to that many rows a loop is faster than numpy's calls: live batches are that short.
SHORT_ROWS = 16
_ZERO = np.zeros(1, np.int64)
_SUMS = slice(COLUMNS.index("volume"), COLUMNS.index("trades"))


def rows_of(bars: Sequence[Bar]) -> Rows:
    """Give bars as rows, to be folded into longer ones.

    Parameters
    ----------
    bars : of one symbol and interval, in time order.
    """
    columns: list[Any] = [np.array([getattr(bar, name) for bar in bars]) for name in COLUMNS]
    return Rows(*columns)


def fold(
    rows: Rows, open_bar: Bar | None, *, symbol: str, interval: Interval, known_ms: int
) -> tuple[list[Bar], Bar | None]:
    """Fold rows into bars of one interval.

    Parameters
    ----------
    rows : in time order, none before the open bar.
    open_bar : the bar that still gathers, its sums are gone on from; None between bars.
    symbol, interval : of the bars.
    known_ms : venue time up to which everything has been seen.

    Returns
    -------
    the bars that close, and the one that stays open, if any.

    Notes
    -----
    Sums run in row order from the open bar's sum on, so they do not depend on how the rows were
    cut into calls, nor on which way they go: `bincount` adds in sequence, as a loop does;
    `add.reduceat` and `sum` would add pairwise.
    """
    length_ms = INTERVAL_MS[interval]
    carried = None if open_bar is None else tuple(getattr(open_bar, name) for name in COLUMNS)
    fold_all = _way(rows, length_ms)
    # Bar has the symbol, the interval, and COLUMNS.
    bars = [Bar(symbol, interval, *values) for values in fold_all(rows, carried, length_ms)]
    if bars and bars[-1].open_ms + length_ms > known_ms:
        return bars[:-1], bars[-1]
    return bars, None


def _way(rows: Rows, length_ms: int) -> Callable[[Rows, Values | None, int], Iterable[Values]]:
    """Choose the fastest way to the same bars."""
    if len(rows) <= SHORT_ROWS:
        return _fold_short
    if rows.open_ms[0] // length_ms == rows.open_ms[-1] // length_ms:
        return _fold_one
    return _fold_long


def _fold_short(rows: Rows, carried: Values | None, length_ms: int) -> Iterable[Values]:
    bars = [list(carried)] if carried else []
    for row in zip(*(getattr(rows, name).tolist() for name in COLUMNS), strict=True):
        open_ms = row[0] // length_ms * length_ms
        if not bars or bars[-1][0] != open_ms:
            bars.append([open_ms, *row[1:]])
            continue
        bar = bars[-1]
        bar[2], bar[3], bar[4] = max(bar[2], row[2]), min(bar[3], row[3]), row[4]
        for sums in (5, 6, 7, 8):  # volume, quote volume, taker buy volume, trades
            bar[sums] += row[sums]
        bar[10], bar[11] = row[10], bar[11] and row[11]
    return bars


def _fold_one(rows: Rows, carried: Values | None, length_ms: int) -> Iterable[Values]:
    """Fold rows that are all of one bar."""
    open_ms = int(rows.open_ms[0]) // length_ms * length_ms
    joins = carried is not None and carried[0] == open_ms
    before = carried[_SUMS] if carried is not None and joins else (0.0, 0.0, 0.0)
    sums = (rows.volume, rows.quote_volume, rows.taker_buy_volume)
    bar = (
        open_ms,
        rows.open[0].item(),
        np.maximum.reduce(rows.high).item(),
        np.minimum.reduce(rows.low).item(),
        rows.close[-1].item(),
        *[
            np.add.accumulate(np.concatenate(([start], column)))[-1].item()
            for start, column in zip(before, sums, strict=True)
        ],
        np.add.reduce(rows.trades).item(),
        rows.first_id[0].item(),
        rows.last_id[-1].item(),
        np.logical_and.reduce(rows.complete).item(),
    )
    if carried is None:
        return [bar]
    return [_joined(carried, bar)] if joins else [carried, bar]


def _fold_long(rows: Rows, carried: Values | None, length_ms: int) -> Iterable[Values]:
    open_ms = rows.open_ms // length_ms * length_ms
    starts = np.flatnonzero(open_ms[1:] != open_ms[:-1]) + 1
    starts = np.concatenate((_ZERO, starts))
    last = np.concatenate((starts[1:], [len(open_ms)])) - 1
    # Sums go on from an open bar's, row by row: the order of additions decides the last bit.
    joins = carried is not None and carried[0] == open_ms[0]
    before = carried[_SUMS] if carried is not None and joins else (0.0, 0.0, 0.0)
    group = np.concatenate((_ZERO, np.repeat(np.arange(len(starts)), last - starts + 1)))
    sums = (rows.volume, rows.quote_volume, rows.taker_buy_volume)
    folded = (
        open_ms[starts],
        rows.open[starts],
        np.maximum.reduceat(rows.high, starts),
        np.minimum.reduceat(rows.low, starts),
        rows.close[last],
        *[
            np.bincount(group, np.concatenate(([start], column)))
            for start, column in zip(before, sums, strict=True)
        ],
        np.add.reduceat(rows.trades, starts),
        rows.first_id[starts],
        rows.last_id[last],
        np.logical_and.reduceat(rows.complete, starts),
    )
    bars = [*zip(*(column.tolist() for column in folded), strict=True)]
    if carried is None:
        return bars
    return [_joined(carried, bars[0]), *bars[1:]] if joins else [carried, *bars]


def _joined(carried: Values, rest: Values) -> Values:
    """Put an open bar and the rest of it together; its sums are in the rest's already."""
    return (
        *carried[:2],
        max(carried[2], rest[2]),
        min(carried[3], rest[3]),
        *rest[4:8],
        carried[8] + rest[8],
        carried[9],
        rest[10],
        carried[11] and rest[11],
    )
