"""Why a place could not be read -> what is said of it, and how long it is left alone."""

from __future__ import annotations

from dataclasses import dataclass

from oddlot import errors
from oddlot.contracts.social import ScanState
from producers.forums.pace import HOUR_MS, MINUTE_MS

QUOTA_MS = MINUTE_MS  # where the forum does not say when it has more
TROUBLE_MS, LONGEST_TROUBLE_MS = 30_000, 15 * MINUTE_MS
REFUSED_MS, LONGEST_REFUSED_MS = 10 * MINUTE_MS, HOUR_MS
MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """What follows from a failure.

    Attributes
    ----------
    state : limited or unavailable.
    wait_ms : until the place is asked again.
    is_for_all : whether nothing at all is asked for until then.
    """

    state: ScanState
    wait_ms: int
    is_for_all: bool


def pause_after(error: errors.Oddlot, failures: int) -> Pause:
    """Give the pause after a failure, the longer the more there were in a row.

    Examples
    --------
    >>> pause_after(errors.VenueUnavailable("broke off"), 3).wait_ms
    120000
    >>> pause_after(errors.QuotaSpent("spent", retry_ms=5_000), 1)
    Pause(state='limited', wait_ms=5000, is_for_all=True)
    """
    times = 2 ** min(failures - 1, MAX_DOUBLINGS)
    match error:
        case errors.QuotaSpent():
            wait_ms = QUOTA_MS * times if error.retry_ms is None else error.retry_ms
            return Pause(state="limited", wait_ms=min(wait_ms, HOUR_MS), is_for_all=True)
        case errors.KeyRefused():
            wait_ms = min(REFUSED_MS * times, LONGEST_REFUSED_MS)
            return Pause(state="unavailable", wait_ms=wait_ms, is_for_all=False)
    wait_ms = min(TROUBLE_MS * times, LONGEST_TROUBLE_MS)
    return Pause(state="unavailable", wait_ms=wait_ms, is_for_all=False)
