"""How a reading ended -> how long the source is left alone, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

from oddlot.contracts.messages import NewsState
from oddlot.errors import KeyRefused, Oddlot, QuotaSpent

LONGEST_S = 3_600.0  # between two attempts at a source that does not answer
REFUSED_S = 6 * 3_600.0  # a key or an address does not become right by being tried again
MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Pause:
    """A state, and the seconds until the next reading."""

    state: NewsState
    wait_s: float


def pause_after(error: Oddlot | None, *, every_s: float, failures: int) -> Pause:
    """Tell how to go on.

    Parameters
    ----------
    error : what the reading ended with; None where it was read.
    every_s : between two readings while all is well.
    failures : in a row, this one among them.

    Examples
    --------
    >>> pause_after(None, every_s=300, failures=0).wait_s
    300
    """
    if error is None:
        return Pause("read", every_s)
    grown_s = min(every_s * 2 ** min(failures - 1, MAX_DOUBLINGS), max(LONGEST_S, every_s))
    match error:
        case QuotaSpent(retry_ms=None):
            return Pause("limited", max(every_s, grown_s))
        case QuotaSpent(retry_ms=retry_ms):
            assert retry_ms is not None
            return Pause("limited", max(every_s, retry_ms / 1_000))
        case KeyRefused():
            return Pause("unavailable", max(every_s, REFUSED_S))
    return Pause("unavailable", grown_s)
