"""Pairs: the fit agrees with statsmodels and published bars, and odd input gives no figure."""

from __future__ import annotations

import csv
import gzip
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.contracts.pairs import Pair
from oddlot.quant import legs, pairs

SECOND_MS = 1_000


def leg(open_ms, close) -> legs.Leg:
    leg = legs.Leg()
    for at, price in zip(open_ms, close, strict=True):
        leg = legs.add_bar(leg, int(at), float(price), SECOND_MS)
    return leg


def rows(y: legs.Leg, x: legs.Leg, *, window: int = 300, since_ms: int = 0):
    pair = Pair(y="BTCUSDT", x="ETHUSDT", window=window)
    return pairs.spreads_since(pair, "1s", y, x, since_ms=since_ms)


@pytest.fixture(scope="module")
def closes(real_data: Path) -> dict[str, np.ndarray]:
    with gzip.open(real_data / "pairs/aligned_20240808_1s.csv.gz", "rt") as lines:
        table = list(csv.DictReader(lines))
    names = {name.lower(): name for name in table[0]}
    return {key: np.array([float(row[names[key]]) for row in table]) for key in ("btc", "eth")}


@pytest.mark.real_data
@pytest.mark.parametrize("prices", ["level", "log"])
def test_the_fit_agrees_with_statsmodels_on_recorded_closes(closes, prices):
    from statsmodels.regression.linear_model import OLS
    from statsmodels.tools import add_constant

    y, x = closes["btc"][-300:], closes["eth"][-300:]
    found = pairs.fit(y[None], x[None], prices=prices)
    if prices == "log":
        y, x = np.log(y), np.log(x)
    expected = OLS(y, add_constant(x)).fit()
    assert found.hedge_ratio[0] == pytest.approx(expected.params[1], rel=1e-9)
    assert found.intercept[0] == pytest.approx(expected.params[0], rel=1e-9)
    assert found.r_squared[0] == pytest.approx(expected.rsquared, rel=1e-9)
    assert found.z[0] == pytest.approx(exact_z(y, x), rel=1e-9)
    # statsmodels' own residuals stray by 4e-8 here: its design matrix is ill-conditioned.
    assert found.z[0] == pytest.approx(expected.resid[-1] / expected.resid.std(ddof=1), rel=1e-6)


def exact_z(y: np.ndarray, x: np.ndarray) -> float:
    y, x = (fractions_of(leg) for leg in (y, x))
    y_off, x_off = y - y.sum() / len(y), x - x.sum() / len(x)
    residuals = y_off - (x_off * y_off).sum() / (x_off * x_off).sum() * x_off
    return float(residuals[-1]) / float((residuals**2).sum() / (len(y) - 1)) ** 0.5


def fractions_of(values: np.ndarray) -> np.ndarray:
    return np.array([Fraction(value) for value in values.tolist()], dtype=object)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4)), min_size=4, max_size=80),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_rows_depend_on_the_bars_alone_not_on_how_the_legs_interleave(steps, random):
    rng = np.random.default_rng(len(steps))
    opens: dict[int, list[int]] = {0: [], 1: []}
    for which, step in steps:
        opens[which].append((opens[which][-1] if opens[which] else 0) + step * SECOND_MS)
    end_ms = max(max(times, default=0) for times in opens.values()) + SECOND_MS
    feeds = {w: [(t, 100 + rng.normal()) for t in times] for w, times in opens.items()}
    if not all(feeds.values()):
        return
    whole = [
        legs.add_lull(leg(*zip(*feeds[w], strict=True)), feeds[w][-1][0], end_ms) for w in (0, 1)
    ]
    expected = rows(*whole, window=20)

    growing, taken, found, since_ms = [legs.Leg(), legs.Leg()], [0, 0], [], 0
    while sum(taken) < sum(map(len, feeds.values())):
        w = random.choice([w for w in (0, 1) if taken[w] < len(feeds[w])])
        growing[w] = legs.add_bar(growing[w], *feeds[w][taken[w]], SECOND_MS)
        taken[w] += 1
        found += rows(*growing, window=20, since_ms=since_ms)
        since_ms = max(since_ms, min(g.known_until_ms for g in growing))
    final = [legs.add_lull(g, feeds[w][-1][0], end_ms) for w, g in enumerate(growing)]
    found += rows(*final, window=20, since_ms=since_ms)
    assert found == expected


def test_a_leg_that_falls_silent_makes_the_rows_stale_and_gives_no_z():
    y = leg(np.arange(100) * SECOND_MS, 100 + np.sin(np.arange(100)))
    x = legs.add_lull(leg(np.arange(40) * SECOND_MS, 50 + np.cos(np.arange(40))), 39_000, 100_000)
    found = rows(y, x)
    assert [row.open_ms for row in found if row.stale] == list(range(70_000, 100_000, SECOND_MS))
    assert all(row.z is None and row.hedge_ratio is None for row in found if row.stale)
    assert all(row.z is not None for row in found if not row.stale and row.n >= 3)


def test_a_lull_that_is_read_before_its_bar_waits_for_it():
    early = legs.add_bar(legs.add_lull(legs.Leg(), 1_000, 9_000), 1_000, 5.0, SECOND_MS)
    assert early.known_until_ms == 9_000


@pytest.mark.parametrize(
    ("y", "x", "missing"),
    [
        ([1, 2, 3, 4], [5, 5, 5, 5], {"hedge_ratio", "intercept", "spread", "z", "correlation"}),
        ([5, 5, 5, 5], [1, 2, 3, 4], {"z", "correlation", "r_squared"}),
        ([2, 4, 6, 8], [1, 2, 3, 4], {"z"}),
    ],
)
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_a_figure_without_meaning_is_missing_not_plausible(y, x, missing, scale):
    found = pairs.fit(np.array([y]) * scale, np.array([x]) * scale, prices="level")
    nans = {name for name in pairs.FIGURES if np.isnan(getattr(found, name)[0])}
    assert missing <= nans


def test_a_price_that_is_not_positive_never_reaches_a_logarithm():
    found = pairs.fit(
        np.array([[1.0, 0.0, 2.0, 3.0]]), np.array([[1.0, 2.0, 3.0, 4.0]]), prices="log"
    )
    assert np.isnan(found.z[0])
    assert np.isnan(found.correlation[0])


def test_closes_from_before_a_long_silence_do_not_count():
    times = [*range(0, 50_000, SECOND_MS), *range(500_000, 520_000, SECOND_MS)]
    found = rows(leg(times, np.sin(times)), leg(times, np.cos(times)), window=100)
    assert found[-1].n == 20
