"""One child process: started, logged, watched, started again, stopped with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections import deque
from collections.abc import Iterable, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

from oddlot.local.embedded import REFUSED, die_with_parent
from oddlot.local.roles import Process

LOG_BYTES, LOG_FILES = 5 * 1024 * 1024, 3
LAST_LINES = 200  # a worker that crashes tells 30 lines about its end after the cause
MAX_LINE_BYTES = 1024 * 1024
MAX_WORDS = 500  # characters of its last words that are shown
FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.5, 10.0
STEADY_S = 30.0  # a process that ran that long starts again at once
PROBE_EVERY_S = 0.2
LOOK_EVERY_S = 0.05
# How a traceback ends when a setting is wrong; frameworks that load us know no exit codes.
BAD_SETTINGS = ("oddlot.errors.BadSetting: ", "oddlot.errors.BadPeerGroup: ")

State = Literal["starting", "running", "ready", "restarting", "refused", "stopped"]


class Child:
    """Keeps one process of the system running.

    Attributes
    ----------
    state : where it stands; `running` is all that can be told of a process without a probe,
        `refused` means that starting again will not help.
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
        self._leaving = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The id of the process; None between two starts."""
        running = self._running
        return running.pid if running is not None and running.returncode is None else None

    @property
    def last_words(self) -> str:
        """Why it ended: the signal, or its own words without its name in front."""
        code = self._running.returncode if self._running else None
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return last_words(self.last_lines, self.process.name)

    async def keep_running(self, after_s: float = 0.0) -> None:
        """Start, watch, and start again with backoff, until stopped or refused.

        Parameters
        ----------
        after_s : how long to wait before the first start.
        """
        await self._pause(after_s)
        backoff_s = FIRST_BACKOFF_S
        clock = asyncio.get_running_loop().time
        while not self._leaving.is_set():
            began = clock()
            code = await self._run_once()
            if self._leaving.is_set():
                break
            if code == REFUSED or any(line.startswith(BAD_SETTINGS) for line in self.last_lines):
                self.state = "refused"
                return
            self.state, self.restarts = "restarting", self.restarts + 1
            backoff_s = FIRST_BACKOFF_S if clock() - began > STEADY_S else backoff_s
            await self._pause(backoff_s)
            backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)
        self.state = "stopped"

    async def stop(self, deadline_s: float) -> bool:
        """Ask it to end; kill it after the deadline. True if it ended by itself.

        Parameters
        ----------
        deadline_s : how long it may take.
        """
        self._leaving.set()
        running = self._running
        if running is None or running.returncode is not None:
            return True
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(_end_of(running), deadline_s)
        except TimeoutError:
            self.kill()
            await _end_of(running)
            return False
        return running.returncode != -signal.SIGKILL

    def kill(self) -> None:
        """End it and all that it has started, at once."""
        self._leaving.set()
        self._signal(signal.SIGKILL)

    async def _pause(self, pause_s: float) -> None:
        if pause_s > 0.0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), pause_s)

    async def _run_once(self) -> int:
        self.last_lines.clear()
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
        if self._leaving.is_set():  # told to stop while it was being started
            self._signal(signal.SIGKILL)
        reading = asyncio.create_task(self._read_output(running))
        probing = asyncio.create_task(self._probe())
        try:
            return await _end_of(running)
        finally:
            probing.cancel()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, signal.SIGKILL)  # whom it left behind holds ports and pipe
            await reading

    async def _read_output(self, running: asyncio.subprocess.Process) -> None:
        assert running.stdout is not None
        log = Log(self.log_file, maxBytes=LOG_BYTES, backupCount=LOG_FILES)
        with contextlib.closing(log):
            while line := await _line(running.stdout):
                self.last_lines.append(line)
                log.emit(logging.makeLogRecord({"msg": line}))

    async def _probe(self) -> None:
        probe = self.process.probe
        if probe is None:
            self.state = "running"
            return
        while not await probe():  # noqa: ASYNC110  # no event crosses processes
            await asyncio.sleep(PROBE_EVERY_S)
        self.state = "ready"

    def _signal(self, number: int) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)


class Log(RotatingFileHandler):
    """The file of a process's words; a full disk must not hold up the process."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Leave the line out."""


def last_words(lines: Iterable[str], name: str) -> str:
    """Give the one line that says why a process ended.

    Parameters
    ----------
    lines : its last ones, oldest first.
    name : of the process, left out where the line begins with it.

    Returns
    -------
    What the first traceback among them ends with, since others follow from it; the last line
    where there is no traceback.

    Examples
    --------
    >>> last_words(["Traceback (most recent call last):", '  File "a"', "KeyError: 1", "bye"], "ui")
    'KeyError: 1'
    >>> last_words(["starting", "ui: no port", ""], "ui")
    'no port'
    """
    said = [line for line in lines if line.strip() and not line[0].isspace()]
    if not said:
        return "it said nothing"
    traced = (i for i, line in enumerate(said[:-1]) if line.startswith("Traceback "))
    line = said[next(traced, len(said) - 2) + 1]
    for prefix in (f"{name}: ", *BAD_SETTINGS):
        line = line.removeprefix(prefix)
    return line if len(line) <= MAX_WORDS else line[: MAX_WORDS - 1] + "…"


async def _end_of(running: asyncio.subprocess.Process) -> int:
    """Wait as `wait()` does, which waits for the pipe too: whom it left behind keeps that open."""
    while running.returncode is None:  # noqa: ASYNC110  # `wait()` is the event there is
        await asyncio.sleep(LOOK_EVERY_S)
    return running.returncode


async def _line(stream: asyncio.StreamReader) -> str:
    """Give the next line, never empty before the end; an overlong one is cut."""
    try:
        raw = await stream.readline()
    except ValueError:
        raw = b"(a line over the limit was left out)\n"
    return raw.decode(errors="replace").rstrip("\r\n") or (" " if raw else "")
