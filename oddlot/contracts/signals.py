"""What Oddlot finds out: spreads, tests of pairs, alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oddlot.contracts.market import Interval

Prices = Literal["level", "log"]
Hedge = Literal["ols", "origin", "kalman"]
AlertKind = Literal["spread"]
Crossing = Literal["entered", "left"]
Side = Literal["high", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The state of one pair at one bar: y = intercept + hedge_ratio * x + spread.

    Attributes
    ----------
    pair : `y~x`.
    y, x : the symbols of the legs.
    interval, open_ms : the bar that both legs have closed.
    y_close, x_close : last closes of the legs at that bar, in quote currency.
    hedge_ratio, intercept, r_squared : least squares of y on x over the window.
    spread : last residual, in the price of y (or its logarithm).
    z : spread / standard deviation of the residuals (ddof 1).
    correlation : of the legs' returns over the window.
    n : aligned closes behind the figures.
    window : aligned closes wanted.
    warm : n has reached the window.
    stale : a leg has been silent for longer than its limit; then there is no z.
    prices : whether the regression runs on prices or their logarithms.
    hedge : how the hedge ratio is found.
    """

    pair: str
    y: str
    x: str
    interval: Interval
    open_ms: int
    y_close: float
    x_close: float
    hedge_ratio: float | None
    intercept: float | None
    r_squared: float | None
    spread: float | None
    z: float | None
    correlation: float | None
    n: int
    window: int
    warm: bool
    stale: bool
    prices: Prices
    hedge: Hedge = "ols"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTest:
    """Whether the spread of a pair comes back: the slow statistics, over one window.

    Attributes
    ----------
    pair : `y~x`.
    y, x : the symbols of the legs.
    interval, open_ms : the last bar of the window.
    prices, hedge : as the pair is watched.
    n : aligned closes behind the figures.
    eg_statistic, eg_p : Engle-Granger: no cointegration is the null hypothesis; the verdict.
    eg_critical : its critical values at 1, 5 and 10 per cent; empty without a statistic.
    adf_statistic, adf_p, adf_lags : augmented Dickey-Fuller on the residuals, as if they had been
        observed: optimistic, since they were estimated.
    adf_critical : its critical values at 1, 5 and 10 per cent; empty without a statistic.
    half_life_bars : of a deviation, from an AR(1) of the residuals; None where it does not decay.
    hurst : exponent of the residuals; below 0.5 comes back, above trends.
    is_cointegrated : eg_p below 0.05; None without a statistic.
    verdict : the same in plain words, or why there is none.
    """

    pair: str
    y: str
    x: str
    interval: Interval
    open_ms: int
    prices: Prices
    hedge: Hedge
    n: int
    eg_statistic: float | None
    eg_p: float | None
    eg_critical: tuple[float, ...]
    adf_statistic: float | None
    adf_p: float | None
    adf_lags: int | None
    adf_critical: tuple[float, ...]
    half_life_bars: float | None
    hurst: float | None
    is_cointegrated: bool | None
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A threshold crossed or left, said once.

    Attributes
    ----------
    kind : what is watched: the z-score of a spread.
    subject : of what: a pair.
    interval, event_ms : the bar at which it happened.
    crossing : the threshold was entered, or left.
    side : high is above the upper threshold, low below the lower one.
    value : what crossed it, the z-score.
    threshold : what was crossed, with its sign.
    price, hedge_ratio, spread : of the subject at that bar; close of y, slope, last residual.
    text : the same in plain words.
    """

    kind: AlertKind
    subject: str
    interval: Interval
    event_ms: int
    crossing: Crossing
    side: Side
    value: float
    threshold: float
    price: float
    hedge_ratio: float | None
    spread: float | None
    text: str
