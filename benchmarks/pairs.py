"""Pairs: updates, tests and scans a second in one process, against what most dashboards do.

uv run python -m benchmarks.pairs

The alternatives see the same closes in the same run: statsmodels' OLS on each bar's window, pandas'
rolling covariance, variance and mean over the window (a bar's update again computes the window), a
loop of statsmodels' `coint`. Arbitragelab 1.0 wants numpy 1.23 and pandas 2.0, so it is left out.
Times are the thread's own, whatever else the machine does. Pin
BLAS to one thread (OPENBLAS_NUM_THREADS=1), or the alternatives take longer.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant
from statsmodels.tsa.stattools import coint

from oddlot.contracts.messages import Float64s
from oddlot.contracts.pairs import Pair
from oddlot.quant import cointegration, desk, histories, legs, scan, stationarity
from oddlot.quant.legs import Leg
from oddlot.quant.rolling import Recipe, Rolling

WINDOW, SECOND_MS = 300, 1_000
ROWS = 3 * WINDOW  # the first window warms up
SYMBOLS, RUNS = 45, 3


def main() -> None:
    """Print a line a part."""
    walk = np.random.default_rng(1).normal(scale=1e-4, size=(ROWS, 2, 1_000)).cumsum(axis=0)
    closes = 60_000 * np.exp(walk)
    _updates(closes)
    _history(closes)
    _scans(closes)


def _updates(closes: Float64s) -> None:
    window = closes[-WINDOW:, :, 0]
    ols_s = _best(lambda: OLS(window[:, 0], add_constant(window[:, 1])).fit().resid[-1], 50)
    pandas_s = _best(lambda: _fit_with_pandas(pd.DataFrame(window)), 20)
    for hedge in ("ols", "kalman"):
        for pairs in (1_000, 7):
            recipe = Recipe(window=WINDOW, length_ms=SECOND_MS, prices="level", hedge=hedge)
            took = _advance_all(Rolling(pairs, recipe), closes[:, :, :pairs])
            each_s = statistics.mean(took) / pairs
            print(
                f"{hedge:<6} {pairs:>5} pairs  {statistics.median(took) * 1e6:>6.0f} us a bar, "
                f"mean {each_s * pairs * 1e6:>6.0f}  {1 / each_s:>9,.0f} updates/s   "
                f"statsmodels {1 / ols_s:>6,.0f} ({ols_s / each_s:,.0f} x)   "
                f"pandas {1 / pandas_s:>4,.0f} ({pandas_s / each_s:,.0f} x)"
            )
    print(f"a desk of 7 pairs, legs to messages: {_desk_s(closes) * 1e6:.0f} us a bar")


def _advance_all(rolling: Rolling, closes: Float64s) -> list[float]:
    which, took = np.arange(closes.shape[2]), []
    for i, row in enumerate(closes):
        open_ms = np.full(len(which), i * SECOND_MS)
        began = time.thread_time()
        rolling.advance(which, open_ms, row)
        took.append(time.thread_time() - began)
    return took[WINDOW:]


def _fit_with_pandas(frame: pd.DataFrame) -> float:
    y, x = frame[0], frame[1]
    slope = y.rolling(WINDOW).cov(x) / x.rolling(WINDOW).var()
    spread = y - slope * x
    deviation = spread.rolling(WINDOW, min_periods=1).std()
    return float((spread / deviation).iloc[-1]) + float(y.rolling(WINDOW).corr(x).iloc[-1])


def _desk_s(closes: Float64s) -> float:
    watched = [Pair(y="S0", x=f"S{i}") for i in range(1, 8)]
    watching, took = desk.Desk(watched, SECOND_MS), []
    growing = {f"S{i}": Leg() for i in range(8)}
    for i, row in enumerate(closes[:, 0, :8]):
        for k, (symbol, leg) in enumerate(growing.items()):
            growing[symbol] = legs.add_bar(leg, i * SECOND_MS, row[k], SECOND_MS)
        began = time.thread_time()
        desk.spreads(watching, watching.advance(growing), "1s")
        took.append(time.thread_time() - began)
    return statistics.median(took[WINDOW:])


def _history(closes: Float64s) -> None:
    rows = 1_000_000
    long = 60_000 * np.exp(np.random.default_rng(2).normal(scale=1e-4, size=(2, rows)).cumsum(1))
    recipe = Recipe(window=WINDOW, length_ms=SECOND_MS, prices="level", hedge="ols")
    ours_s = _best(lambda: histories.figures(recipe, np.arange(rows) * SECOND_MS, long), 1)
    frame = pd.DataFrame(long.T)
    pandas_s = _best(lambda: _fit_with_pandas(frame), 1)
    print(f"history  {rows / ours_s:>11,.0f} rows/s   pandas {rows / pandas_s:>11,.0f} rows/s")


def _scans(closes: Float64s) -> None:
    many = np.ascontiguousarray(closes[-WINDOW:, 0, :SYMBOLS])
    names = [f"S{i}" for i in range(SYMBOLS)]
    scan_s = _best(lambda: scan.scan(many, names, window=WINDOW, prices="level"), 1)
    trials = SYMBOLS * (SYMBOLS - 1)
    y, x = many[:, 0], many[:, 1]
    one_lag_s = _best(lambda: coint(y, x, maxlag=1, autolag=None), 5)
    verdict_s = _best(lambda: stationarity.examine(y, x, prices="level"), 3)
    block = closes[-WINDOW:, :, :100].transpose(1, 2, 0).copy()
    batch_s = _best(lambda: _statistics(*block), 5) / block.shape[1]
    print(
        f"scan of {trials:,} trials  {scan_s:.2f} s, {scan_s / trials * 1e6:.0f} us each with "
        f"half-life, z and correlation; the statistic alone {batch_s * 1e6:.1f} us\n"
        f"coint at one lag {one_lag_s * 1e6:.0f} us ({one_lag_s / batch_s:.0f} x); verdict with "
        f"its lag search, ADF, half-life and Hurst {verdict_s * 1e3:.1f} ms"
    )


def _statistics(y: Float64s, x: Float64s) -> Float64s:
    return cointegration.statistics(cointegration.residuals(y, x, floor=0.0))


def _best(way: Callable[[], Any], times: int) -> float:
    """Give the seconds a call takes, in the best run: other work only makes a run slower."""
    took = []
    for _ in range(RUNS):
        began = time.thread_time()
        for _ in range(times):
            way()
        took.append((time.thread_time() - began) / times)
    return min(took)


if __name__ == "__main__":
    main()
