"""Ticks one by one -> batches by symbol, an unbroken chain of ids, and watermarks."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from oddlot.contracts.messages import Source, Ticks
from producers.frames import Tick

SECOND_MS = 1_000
# A frame may be sent this much later than its trade happened: 158 ms in recorded aggregates of
# 2021 (the venue collects fills for up to 100 ms), 36 ms in recorded trades of 2024.
ALLOWANCE_MS = 500


@dataclass(slots=True, eq=False)
class VenueClock:
    """The newest event time seen on one connection.

    It stands still once the connection has gone: what a symbol has traded since then is not known
    before it speaks on the next one.
    """

    sent_ms: int = 0


@dataclass(slots=True, eq=False)
class _Columns:
    """What has gathered for one symbol since the last cut, and where its chain stands."""

    after_id: int | None = None
    last_id: int = -1
    second: int = -1
    watermark_ms: int = 0
    arrival_ms: int = 0
    clock: VenueClock = field(default_factory=VenueClock)
    ids: array[int] = field(default_factory=lambda: array("q"))
    event_ms: array[int] = field(default_factory=lambda: array("q"))
    price: array[float] = field(default_factory=lambda: array("d"))
    quantity: array[float] = field(default_factory=lambda: array("d"))
    is_buyer_maker: array[int] = field(default_factory=lambda: array("b"))
    trades: array[int] = field(default_factory=lambda: array("i"))


class Batches:
    """Gathers ticks of many symbols until they are cut; single-threaded.

    Whatever the cuts, the batches of a symbol together are the ticks that were added, in the order
    of their ids and each once.
    """

    def __init__(self, source: Source, *, cut_trades: int) -> None:
        self._source = source
        self._cut_trades = cut_trades
        self._symbols: dict[str, _Columns] = {}
        self.size = 0  # ticks waiting
        self.is_ripe = False  # a symbol has a full batch waiting
        self.opened: set[str] = set()  # symbols whose newest ticks close a bar
        self.duplicates = 0

    def add(self, tick: Tick, clock: VenueClock, *, arrival_ms: int) -> bool:
        """Take a tick in; say whether it was new, that is, beyond the symbol's last id."""
        if tick.sent_ms > clock.sent_ms:
            clock.sent_ms = tick.sent_ms
        columns = self._symbols.get(tick.symbol)
        if columns is None:
            columns = self._symbols[tick.symbol] = _Columns()
        columns.clock = clock
        if tick.id <= columns.last_id:
            self.duplicates += 1
            return False
        columns.last_id = tick.id
        columns.arrival_ms = arrival_ms
        columns.ids.append(tick.id)
        columns.event_ms.append(tick.event_ms)
        columns.price.append(tick.price)
        columns.quantity.append(tick.quantity)
        columns.is_buyer_maker.append(tick.is_buyer_maker)
        columns.trades.append(tick.trades)
        self.size += 1
        if tick.event_ms // SECOND_MS > columns.second:
            if columns.second >= 0:
                self.opened.add(tick.symbol)
            columns.second = tick.event_ms // SECOND_MS
        if len(columns.ids) >= self._cut_trades:
            self.is_ripe = True
        return True

    def leave(self, symbols: Iterable[str]) -> None:
        """Hear that symbols are no longer listened to: what they trade is not known from now on."""
        for symbol in symbols:
            if columns := self._symbols.get(symbol):
                columns.clock = VenueClock(columns.clock.sent_ms)

    def active(self, now_ms: int) -> int:
        """Count the symbols that have traded within the last second."""
        return sum(now_ms - each.arrival_ms < SECOND_MS for each in self._symbols.values())

    def cut(self) -> list[Ticks]:
        """Empty the buffer into batches, and tell of whole seconds passed for quiet symbols."""
        cut: list[Ticks] = []
        for symbol, columns in self._symbols.items():
            passed_ms = _passed_ms(columns.clock)
            if columns.ids:
                cut += self._batches(symbol, columns, passed_ms)
            elif passed_ms > columns.watermark_ms:  # whole seconds: at most once in each
                columns.watermark_ms = passed_ms
                cut.append(self._watermark(symbol, columns))
        self.size = 0
        self.is_ripe = False
        self.opened.clear()
        return cut

    def cut_opened(self) -> list[Ticks]:
        """Cut the symbols that have entered a new second: their bars need not wait for others."""
        cut: list[Ticks] = []
        for symbol in self.opened:
            columns = self._symbols[symbol]
            self.size -= len(columns.ids)
            cut += self._batches(symbol, columns, _passed_ms(columns.clock))
        self.opened.clear()
        return cut

    def watermarks(self, event_ms: int) -> list[Ticks]:
        """Tell every symbol that all its trades before `event_ms` have been published."""
        assert self.size == 0, "cut first: a watermark must not overtake its ticks"
        behind = {s: c for s, c in self._symbols.items() if c.watermark_ms < event_ms}
        for columns in behind.values():
            columns.watermark_ms = event_ms
        return [self._watermark(symbol, columns) for symbol, columns in behind.items()]

    def _batches(self, symbol: str, columns: _Columns, passed_ms: int) -> list[Ticks]:
        """Give what has gathered in pieces of the largest size; the last one has the watermark."""
        ids = np.frombuffer(columns.ids, np.int64)
        event_ms = np.frombuffer(columns.event_ms, np.int64)
        price = np.frombuffer(columns.price, np.float64)
        quantity = np.frombuffer(columns.quantity, np.float64)
        is_buyer_maker = np.frombuffer(columns.is_buyer_maker, np.bool_)
        trades = np.frombuffer(columns.trades, np.int32)
        newest_ms = np.maximum.accumulate(event_ms)
        batches = []
        for first in range(0, len(ids), self._cut_trades):
            rows = slice(first, first + self._cut_trades)
            is_last = first + self._cut_trades >= len(ids)
            watermark_ms = max(columns.watermark_ms, int(newest_ms[rows][-1]))
            columns.watermark_ms = max(watermark_ms, passed_ms) if is_last else watermark_ms
            batches.append(
                Ticks(
                    symbol=symbol,
                    source=self._source,
                    after_id=columns.after_id,
                    watermark_ms=columns.watermark_ms,
                    ids=ids[rows],
                    event_ms=event_ms[rows],
                    price=price[rows],
                    quantity=quantity[rows],
                    is_buyer_maker=is_buyer_maker[rows],
                    trades=trades[rows],
                )
            )
            columns.after_id = int(ids[rows][-1])
        # The batches are views of the arrays: start new ones.
        columns.ids, columns.event_ms = array("q"), array("q")
        columns.price, columns.quantity = array("d"), array("d")
        columns.is_buyer_maker, columns.trades = array("b"), array("i")
        return batches

    def _watermark(self, symbol: str, columns: _Columns) -> Ticks:
        return Ticks(
            symbol=symbol,
            source=self._source,
            after_id=columns.after_id,
            watermark_ms=columns.watermark_ms,
            ids=np.empty(0, np.int64),
            event_ms=np.empty(0, np.int64),
            price=np.empty(0, np.float64),
            quantity=np.empty(0, np.float64),
            is_buyer_maker=np.empty(0, np.bool_),
            trades=np.empty(0, np.int32),
        )


def cut_age_ms(active: int, *, least_ms: int, records_per_s: int) -> int:
    """Say how old a batch may grow: each cut makes a record an active symbol, each second one more.

    >>> cut_age_ms(10, least_ms=20, records_per_s=2_000)
    20
    >>> cut_age_ms(200, least_ms=20, records_per_s=2_000)
    112
    """
    return max(least_ms, -(-1_000 * active // max(1, records_per_s - active)))


def _passed_ms(clock: VenueClock) -> int:
    """Give the whole second before which a connection has delivered every trade."""
    return max(0, clock.sent_ms - ALLOWANCE_MS) // SECOND_MS * SECOND_MS
