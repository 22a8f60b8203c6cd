"""A GET request -> its answer, bounded in time and size, or why there is none in plain words."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Mapping

import httpx

from oddlot.errors import BadMessage, VenueUnavailable
from producers.providers.adapter import Answer
from producers.providers.calls import NEVER_SENT

ASK_S = 20.0
MAX_BODY_BYTES = 2 * 1024 * 1024  # the longest feeds are some 500 KB
MAX_REDIRECTS = 5
MAX_CONNECTIONS = 8
AGENT = f"oddlot/{importlib.metadata.version('oddlot')} (reads RSS and Atom)"


class NeverSent(VenueUnavailable):
    """Nothing has left this machine: what it would have cost is not spent."""


def client() -> httpx.AsyncClient:
    """Make a client for all sources; sites move their feeds, so it follows redirects."""
    return httpx.AsyncClient(
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        timeout=ASK_S,
        limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
        headers={"user-agent": AGENT},
    )


async def ask(
    http: httpx.AsyncClient,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make one request. No message names the address: a key may be in it.

    Raises VenueUnavailable where there is no answer, BadMessage where it is too long.
    """
    try:
        async with asyncio.timeout(ASK_S):
            return await _get(http, url, params, headers)
    except (TimeoutError, httpx.TimeoutException) as e:
        raise VenueUnavailable(f"did not answer within {ASK_S:.0f} s") from e
    except httpx.TooManyRedirects as e:
        raise VenueUnavailable("sends us from one address to another without end") from e
    except NEVER_SENT as e:
        raise NeverSent("cannot be reached; see whether this machine is online") from e
    except (httpx.HTTPError, httpx.InvalidURL) as e:
        raise VenueUnavailable(f"broke off ({type(e).__name__})") from e


async def _get(
    http: httpx.AsyncClient,
    url: str,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
) -> Answer:
    query = dict(params) if params else None  # an empty one would delete that of the address
    async with http.stream("GET", url, params=query, headers=dict(headers or {})) as response:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise BadMessage(f"expected at most {MAX_BODY_BYTES:,} bytes, there are more")
        lower = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=lower, body=bytes(body))
