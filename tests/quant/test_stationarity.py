"""Tests of one window: statsmodels' verdict, and words where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from oddlot.contracts.pairs import Pair
from oddlot.quant import stationarity
from tests.quant import recorded


def walk(seed, n=300):
    return 100 + np.random.default_rng(seed).normal(size=n).cumsum()


@pytest.mark.real_data
@pytest.mark.parametrize("prices", ["level", "log"])
@pytest.mark.parametrize("name", ["EEM-EWG", "XLF-XLK", "btc-eth"])
def test_the_tests_are_statsmodels(real_data, name, prices):
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tools import add_constant
    from statsmodels.tsa.stattools import adfuller, coint

    y, x = (leg[-250:] for leg in recorded.closes(real_data, name))
    found = stationarity.examine(y, x, prices=prices)
    y, x = (np.log(leg) if prices == "log" else leg for leg in (y, x))
    y, x = y - y.mean(), x - x.mean()  # or statsmodels loses digits: its matrix is ill-conditioned
    expected = coint(y, x)
    assert found.eg_statistic == pytest.approx(expected.coint_t, rel=1e-9)
    assert found.eg_p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.eg_critical == pytest.approx(expected.critical_values)
    adf = adfuller(OLS(y, add_constant(x)).fit().resid, result_object=True)
    assert found.adf_statistic == pytest.approx(adf.statistic, rel=1e-9)
    assert found.adf_p == pytest.approx(adf.pvalue, rel=1e-9)
    assert found.adf_lags == adf.lags
    assert found.adf_critical == pytest.approx(
        [adf.critical_values[k] for k in ("1%", "5%", "10%")]
    )
    assert found.is_cointegrated is (expected.pvalue < 0.05)


def test_a_pair_that_comes_back_is_called_so_with_its_half_life():
    x = walk(1)
    test = stationarity.pair_test(
        Pair(y="A", x="B"), "1m", 60_000, 2 * x + np.random.default_rng(2).normal(size=300), x
    )
    assert (test.pair, test.interval, test.open_ms, test.n) == ("A~B", "1m", 60_000, 300)
    assert test.is_cointegrated
    assert test.half_life_bars is not None
    assert f"half of a deviation is gone in {test.half_life_bars:.1f} bars" in test.verdict
    assert test.hurst == pytest.approx(0.0, abs=0.1)


def test_two_walks_that_have_nothing_to_do_with_each_other_are_not():
    found = stationarity.examine(walk(3), walk(4), prices="level")
    assert found.is_cointegrated is False
    assert found.verdict.startswith("Not cointegrated at 5 %")


@pytest.mark.parametrize(
    ("y", "x", "prices", "why"),
    [
        (walk(1, 29), walk(2, 29), "level", "needs 30 closes, the window has 29"),
        (np.full(50, 3.0), walk(2, 50), "level", "leg y has not moved"),
        (walk(2, 50), np.full(50, 3.0), "log", "leg x has not moved"),
        (2 * walk(2, 50) + 5, walk(2, 50), "level", "all but the same series"),
        (walk(2, 50) - 100, walk(3, 50), "log", "positive prices"),
        (np.where(np.arange(50) == 7, np.nan, walk(1, 50)), walk(3, 50), "level", "finite prices"),
    ],
)
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_what_cannot_be_tested_says_why_and_gives_no_figure(y, x, prices, why, scale):
    found = stationarity.examine(y * scale, x * scale, prices=prices)
    assert why in found.verdict
    assert found.eg_p is found.adf_p is found.half_life_bars is found.hurst is None
    assert found.is_cointegrated is None


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_a_verdict_does_not_depend_on_the_scale_of_the_prices(scale):
    plain = stationarity.examine(walk(1), walk(2), prices="level")
    scaled = stationarity.examine(walk(1) * scale, walk(2) / scale, prices="level")
    assert scaled.eg_statistic == pytest.approx(plain.eg_statistic, rel=1e-9)
    assert scaled.hurst == pytest.approx(plain.hurst, rel=1e-9)


def test_the_hurst_exponent_of_a_walk_is_a_half_of_noise_nought_of_a_trend_one():
    noise = np.random.default_rng(5).normal(size=20_000)
    assert stationarity.hurst(noise.cumsum()) == pytest.approx(0.5, abs=0.03)
    assert stationarity.hurst(noise) == pytest.approx(0.0, abs=0.01)
    assert stationarity.hurst(np.arange(500.0)) == pytest.approx(1.0)
    assert stationarity.hurst(np.zeros(500)) is None
