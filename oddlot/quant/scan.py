"""Closes of a group's members -> all its pairs, ranked by cointegration, trials accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from oddlot.contracts.messages import Float64s, Int64s, Prices

CHUNK = 500  # trials between two reports of progress


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
    candidates : best first: by q_value, then eg_statistic; those without a statistic last.
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
    """
    return rank([*trials(closes, window=window, prices=prices)], symbols)


def trials(closes: Float64s, *, window: int, prices: Prices) -> Iterator[Trials]:
    """Do the tests of a scan, some at a time, for those who want to tell how far it is."""
    raise NotImplementedError


def rank(found: Iterable[Trials], symbols: Sequence[str]) -> Ranking:
    """Put all the trials of a scan in order, correcting for their number."""
    raise NotImplementedError
