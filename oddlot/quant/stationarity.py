"""The closes of one window -> whether its spread comes back: the slow tests.

Imports statsmodels where it is used: that takes seconds, and only those who test pay for it.
Whoever tests beside other work pins BLAS to one thread, or a test takes fifty times as long.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from oddlot.contracts.messages import Float64s, Interval, PairTest, Prices
from oddlot.contracts.pairs import Pair
from oddlot.quant import cointegration
from oddlot.quant.cointegration import MIN_CLOSES
from oddlot.quant.fits import is_usable, moves, size_floor, transformed

SIGNIFICANT_P = 0.05
LEVELS = ("1%", "5%", "10%")
# Of the generalised Hurst exponent: lags as in Di Matteo, Aste & Dacorogna, "Scaling behaviors in
# differently developed markets", Physica A 324 (2003), 1 to 19; fewer where the window is short.
MAX_LAG, LAGS_PER_WINDOW = 19, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the tests say of one window; the fields are those of `PairTest`."""

    n: int
    eg_statistic: float | None = None
    eg_p: float | None = None
    eg_critical: tuple[float, ...] = ()
    adf_statistic: float | None = None
    adf_p: float | None = None
    adf_lags: int | None = None
    adf_critical: tuple[float, ...] = ()
    half_life_bars: float | None = None
    hurst: float | None = None
    is_cointegrated: bool | None = None
    verdict: str


def pair_test(pair: Pair, interval: Interval, open_ms: int, y: Float64s, x: Float64s) -> PairTest:
    """Test one window of a pair; about 10 ms, pure, so it may run in any thread or process.

    Parameters
    ----------
    pair : whose; its `prices` say whether logarithms are tested.
    interval, open_ms : the last bar of the window.
    y, x : (n,) closes, oldest first.

    Returns
    -------
    always a test; one that cannot be done says so in its verdict and carries no statistic.
    """
    return PairTest(
        pair=pair.id,
        y=pair.y,
        x=pair.x,
        interval=interval,
        open_ms=open_ms,
        prices=pair.prices,
        hedge=pair.hedge,
        **asdict(examine(y, x, prices=pair.prices)),
    )


def examine(y: Float64s, x: Float64s, *, prices: Prices) -> Findings:
    """Test whether the spread of one window comes back.

    Parameters
    ----------
    y, x : (n,) closes, oldest first.
    prices : test prices, or their logarithms.

    Notes
    -----
    Engle-Granger is `statsmodels`' `coint`, lags by AIC; ADF is its `adfuller` with a constant, on
    the least-squares residuals, read as if these had been observed. Both are invariant to the legs'
    location and scale, so they get the legs standardised: as prices, they would lose eight digits.
    """
    reason = _untestable(y, x, prices)
    if reason:
        return Findings(n=len(y), verdict=f"Not tested: {reason}.")
    y, x = (_standardised(transformed(leg, prices)) for leg in (y, x))
    left = cointegration.residuals(y[None], x[None], floor=1.0)
    if np.isnan(left).any():
        same = "the legs are all but the same series, and their difference is rounding"
        return Findings(n=len(y), verdict=f"Not tested: {same}.")
    half_life = float(cointegration.half_lives(left)[0])
    return _tests(y, x, left[0], None if np.isnan(half_life) else half_life)


def _tests(y: Float64s, x: Float64s, left: Float64s, half_life: float | None) -> Findings:
    from statsmodels.tsa.stattools import adfuller, coint

    engle_granger = coint(y, x)
    adf = adfuller(left, result_object=True)
    p = float(engle_granger.pvalue)
    return Findings(
        n=len(y),
        eg_statistic=float(engle_granger.coint_t),
        eg_p=p,
        eg_critical=tuple(map(float, engle_granger.critical_values)),
        adf_statistic=float(adf.statistic),
        adf_p=float(adf.pvalue),
        adf_lags=int(adf.lags),
        adf_critical=tuple(float(adf.critical_values[level]) for level in LEVELS),
        half_life_bars=half_life,
        hurst=hurst(left),
        is_cointegrated=p < SIGNIFICANT_P,
        verdict=_verdict(p, half_life),
    )


def hurst(values: Float64s) -> float | None:
    """Give the generalised Hurst exponent of a series, of second order.

    Parameters
    ----------
    values : (n,) levels, not changes.

    Returns
    -------
    half the slope of log mean((v[t + lag] - v[t])**2) on log lag: 0.5 for a random walk, below it
    comes back, above it trends. None for less than 30 values, or where nothing changes.

    Examples
    --------
    >>> hurst(np.arange(100.0)).__round__(3)
    1.0
    """
    lags = np.arange(1, min(MAX_LAG, len(values) // LAGS_PER_WINDOW) + 1)
    if len(values) < MIN_CLOSES:
        return None
    squares = np.array([np.mean((values[lag:] - values[:-lag]) ** 2) for lag in lags])
    if not (squares > 0).all():
        return None
    steps = np.log(lags) - np.log(lags).mean()
    return float(steps @ np.log(squares) / (steps @ steps) / 2)


def _untestable(y: Float64s, x: Float64s, prices: Prices) -> str:
    if len(y) < MIN_CLOSES:
        return f"a test needs {MIN_CLOSES} closes, the window has {len(y)}"
    if not is_usable(np.array([y, x]), prices).all():
        asked = "positive prices, as logarithms do" if prices == "log" else "finite prices"
        return f"it needs {asked}, and the window has others"
    for name, leg in (("y", transformed(y, prices)), ("x", transformed(x, prices))):
        off = leg - leg.mean()
        if not moves(off @ off, leg.mean(), len(leg), floor=size_floor(prices)):
            return f"leg {name} has not moved"
    return ""


def _standardised(leg: Float64s) -> Float64s:
    off = leg - leg[-1]
    off = off - off.mean()
    scaled: Float64s = off / off.std()
    return scaled


def _verdict(p: float, half_life: float | None) -> str:
    chance = "p below 0.001" if p < 0.001 else f"p = {p:.3f}"
    if p >= SIGNIFICANT_P:
        return f"Not cointegrated at 5 % ({chance}): a stretched spread may well not come back."
    if half_life is None:
        return f"Cointegrated at 5 % ({chance}), though this window shows no decay."
    return f"Cointegrated at 5 % ({chance}): half of a deviation is gone in {half_life:.1f} bars."
