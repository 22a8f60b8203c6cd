"""Exceptions nobody expected -> the log, and 500 with the headers that every answer has."""

from __future__ import annotations

import logging

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_of, response_of

log = logging.getLogger(__name__)


class Bugs:
    """Answers for what an app raises.

    The framework's own way to do so is outside all middleware: no browser could read that
    answer, since CORS would not be in it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_started = False

        async def watched(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if is_started:
                raise  # the server cuts the answer off, which is how a client can tell
            log.exception("%s %s: a bug of ours", scope["method"], scope["path"])
            problem = problem_of(500, "a bug of ours; the API's log has the traceback")
            await response_of(problem)(scope, receive, send)


def install(app: FastAPI) -> None:
    """Answer for what an app raises."""
    app.add_middleware(Bugs)
