"""Rows in memory -> an Arrow table, typed by what the rows declare, even where there are none."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

_TYPES = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bool: pa.bool_(),
    dt.date: pa.date32(),
}


def table_of(rows: Sequence[object], kind: type[Any]) -> pa.Table:
    """Give a table of instances of a flat dataclass: a column for each field."""
    schema = schema_of(kind)
    columns = {name: [getattr(row, name) for row in rows] for name in schema.names}
    return pa.table(columns, schema=schema)


def schema_of(kind: type[Any]) -> pa.Schema:
    """Give the columns of a flat dataclass; unlike a table, it does not make Arrow load pandas."""
    hints = get_type_hints(kind)
    return pa.schema([(field.name, _type(hints[field.name])) for field in fields(kind)])


def _type(hint: Any) -> pa.DataType:
    """Tell Arrow's type of a field; None stands for a missing value of any type."""
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _type(next(arm for arm in get_args(hint) if arm is not types.NoneType))
    if origin is Literal:
        return _TYPES[type(get_args(hint)[0])]
    if origin in {list, tuple}:
        return pa.list_(_type(get_args(hint)[0]))
    return _TYPES[hint]
