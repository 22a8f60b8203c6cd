"""What a broker feeds -> read for as long as the API runs, however often the broker goes away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiokafka.errors import KafkaError

from oddlot import errors
from oddlot.kafka import Record

FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.5, 10.0


class Subscription(Protocol):
    """What is followed; `oddlot.kafka.Subscription` says more."""

    async def read(self, *, limit: int, wait_ms: int) -> list[Record]: ...

    async def lag(self) -> int: ...


async def keep(
    read: Callable[[], Awaitable[None]],
    *,
    lost: Callable[[BaseException], None],
    backoff_s: float = FIRST_BACKOFF_S,
) -> None:
    """Read until cancelled; when the broker is lost, say so and read again, with backoff."""
    first_backoff_s = backoff_s
    while True:
        started_s = time.monotonic()
        try:
            await read()
        except* (errors.Unavailable, KafkaError, OSError) as group:
            lost(_first(group))
        if time.monotonic() - started_s > LAST_BACKOFF_S:
            backoff_s = first_backoff_s
        await asyncio.sleep(backoff_s)
        backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
