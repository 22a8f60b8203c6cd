"""Rows of many pairs, one at a time -> the figures of their moving windows, vectorised."""

from __future__ import annotations

from dataclasses import dataclass, fields

from oddlot.contracts.messages import Float64s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """What is said of rows; NaN where a figure has no meaning.

    Attributes
    ----------
    n : (k,) rows in the window behind it.
    hedge_ratio, intercept, r_squared, spread, z, correlation : (k,)
    """

    n: Int64s
    hedge_ratio: Float64s
    intercept: Float64s
    r_squared: Float64s
    spread: Float64s
    z: Float64s
    correlation: Float64s


NAMES = tuple(field.name for field in fields(Figures) if field.name != "n")
