"""A reader of a forum -> the same one running until cancelled, whatever goes wrong with it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from oddlot import errors

log = logging.getLogger(__name__)

FIRST_BACKOFF_S, LAST_BACKOFF_S = 1.0, 60.0


async def keep_going(name: str, serve: Callable[[], Awaitable[None]]) -> None:
    """Serve until cancelled: neither the world nor a bug here may end the trades beside it."""
    backoff_s = FIRST_BACKOFF_S
    while True:
        started_s, is_pointless = time.monotonic(), False
        try:
            await serve()
        except* errors.BadSetting as group:
            log.error("%s is not read: %s", name, _first(group))  # noqa: TRY400  # it says it all
            is_pointless = True
        except* (errors.Unavailable, OSError) as group:
            log.warning("%s stopped, starting again in %.0f s: %s", name, backoff_s, _first(group))
        except* Exception:
            log.exception("%s stopped by a bug, starting again in %.0f s", name, backoff_s)
        if is_pointless:
            return
        if time.monotonic() - started_s > LAST_BACKOFF_S:
            backoff_s = FIRST_BACKOFF_S
        await asyncio.sleep(backoff_s)
        backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give one error of a group, however deep it is in it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
