"""A child process is logged, started again with backoff, refused, stopped, killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from oddlot.local import embedded, processes
from oddlot.local.processes import Child
from oddlot.local.roles import Process
from tests.waiting import until

DEADLINE_S = 30.0
STUBBORN = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up')\ntime.sleep(99)"
PATIENT = "import time\nprint('up')\ntime.sleep(99)"
WITH_CHILD = (
    "import subprocess, sys, time\n"
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']).pid)\n"
    "time.sleep(99)"
)

Keep = Callable[..., contextlib.AbstractAsyncContextManager[Child]]


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Give a way to keep a piece of Python running as a child."""
    monkeypatch.setattr(processes, "FIRST_BACKOFF_S", 0.01)

    @contextlib.asynccontextmanager
    async def kept(
        code: str, probe: Callable[[], Awaitable[bool]] | None = None
    ) -> AsyncIterator[Child]:
        process = Process(name="tiny", command=[sys.executable, "-uc", code], probe=probe)
        child = Child(process, dict(os.environ), tmp_path)
        keeping = asyncio.create_task(child.keep_running())
        yield child
        child.kill()
        async with asyncio.timeout(DEADLINE_S):
            await keeping

    return kept


async def test_what_it_says_is_kept_and_logged(keep: Keep):
    async with keep("print('one')\nprint()\nprint('two')\nimport time\ntime.sleep(99)") as child:
        await until(lambda: "two" in child.last_lines)
        assert child.state == "running"
        assert child.log_file.read_text() == "one\n \ntwo\n"


async def test_an_overlong_line_does_not_stop_the_reading(keep: Keep):
    async with keep("print('x' * 3_000_000)\nprint('after')\nimport time\ntime.sleep(99)") as child:
        await until(lambda: "after" in child.last_lines)


async def test_the_log_is_bounded(keep: Keep, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "LOG_BYTES", 1_000)
    async with keep("for i in range(1000): print(i)\nimport time\ntime.sleep(99)") as child:
        await until(lambda: "999" in child.last_lines)
        logs = list(child.log_file.parent.iterdir())
        assert len(logs) == 1 + processes.LOG_FILES
        assert all(log.stat().st_size <= 1_000 for log in logs)


async def test_it_is_ready_once_its_probe_says_so(keep: Keep):
    answers = iter([False, True])

    async def probe() -> bool:
        return next(answers)

    async with keep(PATIENT, probe=probe) as child:
        await until(lambda: child.state != "starting")
        assert child.state == "ready"


async def test_a_crash_starts_it_again_and_again(keep: Keep):
    async with keep("raise KeyError(1)") as child:
        await until(lambda: child.restarts >= 3)
        assert child.last_words == "KeyError: 1"


async def test_a_process_that_was_killed_is_said_to_be(keep: Keep):
    async with keep(PATIENT) as child:
        await until(lambda: "up" in child.last_lines)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        await until(lambda: child.restarts == 1)
        assert child.last_words == "killed by SIGKILL"


async def test_the_pauses_between_starts_grow_to_a_limit(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
):
    pauses: list[float] = []
    wait_for = asyncio.wait_for

    async def noted(waiting: Awaitable[bool], timeout: float) -> bool:
        pauses.append(timeout)
        return await wait_for(waiting, 0.001)

    monkeypatch.setattr(processes.asyncio, "wait_for", noted)
    monkeypatch.setattr(processes, "LAST_BACKOFF_S", 0.05)
    async with keep("raise SystemExit(1)") as child:
        await until(lambda: child.restarts >= 5)
    assert pauses[:5] == [0.01, 0.02, 0.04, 0.05, 0.05]


@pytest.mark.parametrize(
    "code",
    [
        f"print('tiny: no Java')\nraise SystemExit({embedded.REFUSED})",
        "from oddlot import errors\nraise errors.BadSetting('no Java')",
    ],
)
async def test_a_refusal_is_final_and_keeps_its_words(keep: Keep, code: str):
    async with keep(code) as child:
        await until(lambda: child.state == "refused")
        assert child.restarts == 0
        assert child.last_words == "no Java"


async def test_it_is_asked_to_end_and_may(keep: Keep):
    async with keep(
        "import signal, time\nsignal.signal(15, lambda *_: exit(0))\nprint('up')\ntime.sleep(99)"
    ) as child:
        await until(lambda: "up" in child.last_lines)
        assert await child.stop(DEADLINE_S)
        await until(lambda: child.state == "stopped")


async def test_it_is_killed_when_it_will_not_end(keep: Keep):
    async with keep(STUBBORN) as child:
        await until(lambda: "up" in child.last_lines)
        assert not await child.stop(0.05)
        await until(lambda: child.state == "stopped")


async def test_a_stop_does_not_wait_for_the_next_start(keep: Keep, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "FIRST_BACKOFF_S", 10 * DEADLINE_S)
    monkeypatch.setattr(processes, "LAST_BACKOFF_S", 10 * DEADLINE_S)
    async with keep("raise SystemExit(1)") as child:
        await until(lambda: child.state == "restarting")
        assert await child.stop(DEADLINE_S)
        await until(lambda: child.state == "stopped")


async def test_whom_it_started_is_gone_when_it_is_killed(keep: Keep):
    async with keep(WITH_CHILD) as child:
        await until(lambda: child.last_lines)
        grandchild = psutil.Process(int(child.last_lines[0]))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        await until(lambda: child.restarts == 1)
        await until(lambda: is_gone(grandchild))


def is_gone(process: psutil.Process) -> bool:
    """Say whether a process has ended; whoever adopts it may be slow to bury it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True
