"""Rows of ticks or bars -> rows of longer bars: the vectorised left fold behind `bars`."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from oddlot.contracts.messages import Bar, Bools, Float64s, Int64s, Interval


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

_NO_INTS, _NO_FLOATS = np.empty(0, np.int64), np.empty(0, np.float64)
NO_ROWS = Rows(
    open_ms=_NO_INTS,
    open=_NO_FLOATS,
    high=_NO_FLOATS,
    low=_NO_FLOATS,
    close=_NO_FLOATS,
    volume=_NO_FLOATS,
    quote_volume=_NO_FLOATS,
    taker_buy_volume=_NO_FLOATS,
    trades=_NO_INTS,
    first_id=_NO_INTS,
    last_id=_NO_INTS,
    complete=np.empty(0, np.bool_),
)


def fold(rows: Rows, open_bar: Bar | None, length_ms: int, known_ms: int) -> tuple[Rows, Rows]:
    """Fold rows into bars of one length.

    Parameters
    ----------
    rows : in time order, none before the open bar.
    open_bar : the bar that still gathers, its sums are gone on from; None between bars.
    length_ms : of the bars.
    known_ms : venue time up to which everything has been seen.

    Returns
    -------
    the bars that close, and the one that stays open as one row, or no row.

    Notes
    -----
    Sums run in row order from the open bar's sum on, so they do not depend on how the rows were
    cut into calls: `bincount` adds in sequence, `add.reduceat` and `sum` would add pairwise.
    """
    if open_bar is not None:
        rows = _with_first(open_bar, rows)
    if not len(rows):
        return NO_ROWS, NO_ROWS
    bars = _grouped(rows, length_ms)
    if int(bars.open_ms[-1]) + length_ms <= known_ms:
        return bars, NO_ROWS
    return _slice(bars, slice(None, -1)), _slice(bars, slice(-1, None))


def bars_of(rows: Rows, symbol: str, interval: Interval) -> list[Bar]:
    """Give rows as messages.

    Parameters
    ----------
    rows : folded to the interval.
    symbol, interval : what the rows do not carry.
    """
    columns = (getattr(rows, name).tolist() for name in COLUMNS)
    return [
        Bar(symbol=symbol, interval=interval, **dict(zip(COLUMNS, row, strict=True)))
        for row in zip(*columns, strict=True)
    ]


def _grouped(rows: Rows, length_ms: int) -> Rows:
    open_ms = rows.open_ms // length_ms * length_ms
    starts = np.flatnonzero(np.diff(open_ms, prepend=open_ms[0] - 1))
    lengths = np.diff(starts, append=len(rows))
    ends = starts + lengths - 1
    group = np.repeat(np.arange(len(starts)), lengths)
    return Rows(
        open_ms[starts],
        rows.open[starts],
        np.maximum.reduceat(rows.high, starts),
        np.minimum.reduceat(rows.low, starts),
        rows.close[ends],
        _sums(group, rows.volume),
        _sums(group, rows.quote_volume),
        _sums(group, rows.taker_buy_volume),
        np.add.reduceat(rows.trades, starts),
        rows.first_id[starts],
        rows.last_id[ends],
        np.logical_and.reduceat(rows.complete, starts),
    )


def _sums(group: Int64s, column: Float64s) -> Float64s:
    return np.bincount(group, column).astype(np.float64, copy=False)


def _with_first(bar: Bar, rows: Rows) -> Rows:
    """Put an open bar before the rows: a left fold goes on from its sums."""
    if not len(rows):
        return Rows(*(np.array([getattr(bar, name)]) for name in COLUMNS))
    return Rows(*(np.concatenate(([getattr(bar, name)], getattr(rows, name))) for name in COLUMNS))


def _slice(rows: Rows, which: slice) -> Rows:
    return Rows(*(getattr(rows, name)[which] for name in COLUMNS))
