"""Who may call from a browser: the dashboard's origins and the added ones."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem_of, response_of

MAX_AGE_S = 600  # how long a browser remembers a preflight
READING = ("GET", "HEAD", "OPTIONS")
CHANGING = ("PUT", "DELETE", "POST")
SHOWN_CHARACTERS = 200


class Guard:
    """Refuses changes from foreign pages: a browser sends some without asking CORS first."""

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in READING:
            origin = Headers(scope=scope).get("origin")
            if not is_allowed(origin, self._allowed):
                await response_of(problem_of(403, refusal(origin)))(scope, receive, send)
                return
        await self._app(scope, receive, send)


def install(app: FastAPI, allowed: tuple[str, ...]) -> None:
    """Let pages of the allowed origins in, and no others."""
    app.add_middleware(Guard, allowed=allowed)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=allowed,
        allow_methods=["GET", *CHANGING],
        allow_headers=["Content-Type", "If-Match", "If-None-Match"],
        expose_headers=["Retry-After", "Content-Disposition", "Location", "ETag"],
        max_age=MAX_AGE_S,
    )


def is_allowed(origin: str | None, allowed: tuple[str, ...]) -> bool:
    """Tell whether a page may do more than read: CORS does not guard that, so we do.

    No origin at all means no browser, and other programs may say what they like anyway.
    """
    return origin is None or origin in allowed


def refusal(origin: str | None) -> str:
    """Say why an origin is refused, and what to do."""
    return (
        f"origin: expected the dashboard's, was {str(origin)[:SHOWN_CHARACTERS]!r}; "
        f"add it to ODDLOT_ALLOWED_ORIGINS to let it in"
    )
