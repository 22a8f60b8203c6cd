"""Roles -> a running system: start all, tell what happens, stop in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence

from oddlot import errors
from oddlot.local import ports, roles
from oddlot.local.processes import Child
from oddlot.local.roles import Process
from oddlot.settings import Settings

LOOK_EVERY_S = 0.1
# All at once on two cores, Java gets a seventh of them: whom the others wait for goes first.
START_EVERY_S = 0.4
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, `kill`, a closed terminal

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
        self._seen = {child.process.name: (child.state, child.restarts) for child in self.children}
        self._interrupts = 0
        self._interrupted = asyncio.Event()

    @property
    def starting(self) -> list[str]:
        """Names of the processes of which it has not been told yet that they have started."""
        return [name for name, (state, _) in self._seen.items() if state == "starting"]

    async def run(self, told: Told, watch: Callable[[Supervisor], asyncio.Future[None]]) -> None:
        """Run until interrupted.

        Parameters
        ----------
        told : is told what happens, a line each.
        watch : shows the running system, cancelled at the end.

        Raises
        ------
        Refused
            If a port is taken, or a process ends and says that starting again will not help;
            all the others are stopped by then.
        """
        require_ports([child.process for child in self.children])
        self._logs.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._interrupt)
        keeping = [
            asyncio.create_task(child.keep_running(after_s=i * START_EVERY_S))
            for i, child in enumerate(self.children)
        ]
        watching = watch(self)
        try:
            refused = await self._until_over(told, [*keeping, watching])
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            told("stopping; Ctrl-C again kills")
            await self._stop(told)
            await asyncio.gather(*keeping)
        if refused:
            raise errors.Refused(f"{refused.process.name} cannot run: {refused.last_words}")

    async def _until_over(self, told: Told, tasks: Sequence[asyncio.Future[None]]) -> Child | None:
        seen = self._seen
        while not self._interrupted.is_set():
            for task in tasks:
                if task.done():
                    task.result()  # raises: none of them ends well before the end
            for child in self.children:
                name = child.process.name
                if child.state == "refused":
                    return child
                if child.restarts > seen[name][1]:
                    told(f"{name} ended by itself and starts again: {child.last_words}")
                    told(f"  all that it said: {child.log_file}")
                elif child.state in ("ready", "running") and child.state != seen[name][0]:
                    told(f"{name} is {child.state}")
                seen[name] = child.state, child.restarts
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._interrupted.wait(), LOOK_EVERY_S)
        return None

    async def _stop(self, told: Told) -> None:
        """Stop each once those that it serves have ended; overlapping, within 10 s in all."""
        ended = {child.process.name: asyncio.Event() for child in self.children}

        async def stop(child: Child) -> None:
            process = child.process
            for name in process.stops_after & ended.keys():
                await ended[name].wait()
            if not await child.stop(process.stop_deadline_s) and self._interrupts < 2:
                told(f"{process.name} did not stop within {process.stop_deadline_s} s: killed")
            ended[process.name].set()

        await asyncio.gather(*(stop(child) for child in self.children))

    def _interrupt(self) -> None:
        self._interrupts += 1
        self._interrupted.set()
        if self._interrupts > 1:
            for child in self.children:
                child.kill()


def require_ports(processes: Sequence[Process]) -> None:
    """Return if every process can listen where it has to.

    Parameters
    ----------
    processes : about to be started.

    Raises
    ------
    Refused
        If a port is taken, or two of them want the same; the message says what to set.
    """
    wanted: dict[int, str] = {}
    for port, setting in _ports_of(processes):
        if port in wanted:
            raise errors.Refused(
                f"expected a port for each role, was {port} for both "
                f"{wanted[port]} and {setting}; set one of them to another"
            )
        wanted[port] = setting
        ports.require_free(port, setting)


def _ports_of(processes: Sequence[Process]) -> Iterator[tuple[int, str]]:
    for process in processes:
        if process.port is not None:
            yield process.port, process.port_setting
        yield from process.more_ports.items()
