"""Bars and spreads of an upload -> Arrow tables, some rows at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pyarrow as pa

from api.tables import schema_of, table_of
from api.uploads_kept import Bars
from api.uploads_series import VALUES, Bounds
from api.uploads_work import Uploads
from oddlot.contracts.messages import PairTest, Spread
from oddlot.quant import uploads_pairs
from oddlot.quant.desk import Settled
from oddlot.quant.fits import FIGURES
from oddlot.quant.uploads_pairs import CHUNK_ROWS, PairSeries

BARS = pa.schema(
    [("symbol", pa.string()), ("interval", pa.string()), ("open_ms", pa.int64())]
    + [(name, pa.float64()) for name in VALUES]
)
SPREADS = schema_of(Spread)


async def taken(uploads: Uploads, tables: Iterator[pa.Table]) -> AsyncIterator[pa.Table]:
    """Make tables in the threads of uploads, the next one when one has been taken."""
    while (table := await uploads.compute(lambda: next(tables, None))) is not None:
        yield table


def bar_tables(bars: Bars, bounds: Bounds) -> Iterator[pa.Table]:
    """Give the bars within bounds; one table without rows if there are none."""
    start, end = bars.open_ms.searchsorted((bounds.from_ms, bounds.to_ms)).tolist()
    for first in range(start, max(end, start + 1), CHUNK_ROWS):
        at = slice(first, min(first + CHUNK_ROWS, end))
        columns: dict[str, Any] = {
            "symbol": bars.symbol,
            "interval": bars.interval,
            "open_ms": bars.open_ms[at],
            **{name: bars.values[name][at] if name in bars.values else None for name in VALUES},
        }
        yield _table(columns, len(bars.open_ms[at]), BARS)


def spread_tables(
    series: PairSeries, interval: str, bounds: Bounds, resolution: int | None
) -> Iterator[pa.Table]:
    """Give the spreads within bounds; one table without rows if there are none."""
    if resolution is not None:
        rows = uploads_pairs.thinned(series, bounds.from_ms, bounds.to_ms, resolution)
        yield _spreads(series, interval, rows)
        return
    yield SPREADS.empty_table()
    for rows in uploads_pairs.chunks(series, bounds.from_ms, bounds.to_ms):
        yield _spreads(series, interval, rows)


def test_tables(found: list[PairTest]) -> Iterator[pa.Table]:
    """Give tests as one table."""
    yield table_of(found, PairTest)


def _spreads(series: PairSeries, interval: str, rows: Settled) -> pa.Table:
    pair = series.pair
    columns: dict[str, Any] = {
        "pair": pair.id, "y": pair.y, "x": pair.x, "interval": interval,
        "open_ms": rows.open_ms, "y_close": rows.y, "x_close": rows.x, "n": rows.figures.n,
        "window": pair.window, "warm": rows.figures.n >= pair.window, "stale": rows.is_stale,
        "prices": pair.prices, "hedge": pair.hedge,
        **{name: getattr(rows.figures, name) for name in FIGURES},
    }  # fmt: skip
    return _table(columns, len(rows.open_ms), SPREADS)


def _table(columns: dict[str, Any], rows: int, schema: pa.Schema) -> pa.Table:
    """Give arrays, and values that all rows share, as a table; NaN becomes null."""
    arrays = []
    for field in schema:
        value = columns[field.name]
        if value is None:
            arrays.append(pa.nulls(rows, field.type))
        elif isinstance(value, str | int):
            arrays.append(pa.repeat(pa.scalar(value, field.type), rows))
        else:
            arrays.append(pa.array(value, field.type, from_pandas=True))
    return pa.table(arrays, schema=schema)
