"""Ticks -> closed bars of 1s, 1m and 5m, the same however the ticks are cut into batches.

Seconds are folded from ticks, minutes from seconds, five minutes from minutes. A bar closes once a
tick of its symbol, or a watermark, lies past its end. Sums are left folds in id order: `bincount`
adds in sequence, where `np.sum` and `add.reduceat` add pairwise and would round by the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from oddlot.contracts.messages import (
    INTERVAL_MS,
    Bar,
    Bools,
    Int64s,
    Interval,
    Lull,
    Ticks,
)
from oddlot.errors import LostMessage
from oddlot.quant import rows

SECOND_MS = 1_000
_ALL = np.logical_and.reduce  # on short arrays half the time of their own `all`
INTERVALS: tuple[Interval, ...] = ("1s", "1m", "5m")  # each folded from the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What is remembered of one interval.

    Attributes
    ----------
    open_bar : the bar that still gathers, None between bars.
    closed_open_ms : open of the last closed bar.
    told_until_ms : readers know of every bar before this venue time, by bars or by a lull.
    """

    open_bar: Bar | None = None
    closed_open_ms: int | None = None
    told_until_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """The state of one symbol between batches.

    Attributes
    ----------
    symbol : whose ticks these are.
    last_id : the venue's id of the last tick counted; None before the first.
    known_ms : every tick before this venue time has been counted.
    levels : one for each of INTERVALS.
    """

    symbol: str
    last_id: int | None = None
    known_ms: int = 0
    levels: tuple[Level, Level, Level] = (Level(), Level(), Level())


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What a run of batches made of a state.

    Attributes
    ----------
    state : to go on from.
    bars : closed, in the order in which they ended; a second before the minute it ends.
    lulls : stretches now known to hold no bar.
    late : ticks older than the open second; they count in the open second.
    duplicates : ticks dropped because their id had been counted.
    """

    state: Folding
    bars: list[Bar]
    lulls: list[Lull]
    late: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class _Intake:
    """New ticks as rows, and what else the batches said."""

    ticks: rows.Rows
    breaks_open_bar: bool  # the ids jump between the last tick counted and the first new one
    last_id: int | None
    known_ms: int
    late: int
    duplicates: int


def add_ticks(state: Folding, batches: Sequence[Ticks]) -> Folded:
    """Fold batches of one symbol, in the order in which they were published.

    Parameters
    ----------
    state : where the symbol stands.
    batches : of that symbol; empty ones move the watermark only.

    Raises
    ------
    LostMessage
        If a batch does not connect to what has been counted: one before it is missing.

    Examples
    --------
    >>> ticks = Ticks(
    ...     symbol="BTCUSDT", source="live", after_id=None, watermark_ms=2_100,
    ...     ids=np.array([7, 8]), event_ms=np.array([1_000, 1_400]),
    ...     price=np.array([100.0, 103.0]), quantity=np.array([1.0, 2.0]),
    ...     is_buyer_maker=np.array([False, True]), trades=np.array([1, 1], np.int32),
    ... )
    >>> folded = add_ticks(Folding(symbol="BTCUSDT"), [ticks])
    >>> [(bar.interval, bar.open_ms, bar.close, bar.volume) for bar in folded.bars]
    [('1s', 1000, 103.0, 3.0)]
    """
    intake = _take_in(state, batches)
    finer, known_ms = intake.ticks, intake.known_ms
    levels: list[Level] = []
    bars, lulls = list[Bar](), list[Lull]()
    for interval, before in zip(INTERVALS, _levels(state, intake), strict=True):
        closed, level, lull = _fold_level(
            before, finer, symbol=state.symbol, interval=interval, known_ms=known_ms
        )
        finer = rows.rows_of(closed) if closed else rows.NO_ROWS
        bars += closed
        levels.append(level)
        lulls += [lull] if lull else []
    bars.sort(key=_end_and_length)
    after = Folding(
        symbol=state.symbol,
        last_id=intake.last_id,
        known_ms=known_ms,
        levels=(levels[0], levels[1], levels[2]),
    )
    return Folded(
        state=after, bars=bars, lulls=lulls, late=intake.late, duplicates=intake.duplicates
    )


def _levels(state: Folding, intake: _Intake) -> tuple[Level, Level, Level]:
    """Give the levels to go on from; a broken open second carries the mark up to its minute."""
    seconds, minutes, fives = state.levels
    if intake.breaks_open_bar and seconds.open_bar is not None:
        broken = msgspec.structs.replace(seconds.open_bar, complete=False)
        return replace(seconds, open_bar=broken), minutes, fives
    return state.levels


def _take_in(state: Folding, batches: Sequence[Ticks]) -> _Intake:
    """Check that the batches connect, put them in one piece, drop what has been counted."""
    last_id, known_ms = state.last_id, state.known_ms
    filled: list[Ticks] = []
    floors: list[int] = []  # venue time before which nothing can be open any more, per batch
    for batch in batches:
        if batch.after_id is not None and last_id is not None and batch.after_id > last_id:
            raise LostMessage(
                f"{state.symbol}: expected a batch after id {last_id}, found one after "
                f"{batch.after_id}: the ticks between are on no message that was read"
            )
        if len(batch):
            filled.append(batch)
            floors.append(known_ms)
            newest = int(batch.ids[-1])
            last_id = newest if last_id is None else max(last_id, newest)
            known_ms = max(known_ms, int(batch.event_ms.max()))
        known_ms = max(known_ms, batch.watermark_ms)
    if not filled:
        return _Intake(rows.NO_ROWS, False, last_id, known_ms, 0, 0)
    if len(filled) == 1 and _goes_on(filled[0], state.last_id, floors[0]):
        ticks = _rows_of(_columns(filled), np.ones(len(filled[0]), np.bool_))
        return _Intake(ticks, False, last_id, known_ms, 0, 0)
    return _intake_of(state, filled, np.array(floors), (last_id, known_ms))


def _goes_on(batch: Ticks, last_id: int | None, floor_ms: int) -> bool:
    """Tell whether a batch has the ids right after the last one, each once, and in order of time.

    Nearly all do, and then there is nothing to drop, to mark or to move.
    """
    ids, event_ms = batch.ids, batch.event_ms
    return bool(
        last_id is not None
        and ids[0] == last_id + 1
        and ids[-1] == last_id + len(ids)
        and event_ms[0] >= floor_ms
        and _ALL(ids[1:] > ids[:-1])
        and _ALL(event_ms[1:] >= event_ms[:-1])
    )


def _intake_of(
    state: Folding, batches: list[Ticks], floors: Int64s, end: tuple[int | None, int]
) -> _Intake:
    lengths = [len(batch) for batch in batches]
    starts = np.cumsum([0, *lengths[:-1]])
    columns = _columns(batches)
    ids, event_ms = columns[:2]
    times = event_ms.copy()
    times[starts] = np.maximum(times[starts], floors)
    times = np.maximum.accumulate(times)  # a late tick counts where time stands
    row_floors = np.repeat(floors, lengths)
    before = np.empty_like(ids)
    before[0] = ids[0] - 2 if state.last_id is None else state.last_id
    before[1:] = ids[:-1]
    if not (ids > before).all():
        before = np.maximum.accumulate(before)
        kept = ids > before
        times, before, row_floors = times[kept], before[kept], row_floors[kept]
        columns = [column[kept] for column in columns]
    ids, event_ms = columns[:2]
    duplicates = sum(lengths) - len(ids)
    if not len(ids):
        return _Intake(rows.NO_ROWS, False, *end, 0, duplicates)
    complete, breaks_open_bar = _mark_jumps(state, ids - before != 1, times, row_floors)
    ticks = _rows_of([ids, times, *columns[2:]], complete)
    is_late = times != event_ms
    late = int((times[is_late] // SECOND_MS > event_ms[is_late] // SECOND_MS).sum())
    return _Intake(ticks, breaks_open_bar, *end, late, duplicates)


def _rows_of(columns: Sequence[Any], complete: Bools) -> rows.Rows:
    """Give ticks as rows: columns as `_columns` names them, the times in order."""
    ids, times, price, quantity, is_buyer_maker, trades = columns
    return rows.Rows(
        times, price, price, price, price, quantity, price * quantity,
        np.where(is_buyer_maker, 0.0, quantity), trades.astype(np.int64), ids, ids, complete,
    )  # fmt: skip


def _columns(batches: list[Ticks]) -> list[Any]:
    names = ("ids", "event_ms", "price", "quantity", "is_buyer_maker", "trades")
    if len(batches) == 1:
        return [getattr(batches[0], name) for name in names]
    return [np.concatenate([getattr(batch, name) for batch in batches]) for name in names]


def _mark_jumps(state: Folding, jumps: Bools, times: Int64s, floors: Int64s) -> tuple[Bools, bool]:
    """Mark the tick after each jump, and the one before unless its second was closed by then."""
    complete = ~jumps
    after = np.flatnonzero(jumps)
    if not len(after):
        return complete, False
    inner = after[after > 0]
    still_open = times[inner - 1] // SECOND_MS * SECOND_MS + SECOND_MS > floors[inner]
    complete[inner[still_open] - 1] = False
    open_bar = state.levels[0].open_bar
    breaks_open_bar = (
        bool(jumps[0]) and open_bar is not None and open_bar.open_ms + SECOND_MS > int(floors[0])
    )
    return complete, breaks_open_bar


def _has_ended(bar: Bar | None, known_ms: int) -> bool:
    return bar is not None and bar.open_ms + INTERVAL_MS[bar.interval] <= known_ms


def _fold_level(
    before: Level, finer: rows.Rows, *, symbol: str, interval: Interval, known_ms: int
) -> tuple[list[Bar], Level, Lull | None]:
    """Fold shorter bars, or ticks, into those of one interval."""
    closed, open_bar = list[Bar](), before.open_bar
    until_ms = known_ms // INTERVAL_MS[interval] * INTERVAL_MS[interval]
    if not len(finer) and until_ms <= before.told_until_ms:
        return closed, before, None
    if len(finer) or _has_ended(open_bar, known_ms):
        closed, open_bar = rows.fold(
            finer, open_bar, symbol=symbol, interval=interval, known_ms=known_ms
        )
    level, lull = _advance(
        before, closed, open_bar, symbol=symbol, interval=interval, known_ms=known_ms
    )
    return closed, level, lull


def _advance(
    before: Level,
    closed: list[Bar],
    open_bar: Bar | None,
    symbol: str,
    interval: Interval,
    known_ms: int,
) -> tuple[Level, Lull | None]:
    """Note what closed; where time has gone on without a bar, say so."""
    length_ms = INTERVAL_MS[interval]
    closed_open_ms = closed[-1].open_ms if closed else before.closed_open_ms
    if closed_open_ms is None:
        return replace(before, open_bar=open_bar), None
    told_until_ms = max(before.told_until_ms, closed_open_ms + length_ms)
    until_ms = known_ms // length_ms * length_ms
    lull = None
    if until_ms > told_until_ms:
        told_until_ms = until_ms
        lull = Lull(
            symbol=symbol, interval=interval, after_open_ms=closed_open_ms, until_ms=until_ms
        )
    level = Level(open_bar=open_bar, closed_open_ms=closed_open_ms, told_until_ms=told_until_ms)
    return level, lull


def _end_and_length(bar: Bar) -> tuple[int, int]:
    length_ms = INTERVAL_MS[bar.interval]
    return bar.open_ms + length_ms, length_ms
