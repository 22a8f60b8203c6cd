"""Hourly counts of the days before -> what is usual, and how far from it an hour is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s
from oddlot.quant.robust import center_and_sigma

KNOWN_SHARE = 0.9  # of an hour that has to be read for its count to be one
WARM_DAYS = 7  # a median and a MAD of fewer say little
MIN_RANKED = 3  # mentions: one or two are chance, whatever is usual


class Baseline(NamedTuple):
    """What is usual of each symbol, (..., n) each.

    Attributes
    ----------
    median : mentions an hour; NaN without a known day.
    sigma : 1.4826 * MAD of the same counts; 0 where fewer than two are known.
    days : how many were known.
    """

    median: Float64s
    sigma: Float64s
    days: Int64s


class Compared(NamedTuple):
    """An hour against its baseline, (..., n) each; NaN where the baseline, or the hour, is unknown.

    Attributes
    ----------
    expected : mentions, for as much of the hour as was read, and those taken for usual.
    z : (mentions - expected) / scale.
    log_ratio : ln((mentions + 1) / (expected + 1)).
    multiple : mentions / expected; NaN also where nothing is expected.
    """

    expected: Float64s
    z: Float64s
    log_ratio: Float64s
    multiple: Float64s


def baseline(counts: Int64s, shares: Float64s) -> Baseline:
    """Give median and dispersion of the days that are known.

    Parameters
    ----------
    counts : (..., days, n) mentions of each symbol.
    shares : (..., days, n) of the hour that was read; a day read less than 0.9 is missing, not
        zero.

    Examples
    --------
    >>> counts = np.array([[2], [4], [100], [9]])
    >>> baseline(counts, np.array([[1.0], [0.95], [1.0], [0.2]]))
    Baseline(median=array([4.]), sigma=array([2.9652]), days=array([3]))
    """
    is_known = shares >= KNOWN_SHARE
    known = np.swapaxes(np.where(is_known, counts, np.nan), -1, -2)
    median, sigma = center_and_sigma(known)
    return Baseline(median, np.nan_to_num(sigma), is_known.sum(axis=-2))


def compare(mentions: Int64s, shares: Float64s, usual: Baseline, *, unjudged: Int64s) -> Compared:
    """Set an hour against what is usual.

    The scale of z is the larger of sigma, for as much of the hour as was read, and the square root
    of what is expected, the noise of counting; at least 1, as many a symbol has no mention at all
    on most days, and a MAD of zero.

    Parameters
    ----------
    mentions : (..., n) of the hour, all of them.
    shares : (..., n) of the hour that was read; of an hour that was not, nothing can be said.
    usual : of each symbol.
    unjudged : (..., n) of these mentions, those of which nobody knows what is usual. They are
        taken for usual, so they make nothing abnormal.

    Examples
    --------
    >>> usual, none = Baseline(np.array([4.0]), np.array([0.0]), np.array([30])), np.array([0])
    >>> found = compare(np.array([24]), np.array([0.5]), usual, unjudged=none)
    >>> found._replace(log_ratio=None)
    Compared(expected=array([2.]), z=array([15.55634919]), log_ratio=None, multiple=array([12.]))
    """
    known: Float64s = np.where(shares > 0, usual.median * shares, np.nan)
    scale = np.maximum(usual.sigma * shares, np.sqrt(np.maximum(known, 1.0)))
    expected: Float64s = known + unjudged
    return Compared(
        expected=expected,
        z=(mentions - expected) / scale,
        log_ratio=np.log((mentions + 1) / (expected + 1)),
        multiple=np.divide(
            mentions, expected, out=np.full_like(expected, np.nan), where=expected > 0
        ),
    )


def ranks(mentions: Int64s, compared: Compared, symbols: Sequence[str]) -> list[int | None]:
    """Give 1 to the most abnormal symbol of an hour, by z, then log ratio, then name.

    Parameters
    ----------
    mentions, compared, symbols : (n,) each.

    Returns
    -------
    (n,) None for those with fewer than three mentions or without a baseline.

    Examples
    --------
    >>> nothing = np.full(3, np.nan)
    >>> compared = Compared(nothing, np.array([1.0, 5.0, 9.0]), np.zeros(3), nothing)
    >>> ranks(np.array([3, 4, 2]), compared, ["A", "B", "C"])
    [2, 1, None]
    """
    z, log_ratio = compared.z.tolist(), compared.log_ratio.tolist()
    is_ranked: Bools = (mentions >= MIN_RANKED) & ~np.isnan(compared.z)
    ranked = np.flatnonzero(is_ranked).tolist()
    ranked.sort(key=lambda i: (-z[i], -log_ratio[i], symbols[i]))
    found: list[int | None] = [None] * len(symbols)
    for rank, i in enumerate(ranked, 1):
        found[i] = rank
    return found
