"""Scan peer groups: ours against pandas, symbol by symbol, in one run: CPU time of one core.

uv run python -m benchmarks.divergence
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from oddlot.contracts.messages import Float64s, Int64s
from oddlot.quant.close_checks import check
from oddlot.quant.divergence import Rules, Scores, score

RUNS = 60  # the best counts: whatever else the machine does only makes a run slower
DAYS = 126
RULES = Rules()
MAD_TO_SIGMA = 1.4826


def main() -> None:
    """Print a line a size."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for groups, members in ((35, 80), (63, 80)):
        sizes = np.full(groups, members)
        closes = _market(sizes)
        began = time.process_time()
        theirs = [_scan_with_pandas(group) for group in np.split(closes, groups)]
        naive_s = time.process_time() - began
        scan_s = _best(lambda: score(closes, sizes, rules=RULES))  # noqa: B023
        check_s = _best(lambda: check(closes[:, -RULES.bars :], sizes))  # noqa: B023
        _compare(score(closes, sizes, rules=RULES), theirs)
        print(
            f"{groups:>3} groups of {members}: scan {1e3 * scan_s:>6.1f} ms   "
            f"check of the closes {1e3 * check_s:>5.1f} ms   pandas {naive_s:>5.1f} s   "
            f"{naive_s / scan_s:>6,.0f} x"
        )


def _market(sizes: Int64s) -> Float64s:
    rng = np.random.default_rng(1)
    factors = np.repeat(rng.normal(0, 0.01, (len(sizes), DAYS)), sizes, axis=0)
    moves = factors + rng.normal(0, 0.008, factors.shape)
    return np.asarray(100 * np.cumprod(1 + moves, axis=1))


def _scan_with_pandas(closes: Float64s) -> pd.DataFrame:
    """Do what one writes down first: leave each member out and ask pandas about the others."""
    frame = pd.DataFrame(closes.T)
    returns = frame.pct_change(fill_method=None)
    found = {}
    for member in frame.columns:
        row = {}
        for window in RULES.windows:
            over = frame.iloc[-1] / frame.iloc[-1 - window] - 1
            others = over.drop(member)
            sigma = MAD_TO_SIGMA * (others - others.median()).abs().median()
            row[f"z{window}"] = (over[member] - others.median()) / sigma
        index = returns.drop(columns=member).mean(axis=1).iloc[-RULES.lookback :]
        own = returns[member].iloc[-RULES.lookback :]
        row["correlation"] = own.corr(index)
        row["beta"] = own.cov(index) / index.var()
        found[member] = row
    return pd.DataFrame(found).T


def _compare(ours: Scores, theirs: list[pd.DataFrame]) -> None:
    """Make sure that both did the same work."""
    expected = pd.concat(theirs).to_numpy()
    figures = np.column_stack([ours.others.z, ours.now.correlation, ours.now.beta])
    np.testing.assert_allclose(figures, expected, rtol=1e-9, atol=1e-9)


def _best(way: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        way()
        times.append(time.process_time() - began)
    return min(times)


if __name__ == "__main__":
    main()
