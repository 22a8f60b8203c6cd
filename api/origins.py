"""Who may call from a browser: the dashboard's origins and the added ones."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

MAX_AGE_S = 600  # how long a browser remembers a preflight


def install(app: FastAPI, allowed: tuple[str, ...]) -> None:
    """Let pages of the allowed origins read what GET answers."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=allowed,
        allow_methods=["GET"],
        expose_headers=["Retry-After"],
        max_age=MAX_AGE_S,
    )


def is_allowed(origin: str | None, allowed: tuple[str, ...]) -> bool:
    """Tell whether a WebSocket may open: CORS does not guard those, so we do.

    No origin at all means no browser, and other programs may say what they like anyway.
    """
    return origin is None or origin in allowed
