"""Closes, what is said of them, and the scans that go on, in a Faust table: one entry each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from oddlot.contracts.messages import CloseState, DailyClose, ScanRequest
from oddlot.contracts.topics import CLOSES
from oddlot.quant.closes import History, midnight_ms
from streams import open_scans
from streams.open_scans import OpenScan
from streams.saves import Saves
from streams.worker import Entry, Worker

PARTITION = 0  # market.closes has one: a scan needs every member in one place
MAX_SYMBOLS = 5_000  # those fetched longest ago go
MAX_SESSIONS = 260  # of a symbol: a year; a scan looks at 81
MAX_SCANS = 100  # the oldest go
SEPARATOR = "|"
CLOSE, SAID, SCAN = "close", "said", "scan"


class Kept:
    """One symbol's closes, all from one fetch: others are adjusted for other splits."""

    __slots__ = ("closes", "fetched_ms")

    def __init__(self, fetched_ms: int, closes: dict[int, float] | None = None) -> None:
        self.fetched_ms = fetched_ms
        self.closes = closes or {}

    def history(self) -> History:
        """Give the closes in order."""
        days = sorted(self.closes)
        return History(np.array(days, np.int64), np.array([self.closes[day] for day in days]))


class DailyState:
    """What the scans of daily closes are made of.

    Attributes
    ----------
    closes, said, scans : by symbol, by symbol, by id; to be changed by the methods alone.
    forgotten : how often all of it was read anew.
    """

    def __init__(self, app: Worker) -> None:
        self._table = app.table_for(CLOSES, "divergence")
        self.saves = Saves(app, self._table, unsaved=self._entries, forget=self.forget)
        self.closes: dict[str, Kept] = {}
        self.said: dict[str, CloseState] = {}
        self.scans: dict[str, OpenScan] = {}
        self.forgotten = 0
        self._is_read = False
        self._unsaved: set[tuple[str, str]] = set()

    def read(self) -> None:
        """Read what is saved, if nothing is known."""
        if self._is_read:
            return
        self._is_read = True
        for entry, value in self._table.data.items():
            kind, _, name = entry.partition(SEPARATOR)
            if kind == CLOSE:
                days = zip(value["open_ms"], value["close"], strict=True)
                self.closes[name] = Kept(value["fetched_ms"], dict(days))
            elif kind == SAID:
                self.said[name] = msgspec.convert(value, CloseState)
            else:
                self.scans[name] = msgspec.convert(value, OpenScan)

    def forget(self) -> None:
        """Go back to what is saved."""
        self.closes, self.said, self.scans = {}, {}, {}
        self._unsaved, self._is_read = set(), False
        self.forgotten += 1

    def add(self, close: DailyClose) -> bool:
        """Put a close where it belongs; tell whether that changes anything."""
        symbol, day = close.symbol, midnight_ms(close.date)
        kept = self.closes.get(symbol)
        if kept is None or kept.fetched_ms < close.fetched_ms:
            kept = self.closes[symbol] = Kept(close.fetched_ms)
        if kept.fetched_ms > close.fetched_ms or kept.closes.get(day) == close.adjusted_close:
            return False
        kept.closes[day] = close.adjusted_close
        if len(kept.closes) > MAX_SESSIONS:
            del kept.closes[min(kept.closes)]
        self._unsaved.add((CLOSE, symbol))
        if len(self.closes) > MAX_SYMBOLS:
            oldest = min(self.closes, key=lambda name: self.closes[name].fetched_ms)
            del self.closes[oldest]
            self._unsaved.add((CLOSE, oldest))
        return True

    def hear(self, state: CloseState) -> bool:
        """Note the newest word on a symbol; tell whether that changes anything for a scan."""
        self.said[state.symbol] = state
        self._unsaved.add((SAID, state.symbol))
        if len(self.said) > MAX_SYMBOLS:
            oldest = min(self.said, key=lambda name: self.said[name].sent_ms)
            del self.said[oldest]
            self._unsaved.add((SAID, oldest))
        heard = [open_scans.heard(scan, state) for scan in self.scans.values()]
        return sum(map(self._set, heard)) > 0

    def arrive(self) -> None:
        """Let the scans see which closes are here."""
        if not self.scans:
            return
        fetched = self.fetched(symbol for scan in self.scans.values() for symbol in scan.left)
        for scan in [*self.scans.values()]:
            self._set(open_scans.arrived(scan, fetched))

    def open(self, request: ScanRequest) -> bool:
        """Begin a scan; False if it goes on already."""
        if request.scan in self.scans:
            return False
        self._set(open_scans.opened(request, self.said, self.fetched(request.awaited)))
        if len(self.scans) > MAX_SCANS:
            self.close(min(self.scans, key=lambda name: self.scans[name].request.requested_ms))
        return True

    def close(self, scan: str) -> None:
        """Forget a scan."""
        del self.scans[scan]
        self._unsaved.add((SCAN, scan))

    def fetched(self, symbols: Iterable[str]) -> Mapping[str, int]:
        """Give when the closes of some symbols were fetched, as far as there are any."""
        return {s: self.closes[s].fetched_ms for s in symbols if s in self.closes}

    def histories(self, symbols: Iterable[str]) -> Mapping[str, History]:
        """Give the closes of some symbols, as far as there are any."""
        return {s: self.closes[s].history() for s in symbols if s in self.closes}

    def _set(self, scan: OpenScan) -> bool:
        name = scan.request.scan
        if self.scans.get(name) is scan:
            return False
        self.scans[name] = scan
        self._unsaved.add((SCAN, name))
        return True

    def _entries(self) -> list[Entry]:
        unsaved, self._unsaved = self._unsaved, set()
        return [Entry(PARTITION, SEPARATOR.join(key), self._value(*key)) for key in sorted(unsaved)]

    def _value(self, kind: str, name: str) -> Any:
        if kind == CLOSE:
            kept = self.closes.get(name)
            if kept is None:
                return None
            days, closes = kept.history()
            fetched_ms = kept.fetched_ms
            return {
                "fetched_ms": fetched_ms, "open_ms": days.tolist(), "close": closes.tolist(),
            }  # fmt: skip
        found = self.said.get(name) if kind == SAID else self.scans.get(name)
        return None if found is None else msgspec.to_builtins(found)
