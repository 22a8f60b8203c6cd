"""Jobs -> answers, over HTTP; the only place that speaks to a provider."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from oddlot.errors import BadMessage, Oddlot, VenueUnavailable
from producers.providers.adapter import Answer
from producers.providers.desk import Job

MAX_CALLS = 8  # at once, of all providers
CALL_S = 25.0  # less than half of the lease of a reservation: a call is over before that
MAX_BODY_BYTES = 16 * 1024 * 1024
# Nothing has left this machine: the call has cost nothing.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a call: an answer, or why there is none and whether it may count."""

    answer: Answer | None = None
    error: Oddlot | None = None
    sent: bool = True


async def call(http: httpx.AsyncClient, job: Job) -> Outcome:
    """Make one call; never raises for what the world does."""
    title = job.adapter.title
    try:
        async with asyncio.timeout(CALL_S):
            return Outcome(answer=await _get(http, job))
    except NEVER_SENT as e:
        return Outcome(
            error=VenueUnavailable(f"{title} cannot be reached: {_words(e)}"), sent=False
        )
    except (httpx.HTTPError, TimeoutError) as e:
        return Outcome(error=VenueUnavailable(f"{title} gave no answer: {_words(e)}"))
    except (httpx.InvalidURL, BadMessage) as e:
        return Outcome(error=BadMessage(f"{title}: {e}"))


async def _get(http: httpx.AsyncClient, job: Job) -> Answer:
    ask = job.ask
    async with http.stream(
        "GET", ask.url, params=dict(ask.params), headers=dict(ask.headers), timeout=CALL_S
    ) as response:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise BadMessage(f"expected at most {MAX_BODY_BYTES} bytes of closes")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=headers, body=bytes(body))


def _words(error: Exception) -> str:
    """Say what happened, in words that cannot hold the address with its key."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return f"none within {CALL_S:.0f} s"
    return type(error).__name__
