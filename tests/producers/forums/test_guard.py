"""Whatever goes wrong with a forum, it is read again, and nothing else notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from oddlot.errors import BadSetting, BrokerUnavailable
from producers.forums import guard


@pytest.fixture(name="waits", autouse=True)
def _waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("producers.forums.guard.asyncio.sleep", sleep)
    return waits


def failing(*errors: BaseException) -> tuple[list[int], Callable[[], Coroutine[None, None, None]]]:
    calls: list[int] = []

    async def serve() -> None:
        calls.append(len(calls))
        if len(calls) <= len(errors):
            raise errors[len(calls) - 1]
        raise asyncio.CancelledError

    return calls, serve


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("a bug"),
        BrokerUnavailable("away"),
        OSError("disk"),
        ExceptionGroup("tasks", [ExceptionGroup("more", [KeyError("a bug, deeper")])]),
    ],
    ids=["bug", "world", "machine", "group"],
)
async def test_it_is_started_again(error: Exception, waits: list[float]) -> None:
    calls, serve = failing(error, error, error)
    with pytest.raises(asyncio.CancelledError):
        await guard.keep_going("reddit", serve)
    assert len(calls) == 4
    assert waits == [1.0, 2.0, 4.0]


async def test_a_setting_that_cannot_be_used_is_not_tried_again() -> None:
    calls, serve = failing(BadSetting("expected a name"))
    await guard.keep_going("reddit", serve)
    assert len(calls) == 1
