"""What a source of headlines is: asked now and then, it gives entries, or says why it does not."""

from __future__ import annotations

import datetime as dt
import email.utils
from typing import Protocol

from oddlot.errors import KeyRefused, QuotaSpent, VenueUnavailable
from producers.news.entries import Reading
from producers.providers.adapter import Answer

LONGEST_RETRY_MS = 24 * 3_600_000


class Source(Protocol):
    """Somebody who has headlines.

    Attributes
    ----------
    name : of the source, in its headlines.
    every_s : between two readings while all is well.
    """

    name: str
    every_s: float

    async def read(self, now_ms: int) -> Reading:
        """Give what it has now; none where that is what it had before.

        Raises
        ------
        QuotaSpent
            If it wants to be asked less often.
        KeyRefused
            If it does not take our key, or our plan has no news.
        VenueUnavailable
            If it does not answer, or refuses us.
        BadMessage
            If its answer cannot be read.
        """


def check(answer: Answer, *, refused: str, now_ms: int) -> None:
    """Return if an answer has something to read; raise in words that say what to do if not.

    Parameters
    ----------
    answer : of a source.
    refused : what to do where it refuses us or has nothing for us.
    now_ms : our clock.
    """
    status = answer.status
    if status == 200:
        return
    wait_ms = retry_after_ms(answer, now_ms)
    if status == 429:
        raise QuotaSpent("wants to be read less often (HTTP 429)", retry_ms=wait_ms)
    if status == 503 and wait_ms is not None:
        raise QuotaSpent("asks for patience (HTTP 503)", retry_ms=wait_ms)
    if status >= 500:
        raise VenueUnavailable(f"is in trouble (HTTP {status}); it is read again")
    if status in {404, 410}:
        raise VenueUnavailable(f"has nothing at this address (HTTP {status}); {refused}")
    if status in {401, 402, 403, 451}:
        raise KeyRefused(f"refuses us (HTTP {status}); {refused}")
    raise VenueUnavailable(f"answers with HTTP {status}; {refused}")


def retry_after_ms(answer: Answer, now_ms: int) -> int | None:
    """Give how long a source wants to be left alone: seconds, or until a date; a day at most."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(int(text) * 1_000, LONGEST_RETRY_MS)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0, min(int(until.timestamp() * 1_000) - now_ms, LONGEST_RETRY_MS))
