"""Roles -> a running system: start all at once, tell what happens, stop in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence

from oddlot import errors
from oddlot.local import ports, roles
from oddlot.local.processes import Child
from oddlot.local.roles import Process
from oddlot.settings import Settings

# Facts stop coming in, then the streams settle, then broker and store close: under 10 s in all.
STAGE_DEADLINES_S = (2.5, 2.5, 4.5)
LOOK_EVERY_S = 0.1

Told = Callable[[str], None]


class Supervisor:
    """Runs processes side by side; each finds the others by waiting for them.

    Attributes
    ----------
    children : one a process, in the order in which they were given.
    """

    def __init__(self, settings: Settings, processes: Sequence[Process]) -> None:
        self._logs = settings.state_dir / "logs"
        environment = roles.environment(settings)
        self.children = [Child(process, environment, self._logs) for process in processes]
        self._interrupts = 0
        self._interrupted = asyncio.Event()

    async def run(self, told: Told, watch: Callable[[Supervisor], asyncio.Future[None]]) -> bool:
        """Run until interrupted or a process is refused; true if it was the former.

        Parameters
        ----------
        told : is told what happens, a line each.
        watch : shows the running system, cancelled at the end.
        """
        for child in self.children:
            if child.process.port is not None:
                ports.require_free(child.process.port, child.process.port_setting)
        self._logs.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)
        keeping = [asyncio.create_task(child.keep_running()) for child in self.children]
        watching = watch(self)
        try:
            refused = await self._until_over(told)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            told("stopping; Ctrl-C again kills")
            await self._stop(told)
            await asyncio.gather(*keeping)
        if refused:
            lines = "\n".join(refused.last_lines)
            raise errors.Refused(f"{refused.process.name} cannot run:\n{lines}")
        return True

    async def _until_over(self, told: Told) -> Child | None:
        seen = {child.process.name: (child.state, child.restarts) for child in self.children}
        while not self._interrupted.is_set():
            for child in self.children:
                name = child.process.name
                if child.state == "refused":
                    return child
                if child.restarts > seen[name][1]:
                    told(f"{name} ended by itself and starts again; see {child.log_file}")
                    told("\n".join(f"  {line}" for line in list(child.last_lines)[-3:]))
                elif child.state == "ready" != seen[name][0]:
                    told(f"{name} is ready")
                seen[name] = child.state, child.restarts
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._interrupted.wait(), LOOK_EVERY_S)
        return None

    async def _stop(self, told: Told) -> None:
        for stage, deadline_s in enumerate(STAGE_DEADLINES_S):
            leaving = [child for child in self.children if child.process.stop_stage == stage]
            ended = await asyncio.gather(*(child.stop(deadline_s) for child in leaving))
            for child, by_itself in zip(leaving, ended, strict=True):
                if not by_itself:
                    told(f"{child.process.name} did not stop within {deadline_s} s: killed")

    def _interrupt(self) -> None:
        self._interrupts += 1
        self._interrupted.set()
        if self._interrupts > 1:
            for child in self.children:
                child.kill()
