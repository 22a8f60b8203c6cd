"""Batched Engle-Granger: statsmodels' numbers, many at a time."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

from oddlot.quant import cointegration
from oddlot.quant.fits import size_floor, transformed
from tests.quant import recorded


def statistic(y, x, *, lags=1):
    left = cointegration.residuals(y[None], x[None], floor=0.0)
    return cointegration.statistics(left, lags=lags)


@pytest.mark.real_data
@pytest.mark.parametrize("prices", ["level", "log"])
@pytest.mark.parametrize("name", recorded.SERIES)
@pytest.mark.parametrize("lags", [0, 1])
def test_a_statistic_agrees_with_statsmodels_on_recorded_closes(real_data, name, prices, lags):
    from statsmodels.tsa.stattools import coint

    y, x = (transformed(leg[-300:], prices) for leg in recorded.closes(real_data, name))
    y, x = y - y.mean(), x - x.mean()  # or statsmodels loses digits: its matrix is ill-conditioned
    expected = coint(y, x, maxlag=lags, autolag=None)
    found = statistic(y, x, lags=lags)
    assert found[0] == pytest.approx(expected.coint_t, rel=1e-9)
    assert cointegration.p_values(found)[0] == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.real_data
def test_a_statistic_is_the_one_published_by_stata(real_data):
    folder = real_data / "oracles/published_values"
    published = json.loads((folder / "expected_values.json").read_text())
    case = published["engle_granger_stata_macrodata"]
    with (folder / "macrodata.csv").open() as lines:
        table = list(csv.DictReader(lines))
    y, x = (np.array([float(row[case[leg]]) for row in table]) for leg in ("y", "x"))
    assert statistic(y, x, lags=case["lags"])[0] == pytest.approx(case["t"], rel=1e-9)


def test_many_at_a_time_are_each_as_alone():
    rng = np.random.default_rng(1)
    y, x = (100 + rng.normal(size=(50, 120)).cumsum(axis=1) for _ in range(2))
    left = cointegration.residuals(y, x, floor=0.0)
    alone = [statistic(*legs)[0] for legs in zip(y, x, strict=True)]
    assert cointegration.statistics(left).tolist() == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("value", [-30.0, -18.86, -5.0, -2.62, -2.6, 0.0, 0.92, 1.0])
def test_a_p_value_is_mackinnons(value):
    from statsmodels.tsa.adfvalues import mackinnonp

    expected = mackinnonp(value, regression="c", N=2)
    assert cointegration.p_values(np.array([value]))[0] == pytest.approx(expected, rel=1e-9)


def test_no_statistic_no_p_value():
    assert math.isnan(cointegration.p_values(np.array([np.nan]))[0])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("prices", ["level", "log"])
def test_legs_without_a_spread_of_their_own_have_no_statistic(scale, prices):
    rng = np.random.default_rng(2)
    x = np.exp(0.01 * rng.normal(size=100).cumsum())
    for y, other in ((3 * x, x), (np.full(100, 2.0), x), (x, np.full(100, 2.0)), (x * np.nan, x)):
        legs = (transformed(leg[None] * scale, prices) for leg in (y, other))
        left = cointegration.residuals(*legs, floor=size_floor(prices))
        assert np.isnan(cointegration.statistics(left)).all()
        assert np.isnan(cointegration.half_lives(left)).all()


def test_a_half_life_is_that_of_the_process():
    rng = np.random.default_rng(3)
    left = np.zeros((1, 50_000))
    for i in range(1, left.shape[1]):
        left[0, i] = 0.98 * left[0, i - 1] + rng.normal()
    assert cointegration.half_lives(left)[0] == pytest.approx(math.log(2) / 0.02, rel=0.1)
    assert np.isnan(cointegration.half_lives(np.exp(np.arange(50.0))[None])[0])


def test_a_q_value_counts_the_trials():
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.74 / 7, 0.216, 0.216, 0.216]
    shuffled = np.random.default_rng(4).permutation(10)
    found = cointegration.q_values(p[shuffled])
    assert found.tolist() == pytest.approx(np.array(expected)[shuffled].tolist())
