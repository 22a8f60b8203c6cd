"""Two series of an upload -> spreads and tests of the pair, by the same functions as live.

What is said of a row depends on a bounded stretch before it, so a part of a long series can be
computed by itself and gives the same bits as the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from oddlot.contracts.messages import INTERVAL_MS, Float64s, Int64s
from oddlot.contracts.pairs import Pair
from oddlot.quant import pairs
from oddlot.quant.desk import Settled, Window
from oddlot.quant.fits import FIGURES
from oddlot.quant.legs import Leg
from oddlot.quant.rolling import Figures

CHUNK_ROWS = 100_000  # computed at a time: tens of megabytes
FOREVER_MS = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closes:
    """The closes of one symbol.

    Attributes
    ----------
    open_ms : (n,) increasing.
    close : (n,) positive.
    """

    open_ms: Int64s
    close: Float64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairSeries:
    """A pair of an upload.

    Attributes
    ----------
    pair : window, prices, hedge, limit of silence.
    length_ms : of the bars.
    y, x : its legs, whole.
    """

    pair: Pair
    length_ms: int
    y: Closes
    x: Closes

    @property
    def first_ms(self) -> int:
        """The first row: where both legs have begun."""
        return int(max(self.y.open_ms[0], self.x.open_ms[0]))

    @property
    def until_ms(self) -> int:
        """No bar of either leg opens at this time or later: the files end."""
        return int(max(self.y.open_ms[-1], self.x.open_ms[-1])) + self.length_ms

    @property
    def reach_ms(self) -> int:
        """How far before a bar the closes lie that count in its row."""
        return pairs.reach_ms(self.pair, "1s") // INTERVAL_MS["1s"] * self.length_ms


def between(series: PairSeries, from_ms: int, to_ms: int) -> Settled:
    """Compute the rows within [from_ms, to_ms).

    Parameters
    ----------
    series : the pair.
    from_ms, to_ms : bounds of the rows' opens.

    Examples
    --------
    >>> closes = Closes(open_ms=np.arange(4) * 60_000, close=np.array([1.0, 2.0, 4.0, 3.0]))
    >>> other = Closes(open_ms=np.arange(4) * 60_000, close=np.array([2.0, 3.0, 4.0, 6.0]))
    >>> pair = Pair(y="Y", x="X", window=10)
    >>> rows = between(PairSeries(pair=pair, length_ms=60_000, y=closes, x=other), 120_000, 180_000)
    >>> rows.open_ms.tolist(), rows.figures.n.tolist()
    ([120000], [3])
    """
    since_ms = max(from_ms, series.first_ms) - series.reach_ms
    y, x = (_leg(closes, since_ms, to_ms, series.until_ms) for closes in (series.y, series.x))
    rows = pairs.aligned(series.pair, series.length_ms, y, x)
    figures = pairs.history(series.pair, series.length_ms, rows)
    wanted = slice(*np.searchsorted(rows.open_ms, (from_ms, to_ms)).tolist())
    return Settled(
        which=np.zeros(len(rows.open_ms[wanted]), np.int64),
        open_ms=rows.open_ms[wanted],
        y=rows.y[wanted],
        x=rows.x[wanted],
        is_stale=rows.is_stale[wanted],
        figures=Figures(
            n=figures.n[wanted], **{name: getattr(figures, name)[wanted] for name in FIGURES}
        ),
    )


def newest(series: PairSeries, from_ms: int, to_ms: int, limit: int) -> tuple[Settled, int | None]:
    """Compute the newest rows within [from_ms, to_ms).

    Parameters
    ----------
    series : the pair.
    from_ms, to_ms : bounds of the rows' opens.
    limit : how many at most.

    Returns
    -------
    the rows, and the time to ask again up to for those before; None where there are none.
    """
    start_ms = max(from_ms, series.first_ms)
    y, x = (_last(c.open_ms, start_ms, to_ms, limit + 1) for c in (series.y, series.x))
    opens = np.union1d(y, x)
    has_older = len(opens) > limit
    first_ms = int(opens[-limit]) if has_older else start_ms
    return between(series, first_ms, to_ms), first_ms if has_older else None


def chunks(series: PairSeries, from_ms: int, to_ms: int) -> Iterator[Settled]:
    """Compute all rows within [from_ms, to_ms), oldest first, some at a time.

    Parameters
    ----------
    series : the pair.
    from_ms, to_ms : bounds of the rows' opens.
    """
    at_ms, end_ms = max(from_ms, series.first_ms), min(to_ms, series.until_ms)
    while at_ms < end_ms:
        after = (_nth(c.open_ms, at_ms, CHUNK_ROWS) for c in (series.y, series.x))
        until_ms = min(*after, end_ms)
        yield between(series, at_ms, until_ms)
        at_ms = until_ms


def thinned(series: PairSeries, from_ms: int, to_ms: int, resolution: int) -> Settled:
    """Compute all rows within [from_ms, to_ms), and give a part that stands for them.

    Of equal stretches of time the last row is given, and the one with the greatest |z|, so that no
    excursion is lost.

    Parameters
    ----------
    series : the pair.
    from_ms, to_ms : bounds of the rows' opens.
    resolution : how many rows at most, 2 or more.
    """
    start_ms, end_ms = max(from_ms, series.first_ms), min(to_ms, series.until_ms)
    width_ms = max(1, -(-(end_ms - start_ms) // (resolution // 2)))
    found = [
        _taken(rows, _standing(rows, start_ms, width_ms)) for rows in chunks(series, from_ms, to_ms)
    ]
    # A stretch may have been cut by a chunk: once more, over what is left.
    whole = _joined(found) if found else between(series, start_ms, start_ms)
    return _taken(whole, _standing(whole, start_ms, width_ms))


def windows(series: PairSeries, from_ms: int, to_ms: int, limit: int) -> Iterator[Window]:
    """Give the closes of the last window within [from_ms, to_ms), and of those before it.

    Parameters
    ----------
    series : the pair.
    from_ms, to_ms : bounds of the rows' opens.
    limit : how many at most; they do not overlap. Only the last one may be short.
    """
    wanted, window = limit * series.pair.window, series.pair.window
    end_ms = min(to_ms, series.until_ms)
    start_ms = max(from_ms, series.first_ms)
    rows, _ = newest(series, start_ms, end_ms, 2 * wanted)  # stale ones among them do not count
    fresh = np.flatnonzero(~rows.is_stale)[-wanted:]
    for end in range(len(fresh), 0, -window):
        used = fresh[max(0, end - window) : end]
        if len(used) == window or end == len(fresh):
            yield Window(open_ms=rows.open_ms[used], y=rows.y[used], x=rows.x[used])


def _standing(rows: Settled, start_ms: int, width_ms: int) -> Int64s:
    stretch = (rows.open_ms - start_ms) // width_ms
    last = np.flatnonzero(np.diff(stretch, append=-1))
    size = np.nan_to_num(np.abs(rows.figures.z), nan=-1.0)
    # Sorted by size within its stretch, the greatest |z| takes the place of the last row.
    return np.union1d(last, np.lexsort((size, stretch))[last])


def _joined(parts: list[Settled]) -> Settled:
    figures = [part.figures for part in parts]
    return Settled(
        which=np.concatenate([part.which for part in parts]),
        open_ms=np.concatenate([part.open_ms for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        x=np.concatenate([part.x for part in parts]),
        is_stale=np.concatenate([part.is_stale for part in parts]),
        figures=Figures(
            n=np.concatenate([f.n for f in figures]),
            **{name: np.concatenate([getattr(f, name) for f in figures]) for name in FIGURES},
        ),
    )


def _taken(rows: Settled, at: Int64s) -> Settled:
    return Settled(
        which=rows.which[at],
        open_ms=rows.open_ms[at],
        y=rows.y[at],
        x=rows.x[at],
        is_stale=rows.is_stale[at],
        figures=Figures(
            n=rows.figures.n[at], **{name: getattr(rows.figures, name)[at] for name in FIGURES}
        ),
    )


def _leg(closes: Closes, since_ms: int, to_ms: int, until_ms: int) -> Leg:
    """Cut a leg to the bars that count, the last one before them included."""
    first = max(0, int(np.searchsorted(closes.open_ms, since_ms, side="right")) - 1)
    end = int(np.searchsorted(closes.open_ms, to_ms))
    return Leg(
        open_ms=closes.open_ms[first:end], close=closes.close[first:end], known_until_ms=until_ms
    )


def _last(open_ms: Int64s, from_ms: int, to_ms: int, limit: int) -> Int64s:
    start, end = np.searchsorted(open_ms, (from_ms, to_ms)).tolist()
    return open_ms[max(start, end - limit) : end]


def _nth(open_ms: Int64s, from_ms: int, n: int) -> int:
    at = int(np.searchsorted(open_ms, from_ms)) + n
    return int(open_ms[at]) if at < len(open_ms) else FOREVER_MS
