"""Exchanges on free ports, and patience for what they do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator

from sandbox import exchange
from sandbox.exchange import Exchange, Rules
from sandbox.listings import MAJORS, Listing
from sandbox.market import Market

BTC, ETH, SOL = MAJORS[:3]
LIVELY = (BTC, ETH, SOL)


def market(
    *listings: Listing, seed: int = 1, trades_per_s: float = 1_000, born_ms: int | None = None
) -> Market:
    """Make a market that trades often enough for tests to be quick."""
    return Market(
        listings or LIVELY,
        seed=seed,
        trades_per_s=trades_per_s,
        born_ms=time.time_ns() // 1_000_000 if born_ms is None else born_ms,
    )


@contextlib.asynccontextmanager
async def exchange_of(
    *listings: Listing, rules: Rules | None = None, port: int = 0, trades_per_s: float = 1_000
) -> AsyncIterator[Exchange]:
    """Run an exchange on a free port."""
    lively = market(*listings, trades_per_s=trades_per_s)
    async with exchange.running(lively, rules=rules, port=port, history_ms=2_000) as running:
        yield running
