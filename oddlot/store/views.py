"""What can be asked of the tables: rows of one kind, chosen by name and by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import pyarrow as pa

from oddlot.contracts.messages import (
    INTERVAL_MS,
    Alert,
    Bar,
    Headline,
    Interval,
    PairTest,
    Spread,
    names_of,
)
from oddlot.store import schemas

M = TypeVar("M", Bar, Spread, PairTest, Alert, Headline)

FOREVER_MS = 1 << 62
TEST_SPACING_MS = 60_000  # a pair is tested at most once a minute


@dataclass(frozen=True, kw_only=True)
class View(Generic[M]):
    """A table as it is read.

    Attributes
    ----------
    table : its name.
    kind : what a row is; its fields are the columns.
    time : the column that orders the rows, ms UTC.
    names : columns that rows may be chosen by, each with one value.
    schema : what those columns are in Arrow.
    spacing_ms : rows of one subject are at least so far apart, if farther than their interval;
        None where several rows may share a time.
    """

    table: str
    kind: type[M]
    time: str
    names: tuple[str, ...]
    schema: pa.Schema
    spacing_ms: int | None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns, in the order of the fields."""
        return names_of(self.kind)


BARS = View(
    table="bars",
    kind=Bar,
    time="open_ms",
    names=("symbol", "interval"),
    schema=schemas.BARS,
    spacing_ms=0,
)
SPREADS = View(
    table="spreads",
    kind=Spread,
    time="open_ms",
    names=("pair", "interval"),
    schema=schemas.SPREADS,
    spacing_ms=0,
)
PAIR_TESTS = View(
    table="pair_tests",
    kind=PairTest,
    time="open_ms",
    names=("pair", "interval"),
    schema=schemas.PAIR_TESTS,
    spacing_ms=TEST_SPACING_MS,
)
ALERTS = View(
    table="alerts",
    kind=Alert,
    time="event_ms",
    names=("kind", "subject", "interval", "crossing"),
    schema=schemas.ALERTS,
    spacing_ms=None,
)


@dataclass(frozen=True, kw_only=True)
class Selection(Generic[M]):
    """Rows of a view.

    Attributes
    ----------
    view : of what.
    where : the value of each column that matters.
    from_ms, to_ms : bounds of the view's time, the first included; None is open.
    """

    view: View[M]
    where: Mapping[str, str]
    from_ms: int | None = None
    to_ms: int | None = None

    def __post_init__(self) -> None:
        # Names of columns become part of a statement: none may come from outside.
        assert set(self.where) <= set(self.view.names), f"{self.view.table} by {set(self.where)}"

    @property
    def condition(self) -> str:
        """What follows WHERE; the values are bound by the server."""
        equal = "".join(f"`{name}` = {{{name}:String}} AND " for name in self.where)
        time = self.view.time
        return f"{equal}{time} >= {{from_ms:Int64}} AND {time} < {{to_ms:Int64}}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The values bound."""
        return {
            **self.where,
            "from_ms": -FOREVER_MS if self.from_ms is None else self.from_ms,
            "to_ms": FOREVER_MS if self.to_ms is None else self.to_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """The oldest rows of a selection.

    Attributes
    ----------
    table : oldest first, in the view's schema.
    next_from_ms : ask again from here for the rows after; None where there are none.
    """

    table: pa.Table
    next_from_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[M]):
    """The newest rows of a selection.

    Attributes
    ----------
    rows : oldest first.
    next_to_ms : ask again up to here for the rows before; None where there are none.
    """

    rows: list[M]
    next_to_ms: int | None


def bars(
    symbol: str, interval: Interval, from_ms: int | None = None, to_ms: int | None = None
) -> Selection[Bar]:
    """Choose closed bars.

    Parameters
    ----------
    symbol : the name the venue trades under.
    interval : of the bars.
    from_ms, to_ms : bounds of `open_ms`; None is open.
    """
    return _of_subject(BARS, symbol, interval, from_ms, to_ms)


def spreads(
    pair: str, interval: Interval, from_ms: int | None = None, to_ms: int | None = None
) -> Selection[Spread]:
    """Choose spreads.

    Parameters
    ----------
    pair : `y~x`.
    interval : of the bars behind them.
    from_ms, to_ms : bounds of `open_ms`; None is open.
    """
    return _of_subject(SPREADS, pair, interval, from_ms, to_ms)


def pair_tests(
    pair: str, interval: Interval, from_ms: int | None = None, to_ms: int | None = None
) -> Selection[PairTest]:
    """Choose tests of a pair.

    Parameters
    ----------
    pair : `y~x`.
    interval : of the bars behind them.
    from_ms, to_ms : bounds of `open_ms`; None is open.
    """
    return _of_subject(PAIR_TESTS, pair, interval, from_ms, to_ms)


def spacing_ms(selection: Selection[Any]) -> int | None:
    """Tell how far apart rows of a selection are at least; None where nothing can be said.

    Parameters
    ----------
    selection : of one subject and interval, or of many.

    Examples
    --------
    >>> spacing_ms(bars("BTCUSDT", "1s")), spacing_ms(pair_tests("A~B", "1s"))
    (1000, 60000)
    """
    interval = selection.where.get("interval")
    if selection.view.spacing_ms is None or interval not in INTERVAL_MS:
        return None
    return max(selection.view.spacing_ms, INTERVAL_MS[interval])


def _of_subject(
    view: View[M], subject: str, interval: Interval, from_ms: int | None, to_ms: int | None
) -> Selection[M]:
    """Choose rows of one symbol or pair, which the view's first name is, on one interval."""
    where = dict(zip(view.names, (subject, interval), strict=True))
    return Selection(view=view, where=where, from_ms=from_ms, to_ms=to_ms)
