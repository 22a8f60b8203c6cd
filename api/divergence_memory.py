"""Scans, budgets and states of symbols -> the newest of each, in memory, bounded."""

from __future__ import annotations

from typing import TypeVar

from oddlot.contracts.messages import Budget, CloseState, Divergence, Message, ScanInterval
from oddlot.peer_groups import MAX_GROUPS
from oddlot.quant.verdicts import judged

K = TypeVar("K")
V = TypeVar("V")

MAX_LATEST = 2 * MAX_GROUPS  # daily and live of every group there may be
MAX_PASTED = 200  # scans of pasted symbols: 100 KB each
MAX_JUDGED = MAX_GROUPS  # scans judged by another threshold
MAX_STATES = 20_000  # symbols
MAX_BUDGETS = 64  # providers


class Memory:
    """The newest of everything that divergence is shown from."""

    def __init__(self) -> None:
        self.budgets: dict[str, Budget] = {}
        self.states: dict[str, CloseState] = {}
        self._latest: dict[tuple[str, ScanInterval], Divergence] = {}
        self._judged: dict[tuple[str, ScanInterval, float], tuple[Divergence, Divergence]] = {}
        self._pasted: dict[tuple[str, ScanInterval], Divergence] = {}

    def find(self, group: str, interval: ScanInterval) -> Divergence | None:
        """Give the newest scan of a group, or of pasted symbols by the id of their scan."""
        return self._latest.get((group, interval)) or self._pasted.get((group, interval))

    def judged(self, scan: Divergence | None, z: float | None) -> Divergence | None:
        """Judge a scan by another threshold, if there is one; the answer is kept for the next."""
        if z is None or scan is None or z == scan.enter_z:
            return scan
        key = (scan.group, scan.interval, z)
        of, found = self._judged.get(key, (None, None))
        if of is not scan or found is None:
            found = judged(scan, enter_z=z, min_correlation=scan.min_correlation)
            _put(self._judged, key, (scan, found), MAX_JUDGED)
        return found

    def take(self, message: Message) -> None:
        """Keep a message if it is newer than what is known; others are left alone."""
        match message:
            case Divergence():
                self._keep(message)
            case CloseState():
                state = self.states.get(message.symbol)
                if state is None or message.sent_ms >= state.sent_ms:
                    _put(self.states, message.symbol, message, MAX_STATES)
            case Budget():
                budget = self.budgets.get(message.provider)
                if budget is None or message.sent_ms >= budget.sent_ms:
                    _put(self.budgets, message.provider, message, MAX_BUDGETS)

    def _keep(self, scan: Divergence) -> None:
        key = (scan.group, scan.interval)
        kept, room = (
            (self._pasted, MAX_PASTED) if scan.group == scan.scan else (self._latest, MAX_LATEST)
        )
        before = kept.get(key)
        if before is None or scan.computed_ms >= before.computed_ms:
            _put(kept, key, scan, room)


def _put(kept: dict[K, V], key: K, value: V, room: int) -> None:
    """Put a value last; the one that has changed least lately makes room."""
    kept.pop(key, None)
    if len(kept) >= room:
        del kept[next(iter(kept))]
    kept[key] = value
