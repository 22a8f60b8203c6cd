"""Closes of a group's members -> all its pairs, ranked by cointegration, trials accounted for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s, Prices
from oddlot.quant import cointegration
from oddlot.quant.cointegration import MIN_CLOSES
from oddlot.quant.fits import fit, size_floor, transformed
from oddlot.quant.stationarity import SIGNIFICANT_P

CHUNK = 500  # trials between two reports of progress
COLUMNS = ("y", "x", "n", "hedge_ratio", "half_life_bars", "correlation", "z")
FIGURES = (*COLUMNS[3:], "eg_statistic", "eg_p", "q_value")
CORRECTIONS = (
    "{tried} trials, two directions a pair, the better one shown. q_value: Benjamini-Hochberg; of "
    "the pairs below 0.05, about one in twenty is there by chance. Bonferroni, the strictest: eg_p "
    "below {bonferroni_p:.2g}."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One pair of a scan, in the better of its two directions.

    Attributes
    ----------
    y, x : the symbols, y regressed on x.
    n : closes behind the figures.
    hedge_ratio : least squares.
    eg_statistic, eg_p : Engle-Granger with one lag; None where it has no meaning.
    q_value : of the trial among all trials (Benjamini-Hochberg).
    is_cointegrated : q_value below 0.05.
    half_life_bars, correlation, z : as in `PairTest` and `Spread`.
    """

    y: str
    x: str
    n: int
    hedge_ratio: float | None
    eg_statistic: float | None
    eg_p: float | None
    q_value: float | None
    is_cointegrated: bool | None
    half_life_bars: float | None
    correlation: float | None
    z: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A scan's outcome.

    Attributes
    ----------
    candidates : best first: by q_value, then half-life, then |z|; those without a statistic last.
    trials : tests done: two directions a pair.
    bonferroni_p : eg_p below which a pair stands even by the strictest correction.
    corrections : in words, what was done about the number of trials.
    """

    candidates: tuple[Candidate, ...]
    trials: int
    bonferroni_p: float
    corrections: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trials:
    """Some directed tests, done together. All (k,); NaN where there is none.

    Attributes
    ----------
    y, x : numbers of the symbols.
    n : closes behind the figures.
    done, total : trials finished with these, and all there are.
    """

    y: Int64s
    x: Int64s
    n: Int64s
    hedge_ratio: Float64s
    eg_statistic: Float64s
    half_life_bars: Float64s
    correlation: Float64s
    z: Float64s
    done: int
    total: int


def scan(closes: Float64s, symbols: Sequence[str], *, window: int, prices: Prices) -> Ranking:
    """Test all pairs of some symbols in both directions, and rank them.

    Parameters
    ----------
    closes : (T, S) on one clock, oldest first (`legs.matrix`); NaN where there is none.
    symbols : (S,) their names.
    window : last closes to use, of those that both legs have.
    prices : test prices, or their logarithms.

    Examples
    --------
    >>> walk = np.random.default_rng(1).normal(size=(200, 2)).cumsum(axis=0)
    >>> noise = np.random.default_rng(2).normal(size=200)
    >>> closes = np.column_stack((walk, walk[:, 0] + noise))
    >>> found = scan(closes, ["A", "B", "C"], window=200, prices="level").candidates[0]
    >>> found.y, found.x, found.is_cointegrated
    ('C', 'A', True)
    """
    return rank([*trials(closes, window=window, prices=prices)], symbols)


def trials(closes: Float64s, *, window: int, prices: Prices) -> Iterator[Trials]:
    """Do the tests of a scan, some at a time, for those who want to tell how far it is.

    Parameters
    ----------
    closes, window, prices : as for `scan`.
    """
    closes = np.where(_usable(closes, prices), closes, np.nan)
    y, x = np.triu_indices(closes.shape[1], 1)
    done, total = 0, 2 * len(y)
    for length, members in _by_length(closes, y, x, window):
        for at in range(0, len(members), CHUNK // 2):
            some = members[at : at + CHUNK // 2]
            done += 2 * len(some)
            both = np.concatenate((y[some], x[some])), np.concatenate((x[some], y[some]))
            yield _test(closes, *both, length, prices, done=done, total=total)


def _usable(closes: Float64s, prices: Prices) -> Bools:
    usable: Bools = np.isfinite(closes)
    if prices == "log":
        usable &= closes > 0
    return usable


def _by_length(closes: Float64s, y: Int64s, x: Int64s, window: int) -> Iterator[tuple[int, Int64s]]:
    """Sort pairs by the number of closes that both legs have, as only equal ones go together."""
    is_there = ~np.isnan(closes)
    if is_there[-window:].all():
        yield min(window, len(closes)), np.arange(len(y))
        return
    counts = is_there.astype(np.int64).T @ is_there.astype(np.int64)
    lengths = np.minimum(counts[y, x], window)
    for length in np.unique(lengths).tolist():
        yield length, np.flatnonzero(lengths == length)


def _test(
    closes: Float64s, y: Int64s, x: Int64s, n: int, prices: Prices, *, done: int, total: int
) -> Trials:
    figures = np.full((5, len(y)), np.nan)
    if n >= MIN_CLOSES:
        y_closes, x_closes = _last_common(closes, y, x, n)
        fits = fit(y_closes, x_closes, prices=prices)
        left = cointegration.residuals(
            transformed(y_closes, prices), transformed(x_closes, prices), floor=size_floor(prices)
        )
        is_current = ~np.isnan(closes[-1, y] + closes[-1, x])
        figures[0] = fits.hedge_ratio
        figures[1] = cointegration.statistics(left)
        figures[2] = cointegration.half_lives(left)
        figures[3] = fits.correlation
        figures[4] = np.where(is_current, fits.z, np.nan)
    return Trials(
        y=y,
        x=x,
        n=np.full(len(y), n),
        hedge_ratio=figures[0],
        eg_statistic=figures[1],
        half_life_bars=figures[2],
        correlation=figures[3],
        z=figures[4],
        done=done,
        total=total,
    )


def _last_common(closes: Float64s, y: Int64s, x: Int64s, n: int) -> tuple[Float64s, Float64s]:
    """Give the last n closes that both legs of each pair have; (k, n) each."""
    legs = closes.T[y], closes.T[x]
    if not np.isnan(closes[-n:]).any():
        return legs[0][:, -n:], legs[1][:, -n:]
    is_common = ~np.isnan(legs[0] + legs[1])
    later = np.cumsum(is_common[:, ::-1], axis=1)[:, ::-1]  # common ones from each on
    is_wanted = is_common & (later <= n)
    return legs[0][is_wanted].reshape(-1, n), legs[1][is_wanted].reshape(-1, n)


def rank(found: Iterable[Trials], symbols: Sequence[str]) -> Ranking:
    """Put all the trials of a scan in order, correcting for their number.

    Parameters
    ----------
    found : all that `trials` gave.
    symbols : (S,) as the closes' columns.
    """
    parts = list(found)
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts] or [np.empty(0)])
        for name in (*COLUMNS, "eg_statistic")
    }
    columns["eg_p"] = cointegration.p_values(columns["eg_statistic"])
    columns["q_value"] = cointegration.q_values(columns["eg_p"])
    tried = int((~np.isnan(columns["eg_p"])).sum())
    better: dict[frozenset[int], int] = {}
    for row in np.lexsort((columns["y"], columns["eg_statistic"])).tolist():
        better.setdefault(frozenset((int(columns["y"][row]), int(columns["x"][row]))), row)
    candidates = [_candidate(columns, row, symbols) for row in better.values()]
    bonferroni_p = SIGNIFICANT_P / max(tried, 1)
    return Ranking(
        candidates=tuple(sorted(candidates, key=_order)),
        trials=tried,
        bonferroni_p=bonferroni_p,
        corrections=CORRECTIONS.format(tried=tried, bonferroni_p=bonferroni_p),
    )


def _candidate(columns: Mapping[str, Any], row: int, symbols: Sequence[str]) -> Candidate:
    y, x = (symbols[int(columns[leg][row])] for leg in ("y", "x"))
    values = {name: float(columns[name][row]) for name in FIGURES}
    figures: dict[str, Any] = {
        name: value if math.isfinite(value) else None for name, value in values.items()
    }
    q_value = figures["q_value"]
    is_cointegrated = None if q_value is None else q_value < SIGNIFICANT_P
    n = int(columns["n"][row])
    return Candidate(y=y, x=x, n=n, is_cointegrated=is_cointegrated, **figures)


def _order(candidate: Candidate) -> tuple[Any, ...]:
    """Sort by q-value, then half-life, then how far z lies out; what is missing goes last."""
    q_value, half_life, z = candidate.q_value, candidate.half_life_bars, candidate.z
    return (
        math.inf if q_value is None else q_value,
        math.inf if half_life is None else half_life,
        0.0 if z is None else -abs(z),
        candidate.y,
        candidate.x,
    )
