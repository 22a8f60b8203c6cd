"""The definition of a divergence, word by word and slowly: what the fast way has to agree with."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from math import isnan, nan
from typing import NamedTuple

import numpy as np
import pandas as pd

from oddlot.contracts.messages import Float64s

MAD_TO_SIGMA = 1.4826


class Literal(NamedTuple):
    z: list[list[float]]  # of each member, over each window
    correlation: list[float]
    beta: list[float]
    usual_correlation: list[float]


def robust_z(values: Sequence[float]) -> list[float]:
    scores = []
    for i, own in enumerate(values):
        others = [other for j, other in enumerate(values) if j != i and not isnan(other)]
        if isnan(own) or len(others) < 2:
            scores.append(nan)
            continue
        center = statistics.median(others)
        sigma = MAD_TO_SIGMA * statistics.median([abs(other - center) for other in others])
        scores.append((own - center) / sigma if sigma > 1e-12 else nan)
    return scores


def co_movement(returns: Float64s, i: int, min_bars: int) -> tuple[float, float]:
    """Correlate member i with the mean of its others, bar by bar; and regress it on that."""
    own, index = [], []
    for bar in returns.T:
        others = [value for j, value in enumerate(bar) if j != i and not isnan(value)]
        if not isnan(bar[i]) and len(others) >= 2:
            own.append(bar[i])
            index.append(statistics.fmean(others))
    if len(own) < min_bars or np.std(own) < 1e-12 or np.std(index) < 1e-12:
        return nan, nan
    fit = statistics.linear_regression(index, own)
    return statistics.correlation(own, index), fit.slope


def divergence(
    closes: Float64s, *, windows: Sequence[int], lookback: int, min_bars: int
) -> Literal:
    """Score one group at its last bar; closes are (members, bars)."""
    frame = pd.DataFrame(closes.T)
    returns = frame.pct_change(fill_method=None).to_numpy().T[:, 1:]
    over = [(frame.iloc[-1] / frame.iloc[-1 - window] - 1).tolist() for window in windows]
    ended = returns.shape[1] - windows[-1]
    now = [co_movement(returns[:, -lookback:], i, min_bars) for i in range(len(closes))]
    usual = [
        co_movement(returns[:, max(ended - lookback, 0) : ended], i, min_bars)
        for i in range(len(closes))
    ]
    return Literal(
        z=np.array([robust_z(values) for values in over]).T.tolist(),
        correlation=[correlation for correlation, _ in now],
        beta=[beta for _, beta in now],
        usual_correlation=[correlation for correlation, _ in usual],
    )
