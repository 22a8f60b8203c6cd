"""Bars of an upload -> rows of its views: cut, thinned, computed as live ones are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from api.uploads_kept import Bars
from oddlot import errors
from oddlot.contracts.messages import PairTest, Spread
from oddlot.contracts.pairs import Pair
from oddlot.quant import stationarity, uploads_pairs
from oddlot.quant.coarse import coarse
from oddlot.quant.desk import Settled, spreads_of
from oddlot.quant.uploads_pairs import FOREVER_MS, Closes, PairSeries

if TYPE_CHECKING:
    from api.stretches import Stretch

VALUES = (
    "open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume", "trades",
)  # fmt: skip
WINDOWS_TESTED = 20  # of a pair, one after the other back from the end; 5 ms each


@dataclass(frozen=True, slots=True)
class Bounds:
    """[from_ms, to_ms), both always there."""

    from_ms: int
    to_ms: int

    @classmethod
    def of(cls, stretch: Stretch) -> Bounds:
        """Give the bounds of a stretch that may be open."""
        return cls(
            -FOREVER_MS if stretch.from_ms is None else stretch.from_ms,
            FOREVER_MS if stretch.to_ms is None else stretch.to_ms,
        )


def bar_rows(bars: Bars, at: slice) -> list[list[Any]]:
    """Give rows of open_ms and VALUES; None where a file says nothing."""
    n = len(bars.open_ms[at])
    columns: list[list[Any]] = [bars.open_ms[at].tolist()]
    for name in VALUES:
        values = bars.values.get(name)
        if values is None:
            columns.append([None] * n)
        else:
            part = values[at]
            columns.append([None if v != v else v for v in part.tolist()])  # NaN is not itself
    return [list(row) for row in zip(*columns, strict=True)]


def newest_bars(bars: Bars, bounds: Bounds, limit: int) -> tuple[slice, int | None]:
    """Choose the newest bars within bounds, and the time to ask again up to, if there are more."""
    start, end = np.searchsorted(bars.open_ms, (bounds.from_ms, bounds.to_ms)).tolist()
    first = max(start, end - limit)
    return slice(first, end), int(bars.open_ms[first]) if first > start else None


def coarser_bars(bars: Bars, bounds: Bounds, most: int) -> Bars:
    """Fold the bars within bounds into a few that stand for all of them."""
    start, end = np.searchsorted(bars.open_ms, (bounds.from_ms, bounds.to_ms)).tolist()
    values = {name: each[start:end] for name, each in bars.values.items()}
    open_ms, folded = coarse(bars.open_ms[start:end], values, most)
    return replace(bars, open_ms=open_ms, values=folded)


def pair_series(y: Bars, x: Bars, pair: Pair) -> PairSeries:
    """Put two symbols of an upload together; raise BadRequest where their bars differ in length."""
    if y.interval_ms != x.interval_ms:
        raise errors.BadRequest(
            f"{pair.id}: expected legs of one interval, was {y.interval} and {x.interval}; "
            "upload both with the same bars"
        )
    return PairSeries(
        pair=pair,
        length_ms=y.interval_ms,
        y=Closes(open_ms=y.open_ms, close=y.values["close"]),
        x=Closes(open_ms=x.open_ms, close=x.values["close"]),
    )


def newest_spreads(
    series: PairSeries, interval: str, bounds: Bounds, limit: int
) -> tuple[list[Spread], int | None]:
    """Compute the newest rows within bounds, and the time to ask again up to."""
    rows, next_to_ms = uploads_pairs.newest(series, bounds.from_ms, bounds.to_ms, limit)
    return _messages(series.pair, rows, interval), next_to_ms


def thinned_spreads(
    series: PairSeries, interval: str, bounds: Bounds, resolution: int
) -> list[Spread]:
    """Compute all rows within bounds, and give some that stand for them."""
    rows = uploads_pairs.thinned(series, bounds.from_ms, bounds.to_ms, resolution)
    return _messages(series.pair, rows, interval)


def tests(series: PairSeries, interval: str, bounds: Bounds) -> list[PairTest]:
    """Test the last window within bounds and those before it, without overlap; newest last."""
    found: list[PairTest] = []
    for window in uploads_pairs.windows(series, bounds.from_ms, bounds.to_ms, WINDOWS_TESTED):
        test = stationarity.pair_test(
            series.pair,
            interval,  # type: ignore[arg-type]  # an upload has an interval of its own
            int(window.open_ms[-1]),
            window.y,
            window.x,
        )
        found.append(test)
    return found[::-1]


def _messages(pair: Pair, rows: Settled, interval: str) -> list[Spread]:
    return spreads_of([pair], rows, interval)  # type: ignore[arg-type]  # as above
