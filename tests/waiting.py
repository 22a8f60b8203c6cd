"""Patience with what happens beside a test, and its end with the test's."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

DEADLINE_S = 120.0  # far beyond what any of it takes; only a stall reaches it
ASK_AGAIN_S = 0.01


async def until(condition: Callable[[], object], *, what: str = "it") -> None:
    """Wait for a condition; fail, saying what was waited for, once the deadline has passed."""
    give_up_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < give_up_s, f"waited {DEADLINE_S:.0f} s for {what}"
        await asyncio.sleep(ASK_AGAIN_S)


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Run something until the block ends, to its last step; an error of its own is raised then."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
