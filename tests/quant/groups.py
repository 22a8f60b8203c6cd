"""Peer groups to scan: recorded ones, and made-up ones with something planted."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from oddlot.contracts.messages import Float64s, Int64s
from oddlot.quant.closes import DAY_MS, History
from oddlot.quant.divergence import Rules

SECTORS = ("semiconductors", "diversified_banks", "app_software", "regional_banks")
RULES = Rules()


class Group(NamedTuple):
    symbols: tuple[str, ...]
    open_ms: Int64s
    closes: Float64s  # (members, days)

    def histories(self) -> dict[str, History]:
        return {
            symbol: History(self.open_ms[known], row[known])
            for symbol, row in zip(self.symbols, self.closes, strict=True)
            for known in [~np.isnan(row)]
        }


def recorded(real_data: Path, sector: str) -> Group:
    """Read the daily closes of one S&P 500 sub-industry, 2013 to 2018."""
    rows = pd.read_csv(real_data / "equities" / f"{sector}.csv.gz", parse_dates=["date"])
    wide = rows.pivot(index="date", columns="Name", values="close")
    days = wide.index.to_numpy().astype("datetime64[ms]").astype(np.int64)
    return Group(tuple(wide.columns), days, np.ascontiguousarray(wide.to_numpy().T))


def made_up(seed: int = 1, *, members: int = 12, days: int = 126, noise: float = 0.008) -> Group:
    """Make members that share one factor, each with noise of its own."""
    rng = np.random.default_rng(seed)
    returns = rng.normal(0, 0.01, days) + rng.normal(0, noise, (members, days))
    closes = 100 * np.cumprod(1 + returns, axis=1)
    symbols = tuple(f"M{i}" for i in range(members))
    return Group(symbols, np.arange(days, dtype=np.int64) * DAY_MS, closes)
