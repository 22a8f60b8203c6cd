"""Values of a group -> how far each lies from the others, by median and MAD without it.

The others' median is one of three values whoever is left out, so one sort of the group gives it to
everybody; so is, around each of the three, the others' MAD. Nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import Bools, Float64s, Int64s

MAD_TO_SIGMA = 1.4826  # 1 / Phi^-1(0.75): scales a MAD to sigma for normal data
MIN_OTHERS = 2  # one has no dispersion
MIN_SIGMA = 1e-12  # below that the others are alike but for rounding; returns are fractions


class Others(NamedTuple):
    """The group without each member in turn, (..., n) each; NaN where it cannot be said.

    Attributes
    ----------
    median : of the others.
    sigma : 1.4826 * MAD of the others around their median.
    z : (own - median) / sigma; NaN where sigma is nothing but rounding.
    """

    median: Float64s
    sigma: Float64s
    z: Float64s


def robust_zscores(values: Float64s) -> Float64s:
    """Score each value against the median and MAD of the *other* values of its row.

    Leaving the scored one out stops one large mover from hiding itself by dragging the group's own
    center and spread.

    Parameters
    ----------
    values : (..., n) one group a row, such as simple returns over one window, as fractions. NaN
        marks a member without data; it takes no part in anyone's score.

    Returns
    -------
    (..., n) z-scores in robust standard deviations; NaN where a member is missing, has fewer than
    two others, or the others' MAD is nothing but rounding.

    References
    ----------
    Rousseeuw & Croux (1993), Alternatives to the Median Absolute Deviation.

    Examples
    --------
    >>> robust_zscores(np.array([-0.04, -0.05, -0.045, 0.0])).round(1)
    array([ 0.7, -1.3, -0.3,  6.1])
    """
    return against_others(values).z


def against_others(values: Float64s) -> Others:
    """Give median, sigma and score of everyone's others; see `robust_zscores`.

    Parameters
    ----------
    values : (..., n) one group a row; NaN marks a member without data.

    Examples
    --------
    >>> against_others(np.array([1.0, 2.0, 4.0, np.nan])).median
    array([3. , 2.5, 1.5, nan])
    """
    shape = values.shape
    rows = np.ascontiguousarray(values, np.float64).reshape(-1, shape[-1])
    others = np.count_nonzero(rows == rows, axis=1) - 1  # whoever is NaN differs from itself
    ordered = np.sort(rows, axis=1)  # NaN last
    middles = _middles(ordered, others)
    is_above, is_middle = rows > middles.at, rows == middles.at
    median = _chosen(middles.left, is_above, is_middle)
    around = [_sigmas(rows, center, others) for center in middles.left]
    sigma = _chosen(around, is_above, is_middle)
    missing = np.isnan(rows) | (others < MIN_OTHERS)[:, None]
    median[missing] = sigma[missing] = np.nan
    sigma *= MAD_TO_SIGMA
    z = np.divide(rows - median, sigma, out=np.full_like(rows, np.nan), where=sigma > MIN_SIGMA)
    return Others(median.reshape(shape), sigma.reshape(shape), z.reshape(shape))


def center_and_sigma(values: Float64s) -> tuple[Float64s, Float64s]:
    """Give median and 1.4826 * MAD of each row, nobody left out.

    Parameters
    ----------
    values : (..., n) one group a row; NaN marks a member without data.

    Returns
    -------
    (...) each; NaN without a value, sigma also with a single one.

    Examples
    --------
    >>> center_and_sigma(np.array([1.0, 2.0, 4.0, np.nan]))
    (array(2.), array(1.4826))
    """
    center = _median(values)
    sigma = MAD_TO_SIGMA * _median(np.abs(values - center[..., None]))
    return center, np.where(np.count_nonzero(values == values, axis=-1) > 1, sigma, np.nan)


def _median(values: Float64s) -> Float64s:
    """Give the median of each row's known values; unlike numpy's, without a warning for none."""
    known = np.count_nonzero(values == values, axis=-1)[..., None]
    places = np.concatenate([np.maximum(known - 1, 0) // 2, known // 2], axis=-1)
    middle = np.take_along_axis(
        np.sort(values, axis=-1), np.minimum(places, values.shape[-1] - 1), axis=-1
    )
    return np.asarray(middle.sum(axis=-1) / 2)


class _Middles(NamedTuple):
    """The middle of each row, (rows, 1), and the three medians that leaving one out can leave."""

    at: Float64s
    left: tuple[Float64s, Float64s, Float64s]


def _middles(ordered: Float64s, others: Int64s) -> _Middles:
    """Give the others' median by who is left out: one above the middle, the middle, one below.

    Without the value of rank k, whatever stood above it moves one place down. So with m others and
    h = m // 2 their middle is made of two of the values at h - 1, h and h + 1.
    """
    half = np.maximum(others, 0) // 2
    places = np.clip(half[:, None] + np.arange(-1, 2), 0, ordered.shape[1] - 1)
    below, at, above = np.take_along_axis(ordered, places, axis=1).T[:, :, None]
    is_odd = (others % 2 == 1)[:, None]
    left = (
        np.where(is_odd, at, (below + at) / 2),
        np.where(is_odd, above, (below + above) / 2),
        np.where(is_odd, above, (at + above) / 2),
    )
    return _Middles(at, left)


def _chosen(left: Sequence[Float64s], is_above: Bools, is_middle: Bools) -> Float64s:
    """Give each value its own; equal values are interchangeable, so values do for ranks."""
    return np.where(is_above, left[0], np.where(is_middle, left[1], left[2]))


def _sigmas(rows: Float64s, center: Float64s, others: Int64s) -> Float64s:
    """Give the others' MAD around a center, whoever is left out."""
    distance = np.abs(rows - center)
    middles = _middles(np.sort(distance, axis=1), others)
    return _chosen(middles.left, distance > middles.at, distance == middles.at)
