"""The filter that forgets: exact weighted least squares, at any scale, on slopes that drift."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from oddlot.quant import kalman

WINDOW = 40


def run(y, x, *, floor=0.0):
    """Filter a series from its first row on; give the forecasts of each row."""
    state = np.zeros((kalman.STATE, 1))
    told = []
    with np.errstate(all="ignore"):
        for i in range(len(y)):
            keep = kalman.discount(WINDOW)
            state, forecasts = kalman.step(
                state, y[i : i + 1], x[i : i + 1], keep=keep, floor=floor
            )
            told.append([figure[0] for figure in forecasts])
    return kalman.Forecasts(*np.array(told).T)


def drifting(n=400, *, seed=1, level=60_000.0):
    rng = np.random.default_rng(seed)
    x = level / 20 + rng.normal(size=n).cumsum()
    slope = 10 + 0.05 * rng.normal(size=n).cumsum()
    return 500 + slope * x + rng.normal(size=n), x


def exact_forecast(y, x, keep):
    """Fit by weighted least squares in fractions; give what it forecasts of the last row."""
    keep, (y, x) = Fraction(keep), ([Fraction(v) for v in leg.tolist()] for leg in (y, x))
    weights = [keep**age for age in reversed(range(len(y) - 1))]
    known = list(zip(weights, y[:-1], x[:-1], strict=True))
    total = sum(weights)
    y_mean, x_mean = (
        sum(w * b for w, b, _ in known) / total,
        sum(w * a for w, _, a in known) / total,
    )
    off = [(w, b - y_mean, a - x_mean) for w, b, a in known]
    xx, xy = sum(w * a * a for w, _, a in off), sum(w * a * b for w, b, a in off)
    slope = xy / xx
    errors = sum(w * (b - slope * a) ** 2 for w, b, a in off)
    error = y[-1] - y_mean - slope * (x[-1] - x_mean)
    variance = errors / (total - 2) * (1 + (1 / total + (x[-1] - x_mean) ** 2 / xx) / keep)
    return float(slope), float(y_mean - slope * x_mean), float(error), float(error) / variance**0.5


@pytest.mark.parametrize("rows", [4, 5, 30, 120])
def test_a_forecast_is_that_of_exact_weighted_least_squares(rows):
    y, x = drifting(rows)
    told = [figure[-1] for figure in run(y, x)]
    assert told == pytest.approx(exact_forecast(y, x, kalman.discount(WINDOW)), rel=1e-9)


def test_it_is_the_kalman_filter_of_the_textbook():
    """Covariance form, West & Harrison table 10.4, from the same state at row 60 on."""
    y, x = drifting(200)
    keep, told = kalman.discount(WINDOW), run(y, x)
    known = np.column_stack((np.ones(60), x[:60] - x[0]))
    weights = keep ** np.arange(59, -1, -1)
    information = known.T @ (weights[:, None] * known)
    state = np.linalg.solve(information, known.T @ (weights * y[:60]))
    count = weights.sum() - 2
    noise = (weights * (y[:60] - known @ state) ** 2).sum() / count
    covariance = noise * np.linalg.inv(information)
    for i in range(60, 200):
        row = np.array((1.0, x[i] - x[0]))
        prior = covariance / keep
        variance = row @ prior @ row + noise
        error = y[i] - row @ state
        assert told.spread[i] == pytest.approx(error, rel=1e-6, abs=1e-6)
        assert told.z[i] == pytest.approx(error / variance**0.5, rel=1e-6, abs=1e-6)
        gain = prior @ row / variance
        # Two rows' worth of knowledge went into the state: the count forgets without them.
        count_after = keep * (count + 2) + 1 - 2
        noise_after = (keep * count * noise + noise * error**2 / variance) / count_after
        covariance = noise_after / noise * (prior - np.outer(gain, gain) * variance)
        state, noise, count = state + gain * error, noise_after, count_after


def test_it_follows_a_slope_that_drifts_better_than_one_slope_for_all():
    y, x = drifting()
    one_for_all = y - np.polyval(np.polyfit(x, y, 1), x)
    assert np.abs(run(y, x).spread[100:]).mean() < np.abs(one_for_all).mean() / 2


def test_a_forecast_knows_nothing_of_its_own_row():
    y, x = drifting(100)
    shocked = y.copy()
    shocked[-1] += 1_000
    plain, told = run(y, x), run(shocked, x)
    assert told.hedge_ratio[-1] == plain.hedge_ratio[-1]
    assert told.spread[-1] == pytest.approx(plain.spread[-1] + 1_000)


def test_its_z_is_of_size_one_where_the_model_holds():
    rng = np.random.default_rng(2)
    x = 100 + rng.normal(size=3_000).cumsum()
    told = run(3 + 2 * x + rng.normal(size=3_000), x)
    assert np.std(told.z[100:]) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_its_z_does_not_depend_on_the_scale_of_the_prices(scale):
    y, x = drifting(100)
    np.testing.assert_allclose(run(y * scale, x / scale).z, run(y, x).z, rtol=1e-9)


def test_a_leg_that_begins_to_move_tells_a_slope_at_once_and_no_z_without_noise():
    x = np.array([5.0, 5.0, 5.0, 6.0, 7.0, 8.0])
    told = run(2 * x, x)
    assert np.isnan(told.hedge_ratio[:4]).all()
    assert told.hedge_ratio[4:] == pytest.approx(2.0)
    assert np.isnan(told.z).all()
