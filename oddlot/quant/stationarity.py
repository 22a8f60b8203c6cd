"""The closes of one window -> whether its spread comes back: the slow tests.

Imports statsmodels where it is used: that takes seconds, and only those who test pay for it.
"""

from __future__ import annotations

from oddlot.contracts.messages import Float64s, Interval, PairTest
from oddlot.contracts.pairs import Pair


def pair_test(pair: Pair, interval: Interval, open_ms: int, y: Float64s, x: Float64s) -> PairTest:
    """Test one window of a pair; about 5 ms, pure, so it may run in any thread or process.

    Parameters
    ----------
    pair : whose; its `prices` say whether logarithms are tested.
    interval, open_ms : the last bar of the window.
    y, x : (n,) closes, oldest first.

    Returns
    -------
    always a test; one that cannot be done says so in its verdict and carries no statistic.
    """
    raise NotImplementedError
