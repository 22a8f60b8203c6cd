"""One child process: started, logged, watched, started again, stopped with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

from oddlot.local.roles import Process

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOG_BYTES, LOG_FILES = 5 * 1024 * 1024, 3
LAST_LINES = 12  # kept to be shown when a process ends by itself
MAX_LINE_BYTES = 1024 * 1024
FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.5, 10.0
STEADY_S = 30.0  # a process that ran that long starts again at once
PROBE_EVERY_S = 0.2

State = Literal["starting", "ready", "restarting", "refused", "stopped"]


class Child:
    """Keeps one process of the system running.

    Attributes
    ----------
    state : where it stands; `refused` means that starting again will not help.
    restarts : how often it ended by itself.
    """

    def __init__(self, process: Process, environment: Mapping[str, str], logs: Path) -> None:
        self.process = process
        self.state: State = "starting"
        self.restarts = 0
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.log_file = logs / f"{process.name}.out.log"
        self._environment = environment
        self._running: asyncio.subprocess.Process | None = None
        self._stopping = False

    async def keep_running(self) -> None:
        """Start, watch, and start again with backoff, until stopped or refused."""
        backoff_s = FIRST_BACKOFF_S
        clock = asyncio.get_running_loop().time
        while not self._stopping:
            began = clock()
            code = await self._run_once()
            if self._stopping:
                break
            if code == os.EX_CONFIG:
                self.state = "refused"
                return
            self.state, self.restarts = "restarting", self.restarts + 1
            backoff_s = FIRST_BACKOFF_S if clock() - began > STEADY_S else backoff_s
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)
        self.state = "stopped"

    async def stop(self, deadline_s: float) -> bool:
        """Ask it to end; kill it after the deadline. True if it ended by itself."""
        self._stopping = True
        running = self._running
        if running is None or running.returncode is not None:
            return True
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(running.wait(), deadline_s)
        except TimeoutError:
            self.kill()
            await running.wait()
            return False
        return True

    def kill(self) -> None:
        """End it and all that it has started, at once."""
        self._stopping = True
        self._signal(signal.SIGKILL)

    async def _run_once(self) -> int:
        self._running = running = await asyncio.create_subprocess_exec(
            *self.process.command,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal reaches us alone
            preexec_fn=die_with_parent(),
            limit=MAX_LINE_BYTES,
        )
        reading = asyncio.create_task(self._read_output(running))
        probing = asyncio.create_task(self._probe())
        try:
            return await running.wait()
        finally:
            probing.cancel()
            await reading

    async def _read_output(self, running: asyncio.subprocess.Process) -> None:
        assert running.stdout is not None
        log = RotatingFileHandler(self.log_file, maxBytes=LOG_BYTES, backupCount=LOG_FILES)
        with contextlib.closing(log):
            while line := await _line(running.stdout):
                self.last_lines.append(line)
                log.emit(logging.makeLogRecord({"msg": line}))

    async def _probe(self) -> None:
        probe = self.process.probe
        while probe is not None and not await probe():  # noqa: ASYNC110  # no event crosses processes
            await asyncio.sleep(PROBE_EVERY_S)
        self.state = "ready"

    def _signal(self, number: int) -> None:
        running = self._running
        if running is not None and running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, number)


def die_with_parent(number: int = signal.SIGKILL) -> Callable[[], None] | None:
    """Give what a child has to do so that it does not outlive us; only Linux can.

    Parameters
    ----------
    number : the signal that the child gets when we are gone.
    """
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask_for_it() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), number)

    return ask_for_it


async def _line(stream: asyncio.StreamReader) -> str:
    """Give the next line, never empty before the end; an overlong one is cut."""
    try:
        raw = await stream.readline()
    except ValueError:
        raw = b"(a line over the limit was left out)\n"
    return raw.decode(errors="replace").rstrip("\r\n") or (" " if raw else "")
