"""The sandbox's providers on a clock of their own -> example budgets and states of symbols."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oddlot.contracts import topics
from oddlot.contracts.topics import Topic
from sandbox.providers import Providers, Quotas
from sandbox.universe import Universe
from tests.producers.providers.scans import Scan, free_plans

SYMBOLS = ("AMD", "AVGO", "INTC", "MU", "NVDA", "QCOM", "TXN", "ZZTOP")
START_MS = 1_732_752_600_000  # 2024-11-28 00:10:00 UTC
PLAN = Quotas(twelve_data_per_day=6)  # not enough for eight symbols


def examples() -> Iterator[tuple[Topic[Any], str, Any]]:
    """Give topic, name and message of each example."""
    providers = Providers(Universe({"chips": SYMBOLS[:-1]}, seed=1), PLAN)
    memory, adapters = Path(":memory:"), free_plans(quotas=PLAN)
    scan = Scan(memory, providers, adapters=adapters[:1], now_ms=START_MS)
    yield topics.BUDGETS, "nothing-spent", scan.desk.budgets(START_MS)[0]
    scan.want(SYMBOLS)
    for state in (scan.desk.pending(START_MS)[i] for i in (0, -1)):
        yield topics.CLOSE_STATES, state.state, state
    scan.run(hours=0.01)
    yield topics.CLOSE_STATES, "fetched", scan.states["NVDA"]
    yield topics.BUDGETS, "day-spent", scan.desk.budgets(START_MS + 60_000)[0]
    scan.db.close()
    scan = Scan(memory, providers, adapters=adapters[1:], now_ms=START_MS)
    scan.want(SYMBOLS[-1:])
    scan.run(hours=1, until=1)
    yield topics.CLOSE_STATES, "refused", scan.states[SYMBOLS[-1]]
    scan.db.close()
