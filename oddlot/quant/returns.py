"""Closes of many symbols -> their returns, bar by bar and over windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oddlot.contracts.messages import Bools, Float64s


def bar_returns(closes: Float64s, breaks: Bools | None = None) -> Float64s:
    """Give the simple return from each bar to the next.

    Parameters
    ----------
    closes : (s, t) oldest first; NaN where there is none.
    breaks : (s, t) true at a close that cannot be compared with those before it; None without any.

    Returns
    -------
    (s, t - 1) fractions; NaN where either close is missing or a break lies between them.

    Examples
    --------
    >>> bar_returns(np.array([[100.0, 110.0, 99.0]])).round(3)
    array([[ 0.1, -0.1]])
    """
    found = closes[:, 1:] / closes[:, :-1]
    found -= 1
    if breaks is not None:
        found[breaks[:, 1:]] = np.nan
    return found


def window_returns(
    closes: Float64s, windows: Sequence[int], breaks: Bools | None = None
) -> Float64s:
    """Give the simple return over the last 1, 5, 20 or so many bars.

    Parameters
    ----------
    closes : (s, t) oldest first; NaN where there is none.
    windows : in bars.
    breaks : (s, t) true at a close that cannot be compared with those before it; None without any.

    Returns
    -------
    (s, windows) fractions; NaN where the first or last close of a window is missing, it reaches
    back too far, or a break lies in it.

    Examples
    --------
    >>> window_returns(np.array([[100.0, 110.0, 121.0]]), (1, 2, 3)).round(3)
    array([[0.1 , 0.21,  nan]])
    """
    rows, bars = closes.shape
    found = np.full((rows, len(windows)), np.nan)
    for i, window in enumerate(windows):
        if window < bars:
            found[:, i] = closes[:, -1] / closes[:, -1 - window] - 1
            if breaks is not None:
                found[breaks[:, bars - window :].any(axis=1), i] = np.nan
    return found
