"""Fits of whole windows agree with R and exact arithmetic; odd input gives no figure."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oddlot.quant import fits
from tests.quant import recorded

R_VALUES = json.loads(Path(__file__).with_name("r_values.json").read_text())
SCALES = (1e-12, 1.0, 1e12)


def last_window(real_data: Path, name: str, window: int, end: int | None = None):
    y, x = recorded.closes(real_data, name)
    end = len(y) if end is None else end
    return y[end - window : end], x[end - window : end]


@pytest.mark.real_data
@pytest.mark.parametrize("case", [name for name in R_VALUES if name != "r"])
def test_a_fit_agrees_with_r_on_recorded_closes(real_data, case):
    name, prices, window, end, hedge = case.split()
    y, x = last_window(real_data, name, int(window), int(end))
    slope, intercept, r_squared, residual, z, z_ddof_0, correlation = R_VALUES[case]
    found = fits.fit(y[None], x[None], prices=prices, hedge=hedge)
    deviation = residual / z
    assert found.hedge_ratio[0] == pytest.approx(slope, rel=1e-9)
    assert found.intercept[0] == pytest.approx(intercept, rel=1e-9)
    assert found.r_squared[0] == pytest.approx(r_squared, rel=1e-9)
    assert found.spread[0] == pytest.approx(residual, abs=1e-9 * deviation)
    assert found.z[0] == pytest.approx(z, rel=1e-9)
    assert found.z[0] * (len(y) / (len(y) - 1)) ** 0.5 == pytest.approx(z_ddof_0, rel=1e-9)
    assert found.correlation[0] == pytest.approx(correlation, rel=1e-9)


@pytest.mark.real_data
@pytest.mark.parametrize("prices", ["level", "log"])
@pytest.mark.parametrize("name", recorded.SERIES)
def test_a_fit_through_the_origin_agrees_with_statsmodels(real_data, name, prices):
    from statsmodels.regression.linear_model import OLS

    y, x = last_window(real_data, name, 250)
    found = fits.fit(y[None], x[None], prices=prices, hedge="origin")
    if prices == "log":
        y, x = np.log(y), np.log(x)
    expected = OLS(y, x).fit()
    assert found.hedge_ratio[0] == pytest.approx(expected.params[0], rel=1e-9)
    assert found.intercept[0] == 0
    assert found.r_squared[0] == pytest.approx(expected.rsquared, rel=1e-9)
    assert found.z[0] == pytest.approx(expected.resid[-1] / expected.resid.std(ddof=1), rel=1e-9)


@pytest.mark.real_data
@pytest.mark.parametrize("prices", ["level", "log"])
@pytest.mark.parametrize("name", recorded.SERIES)
def test_a_fit_agrees_with_statsmodels_on_recorded_closes(real_data, name, prices):
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tools import add_constant

    y, x = last_window(real_data, name, 250)
    found = fits.fit(y[None], x[None], prices=prices)
    if prices == "log":
        y, x = np.log(y), np.log(x)
    expected = OLS(y, add_constant(x)).fit()
    assert found.hedge_ratio[0] == pytest.approx(expected.params[1], rel=1e-9)
    assert found.intercept[0] == pytest.approx(expected.params[0], rel=1e-9)
    assert found.r_squared[0] == pytest.approx(expected.rsquared, rel=1e-9)
    # statsmodels' own residuals stray by 4e-8 where its design matrix is ill-conditioned.
    assert found.z[0] == pytest.approx(expected.resid[-1] / expected.resid.std(ddof=1), rel=1e-6)


@pytest.mark.real_data
@pytest.mark.parametrize("name", recorded.SERIES)
def test_a_z_score_agrees_with_exact_arithmetic(real_data, name):
    y, x = last_window(real_data, name, 250)
    assert fits.fit(y[None], x[None], prices="level").z[0] == pytest.approx(exact_z(y, x), rel=1e-9)


def exact_z(y: np.ndarray, x: np.ndarray) -> float:
    y, x = (np.array([Fraction(value) for value in leg.tolist()], dtype=object) for leg in (y, x))
    y_off, x_off = y - y.sum() / len(y), x - x.sum() / len(x)
    residuals = y_off - (x_off * y_off).sum() / (x_off * x_off).sum() * x_off
    return float(residuals[-1]) / float((residuals**2).sum() / (len(y) - 1)) ** 0.5


@pytest.mark.parametrize(
    ("y", "x", "missing"),
    [
        ([1, 2, 3, 4], [5, 5, 5, 5], {"hedge_ratio", "intercept", "spread", "z", "correlation"}),
        ([5, 5, 5, 5], [1, 2, 3, 4], {"z", "correlation", "r_squared"}),
        ([2, 4, 6, 8], [1, 2, 3, 4], {"z"}),
        ([1, np.nan, 3, 4], [1, 2, 3, 5], set(fits.FIGURES)),
        ([1, np.inf, 3, 4], [1, 2, 3, 5], set(fits.FIGURES)),
    ],
)
@pytest.mark.parametrize("scale", SCALES)
def test_a_figure_without_meaning_is_missing_not_plausible(y, x, missing, scale):
    found = fits.fit(np.array([y]) * scale, np.array([x]) * scale, prices="level")
    nans = {name for name in fits.FIGURES if np.isnan(getattr(found, name)[0])}
    assert missing <= nans


@pytest.mark.parametrize("growth", [1.001, 1.5])
def test_returns_that_are_all_the_same_correlate_with_nothing(growth):
    y, x = growth ** np.arange(60), 100 + np.sin(np.arange(60))
    for prices in ("level", "log"):
        assert np.isnan(fits.fit(y[None], x[None], prices=prices).correlation[0])


@given(st.integers(0, 2**32), st.sampled_from(SCALES), st.sampled_from(SCALES))
@settings(max_examples=50, deadline=None)
def test_z_and_correlation_do_not_depend_on_the_scale_of_the_prices(seed, y_scale, x_scale):
    rng = np.random.default_rng(seed)
    y, x = (100 + rng.normal(size=40).cumsum() for _ in range(2))
    assume(y.min() > 1 < x.min())
    plain = fits.fit(y[None], x[None], prices="level")
    scaled = fits.fit(y[None] * y_scale, x[None] * x_scale, prices="level")
    assert scaled.z[0] == pytest.approx(plain.z[0], rel=1e-9)
    assert scaled.correlation[0] == pytest.approx(plain.correlation[0], rel=1e-9)
    ratio = y_scale / x_scale
    assert scaled.hedge_ratio[0] == pytest.approx(plain.hedge_ratio[0] * ratio, rel=1e-9)


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan])
def test_a_price_that_is_not_positive_never_reaches_a_logarithm(price):
    x = np.array([[1.0, 2.0, 3.0, 4.0]])
    with np.errstate(all="raise"):
        found = fits.fit(np.array([[1.0, price, 2.0, 3.0]]), x, prices="log")
    assert np.isnan(found.z[0])
    assert np.isnan(found.correlation[0])


def test_windows_of_too_few_closes_are_refused():
    with pytest.raises(ValueError, match="n >= 3"):
        fits.fit(np.ones((1, 2)), np.ones((1, 2)), prices="level")
