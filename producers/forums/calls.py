"""A request -> what a forum answers, bounded in time and size, or why there is none."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Mapping

import httpx

from oddlot.errors import BadMessage, VenueUnavailable
from producers.providers.adapter import Answer

CALL_S = 20.0
MAX_BODY_BYTES = 8 * 1024 * 1024  # a listing of 100 posts of 40,000 characters is half of that
MAX_CONNECTIONS = 2  # a forum is asked one thing at a time; tokens come beside
# Forums turn away who does not say what he is.
AGENT = f"oddlot:{importlib.metadata.version('oddlot')} (reads public posts; keeps no authors)"


def client() -> httpx.AsyncClient:
    """Make a client for one forum; a redirect would be an answer to another question."""
    return httpx.AsyncClient(
        follow_redirects=False,
        timeout=CALL_S,
        limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
        headers={"user-agent": AGENT},
    )


async def call(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    auth: httpx.Auth | None = None,
) -> Answer:
    """Make one request; the messages of its errors name neither address nor key.

    Raises VenueUnavailable where there is no answer, BadMessage where it is too long.
    """
    request = http.build_request(
        method, url, params=params, headers=headers, data=dict(form) if form else None
    )
    try:
        async with asyncio.timeout(CALL_S):
            return await _answer(http, request, auth)
    except (TimeoutError, httpx.TimeoutException) as e:
        raise VenueUnavailable(f"gave no answer within {CALL_S:.0f} s") from e
    except httpx.ConnectError as e:
        raise VenueUnavailable("cannot be reached; see whether this machine is online") from e
    except (httpx.HTTPError, httpx.InvalidURL) as e:
        raise VenueUnavailable(f"broke off ({type(e).__name__})") from e


async def _answer(
    http: httpx.AsyncClient, request: httpx.Request, auth: httpx.Auth | None
) -> Answer:
    response = await http.send(request, stream=True, auth=auth)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise BadMessage(f"expected at most {MAX_BODY_BYTES} bytes of posts, were more")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=headers, body=bytes(body))
    finally:
        await response.aclose()
