"""What is asked of the tables, in SQL; every value is bound by the server."""

from __future__ import annotations

from typing import Any

from oddlot.store.views import Selection

# FINAL leaves one row a key, and reads all there is of it: what is read has to be bounded.
# Rows that share a time stay together, or a page that ends between them would lose some.
LATEST = """
    SELECT {columns} FROM {table} FINAL WHERE {condition}
    ORDER BY {time} DESC LIMIT {{limit:UInt32}} WITH TIES
"""
# Where a page without a known spacing of its rows begins.
NEAR = """
    SELECT {time} AS at FROM {table} WHERE {condition}
    ORDER BY {time} DESC LIMIT 1 OFFSET {{limit:UInt32}}
"""
# Where the rows of a chunk end, told from one column: what FINAL then reads is bounded by it.
END = """
    SELECT {time} AS at FROM {table} WHERE {condition}
    ORDER BY {time} LIMIT 1 OFFSET {{limit:UInt32}}
"""
CHUNK = """
    SELECT {columns} FROM {table} FINAL WHERE {condition}
    ORDER BY {time} LIMIT {{limit:UInt32}} WITH TIES
"""
EXTENT = """
    SELECT count() AS rows, min({time}) AS first_ms, max({time}) AS last_ms FROM {table}
    WHERE {condition} LIMIT 1
"""
# A chart of many rows keeps what it is drawn for: where z has been.
THINNED = """
    SELECT {columns} FROM {table} FINAL WHERE {condition} AND open_ms IN (
        SELECT arrayJoin([max(open_ms), argMax(open_ms, z), argMin(open_ms, z)])
        FROM {table} WHERE {condition} GROUP BY intDiv(open_ms, {{step_ms:Int64}})
    )
    ORDER BY open_ms DESC LIMIT {{limit:UInt32}}
"""
CLOSES = """
    SELECT symbol, open_ms, close FROM bars FINAL
    WHERE symbol IN {symbols:Array(String)} AND interval = {interval:String}
      AND open_ms >= {from_ms:Int64}
    ORDER BY open_ms DESC LIMIT {limit:UInt32}
"""
NEWEST = """
    SELECT max(open_ms) AS at FROM bars
    WHERE symbol IN {symbols:Array(String)} AND interval = {interval:String} LIMIT 1
"""
LAST_PRICE = """
    SELECT symbol, open_ms, close FROM bars
    WHERE symbol = {symbol:String} AND interval = '1s'
    ORDER BY open_ms DESC, revision DESC LIMIT 1
"""


def filled(sql: str, selection: Selection[Any]) -> str:
    """Put a selection into a statement.

    Parameters
    ----------
    sql : one of those above.
    selection : its table, columns and condition; names of ours, none from outside.
    """
    view = selection.view
    return sql.format(
        columns=", ".join(f"`{name}`" for name in view.columns),
        table=view.table,
        condition=selection.condition,
        time=view.time,
    )
