"""How far a scan has come, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from api.divergence_views import ScanState, Wait
from api.live import now_ms
from oddlot.contracts.topics import DAY_MS


def said(state: ScanState, members: int, ready: int, missing: int, waiting: Sequence[Wait]) -> str:
    """Say in words how far a scan is.

    >>> said("fetching", 80, 43, 37, ())
    'fetching 37 of 80'
    """
    parts = []
    if state != "fetching":
        parts.append(f"scanned {ready} of {members}")
    elif missing:
        parts.append(f"fetching {missing} of {members}")
    else:
        parts.append(f"scanning {ready} of {members}")
    tomorrow = now_ms() // DAY_MS + 1
    late = [wait for wait in waiting if wait.state == "waiting"]
    soon = [wait for wait in late if wait.until_ms and wait.until_ms // DAY_MS <= tomorrow]
    if soon:
        parts.append(f"{_wait(len(soon))} for tomorrow's quota")
    for day in sorted({wait.until_ms // DAY_MS for wait in late if wait.until_ms}):
        if day > tomorrow:
            count = sum(bool(w.until_ms and w.until_ms // DAY_MS == day) for w in late)
            date = dt.datetime.fromtimestamp(day * DAY_MS / 1_000, dt.UTC).date()
            parts.append(f"{_wait(count)} for the quota of {date}")
    if unknown := sum(wait.until_ms is None for wait in late):
        parts.append(f"{_wait(unknown)} for a quota")
    if refused := len(waiting) - len(late):
        parts.append(f"{refused} cannot be had")
    return ", ".join(parts)


def _wait(count: int) -> str:
    return f"{count} wait" if count != 1 else "1 waits"
