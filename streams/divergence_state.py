"""What is said of closes, and the scans that go on, in a Faust table: one entry each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from oddlot.contracts.messages import CloseState, ScanRequest
from oddlot.contracts.topics import SCAN_REQUESTS
from streams import open_scans
from streams.open_scans import OpenScan
from streams.saves import Saves
from streams.worker import Entry, Worker

PARTITION = 0  # market.scan-requests has one
MAX_SYMBOLS = 5_000  # what was said of them longest ago goes
MAX_SCANS = 100  # the oldest go
SEPARATOR = "|"
SAID, SCAN = "said", "scan"


class ScanState:
    """What scans on demand wait for.

    Attributes
    ----------
    said, scans : by symbol, by id; to be changed by the methods alone.
    forgotten : how often all of it was read anew.
    """

    def __init__(self, app: Worker) -> None:
        self._table = app.table_for(SCAN_REQUESTS, "scans")
        self.saves = Saves(app, self._table, unsaved=self._entries, forget=self.forget)
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
            if kind == SAID:
                self.said[name] = msgspec.convert(value, CloseState)
            else:
                self.scans[name] = msgspec.convert(value, OpenScan)

    def forget(self) -> None:
        """Go back to what is saved."""
        self.said, self.scans = {}, {}
        self._unsaved, self._is_read = set(), False
        self.forgotten += 1

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

    def arrive(self, fetched: Mapping[str, int]) -> None:
        """Let the scans see when the closes that are here were fetched."""
        for scan in [*self.scans.values()]:
            self._set(open_scans.arrived(scan, fetched))

    def open(self, request: ScanRequest, fetched: Mapping[str, int]) -> bool:
        """Begin a scan; False if it goes on already."""
        if request.scan in self.scans:
            return False
        self._set(open_scans.opened(request, self.said, fetched))
        if len(self.scans) > MAX_SCANS:
            self.close(min(self.scans, key=lambda name: self.scans[name].request.requested_ms))
        return True

    def close(self, scan: str) -> None:
        """Forget a scan."""
        del self.scans[scan]
        self._unsaved.add((SCAN, scan))

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
        found = self.said.get(name) if kind == SAID else self.scans.get(name)
        return None if found is None else msgspec.to_builtins(found)
