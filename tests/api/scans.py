"""Short ways to make what divergence is shown from."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from oddlot.contracts import topics
from oddlot.contracts.messages import Budget, BudgetWindow, CloseState, Divergence, ScanRequest
from tests.example_messages import EXAMPLES

EXAMPLE = topics.DIVERGENCE.codec.decode(
    (EXAMPLES / topics.DIVERGENCE.name / "diverger.json").read_bytes()
)
GROUP = EXAMPLE.group
DIVERGER = EXAMPLE.divergers[0]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def scan(**changed: Any) -> Divergence:
    """Make a scan of the airlines, computed now."""
    return replace(EXAMPLE, **{"computed_ms": now_ms(), **changed})


def result(request: ScanRequest, basket: int = 0, **changed: Any) -> Divergence:
    """Make the result of a scan that was asked for."""
    return scan(group=request.baskets[basket].id, scan=request.scan, **changed)


def state(symbol: str, kind: str = "fetched", **changed: Any) -> CloseState:
    """Make what is said of a symbol now."""
    fields: dict[str, Any] = {
        "symbol": symbol,
        "state": kind,
        "provider": "fmp",
        "reason": "" if kind == "fetched" else "the day's quota of FMP is spent",
        "until_ms": None,
        "fetched_ms": None,
        "sent_ms": now_ms(),
    }
    return CloseState(**fields | changed)


def budget(provider: str = "fmp", **changed: Any) -> Budget:
    """Make what a provider says it gives."""
    day = BudgetWindow(window="day", limit=250, used=50, left=200, resets_ms=None)
    fields: dict[str, Any] = {
        "provider": provider,
        "title": provider.upper(),
        "unit": "requests",
        "windows": (day,),
        "has_key": True,
        "blocked_until_ms": None,
        "detail": "",
        "fetched_total": 7,
        "rejected_total": 0,
        "sent_ms": now_ms(),
    }
    return Budget(**fields | changed)
