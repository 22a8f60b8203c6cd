"""Closes of peer groups -> who does not move with the others: scores, all groups at once.

Per window each return against the others': (own - median of others) / (1.4826 x MAD of others),
leave-one-out. Confirmed only if the member usually moves with its group. `scans` makes messages of
the scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s
from oddlot.quant import robust
from oddlot.quant.comovement import Comovement, blocks, figures, sums_of
from oddlot.quant.returns import bar_returns, window_returns

WINDOWS = (1, 5, 20)  # a day, a week, a month of sessions
LOOKBACK = 60  # a quarter of sessions
ENTER_Z = 3.5  # Iglewicz & Hoaglin (1993) for scores by median and MAD
MIN_CORRELATION = 0.5
MIN_BARS = 30  # half the lookback: below, a correlation of 0.5 is within two standard errors of 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What counts as a divergence.

    Attributes
    ----------
    windows : in bars, shortest first.
    lookback : returns behind correlation and beta.
    min_bars : of them that have to be known before there is a figure.
    enter_z : |z| from which a score crosses.
    min_correlation : from which a member counts as usually moving with its group.
    """

    windows: tuple[int, ...] = WINDOWS
    lookback: int = LOOKBACK
    min_bars: int = MIN_BARS
    enter_z: float = ENTER_Z
    min_correlation: float = MIN_CORRELATION

    def __post_init__(self) -> None:
        if not self.windows or sorted({*self.windows}) != [*self.windows] or self.windows[0] < 1:
            raise ValueError(
                f"windows: expected different bars, shortest first, was {self.windows}"
            )
        if not 2 <= self.min_bars <= self.lookback:
            raise ValueError(
                f"min_bars: expected 2 to lookback {self.lookback}, was {self.min_bars}"
            )
        if not self.enter_z > 0 or not -1 <= self.min_correlation <= 1:
            raise ValueError(
                "enter_z: expected above 0, and min_correlation between -1 and 1, "
                f"was {self.enter_z} and {self.min_correlation}"
            )

    @property
    def bars(self) -> int:
        """Closes that a scan looks at: the lookback, before the longest window, and one more."""
        return self.lookback + self.windows[-1] + 1


class Scores(NamedTuple):
    """What a scan finds; NaN where it cannot be said.

    Attributes
    ----------
    returns : (s, w) each symbol's return over each window.
    others : (s, w) median and sigma of the others' returns, and the robust z against them.
    now : (s,) correlation and beta over the last bars.
    usual : (s,) the same, ended before the longest window begins; it confirms.
    medians, dispersions : (g, w) median and 1.4826 * MAD of each group, nobody left out.
    crosses, confirmed : (s, w) |z| is at the threshold or above; and the member usually moves
        with its group.
    """

    returns: Float64s
    others: robust.Others
    now: Comovement
    usual: Comovement
    medians: Float64s
    dispersions: Float64s
    crosses: Bools
    confirmed: Bools

    def of_group(self, rows: slice, group: int) -> Scores:
        """Give one group's share.

        Parameters
        ----------
        rows : of its members.
        group : which one it is.
        """
        return Scores(
            returns=self.returns[rows],
            others=robust.Others(*(each[rows] for each in self.others)),
            now=self.now.of_rows(rows),
            usual=self.usual.of_rows(rows),
            medians=self.medians[group : group + 1],
            dispersions=self.dispersions[group : group + 1],
            crosses=self.crosses[rows],
            confirmed=self.confirmed[rows],
        )


def score(closes: Float64s, sizes: Int64s, *, rules: Rules, breaks: Bools | None = None) -> Scores:
    """Score every member of every group over every window.

    Parameters
    ----------
    closes : (s, t) adjusted, oldest first, the members of a group one below the other; NaN where
        there is none. Check them before (`close_checks.check`). Only the last `rules.bars` count.
    sizes : (g,) members of each group, in the order of the rows; they add up to s.
    rules : windows and thresholds.
    breaks : (s, t) true at a close that cannot be compared with those before it; None without any.

    Raises
    ------
    ValueError
        If the sizes do not add up to the rows.

    Notes
    -----
    The correlation that confirms ends before the longest window begins. Over bars that hold the
    move itself, a move of ten standard deviations would take a correlation of 0.7 down to 0.4: the
    larger the divergence, the less it would be confirmed.

    Examples
    --------
    >>> group = 100 * np.cumprod(1 + 0.01 * np.sin(np.arange(4 * 81).reshape(4, 81)), axis=1)
    >>> score(group, np.array([4]), rules=Rules()).others.z.shape
    (4, 3)
    """
    if len(closes) != int(sizes.sum()) or (sizes < 1).any():
        raise ValueError(f"sizes: expected {len(closes)} rows in groups, was {sizes.tolist()}")
    closes = closes[:, -rules.bars :]
    breaks = None if breaks is None else breaks[:, -rules.bars :]
    now, usual = _comovements(closes, sizes, breaks, rules)
    returns = window_returns(closes, rules.windows, breaks)
    others, medians, dispersions = _against_groups(returns, sizes)
    with np.errstate(invalid="ignore"):
        crosses = np.abs(others.z) >= rules.enter_z
        confirmed = crosses & (usual.correlation >= rules.min_correlation)[:, None]
    return Scores(returns, others, now, usual, medians, dispersions, crosses, confirmed)


def _comovements(
    closes: Float64s, sizes: Int64s, breaks: Bools | None, rules: Rules
) -> tuple[Comovement, Comovement]:
    """Give correlation and beta over the last bars, and over those before the longest window."""
    before = max(closes.shape[1] - 1 - rules.windows[-1], 0)
    last, earlier = slice(-rules.lookback, None), slice(max(before - rules.lookback, 0), before)
    sums = np.empty((2, 4, len(closes)))
    for rows, part in blocks(sizes):
        by_bar = bar_returns(closes[rows], None if breaks is None else breaks[rows])
        for found, bars in zip(sums, (last, earlier), strict=True):
            found[:, rows] = sums_of(by_bar[:, bars], part)
    now, usual = (figures(each, min_bars=rules.min_bars) for each in sums)
    return now, usual


def _against_groups(returns: Float64s, sizes: Int64s) -> tuple[robust.Others, Float64s, Float64s]:
    """Give everyone's others, (s, w), and the groups' own medians and dispersions, (g, w)."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(returns)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    padded = np.full((returns.shape[1], len(sizes), sizes.max()), np.nan)
    padded[:, group, place] = returns.T
    found = robust.against_others(padded)
    center, sigma = robust.center_and_sigma(padded)
    return robust.Others(*(each[:, group, place].T for each in found)), center.T, sigma.T
