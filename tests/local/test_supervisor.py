"""Processes start side by side, stop in order and in time, and leave nobody behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from oddlot import errors
from oddlot.local import embedded, ports
from oddlot.local.roles import Process
from oddlot.local.supervisor import Supervisor, require_ports
from oddlot.settings import LOOPBACK, load
from tests.waiting import until

DEADLINE_S = 30.0
UP = "import signal, sys, time\n{}\nprint('up')\ntime.sleep(99)"
POLITE = UP.format("signal.signal(15, lambda *_: sys.exit(0))")
STUBBORN = UP.format("signal.signal(15, signal.SIG_IGN)")
REFUSES = f"print('fussy: no Java here')\nraise SystemExit({embedded.REFUSED})"


def process(name: str, code: str, *after: str, deadline_s: float = DEADLINE_S) -> Process:
    return Process(
        name=name,
        command=[sys.executable, "-uc", code],
        stops_after=frozenset(after),
        stop_deadline_s=deadline_s,
    )


class Run:
    """A supervisor at work, and what it told."""

    def __init__(self, folder: Path, *processes: Process) -> None:
        self.told: list[str] = []
        self.supervisor = Supervisor(load(state_dir=folder), processes)

    async def until_over(self, *, then: Callable[[], None] = lambda: None) -> None:
        """Run to the end; `then` is called once all are up."""

        async def watch() -> None:
            children = self.supervisor.children
            await until(lambda: all("up" in child.last_lines for child in children))
            then()
            await asyncio.Event().wait()

        async with asyncio.timeout(DEADLINE_S):
            await self.supervisor.run(self.told.append, lambda _: asyncio.ensure_future(watch()))

    def has_told(self, part: str) -> bool:
        return any(part in line for line in self.told)


@pytest.fixture(autouse=True)
def _nobody_is_left_behind() -> Iterator[None]:
    before = set(psutil.Process().children())
    yield
    assert set(psutil.Process().children()) <= before


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


async def test_ctrl_c_stops_each_after_those_that_it_serves(tmp_path: Path):
    log = tmp_path / "order"
    noting = UP.format(
        f"def end(*_):\n  open({str(log)!r}, 'a').write(sys.argv[1])\n  sys.exit(0)\n"
        "signal.signal(15, end)"
    )
    processes = [
        process("keeper", noting.replace("sys.argv[1]", "'keeper '"), "feed", "streams"),
        process("streams", noting.replace("sys.argv[1]", "'streams '"), "feed"),
        process("feed", noting.replace("sys.argv[1]", "'feed '")),
    ]
    run = Run(tmp_path, *processes)
    await run.until_over(then=interrupt)
    assert log.read_text() == "feed streams keeper "
    assert [child.state for child in run.supervisor.children] == ["stopped"] * 3


async def test_who_is_starting_is_starting_until_it_is_told_otherwise(tmp_path: Path):
    run = Run(tmp_path, process("a", POLITE), process("b", POLITE))
    starting = [run.supervisor.starting]

    def tell(line: str) -> None:
        run.told.append(line)
        starting.append(run.supervisor.starting)
        if run.has_told("a is running") and run.has_told("b is running"):
            interrupt()

    async with asyncio.timeout(DEADLINE_S):
        await run.supervisor.run(tell, lambda _: asyncio.ensure_future(asyncio.Event().wait()))  # type: ignore[arg-type]
    assert starting[0] == ["a", "b"]
    for told, those in zip(run.told, starting[1:], strict=True):
        if told.endswith(" is running"):
            assert told.removesuffix(" is running") in those
    assert run.supervisor.starting == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_kill_or_a_closed_terminal_stops_as_ctrl_c_does(tmp_path: Path, number: int):
    await Run(tmp_path, process("a", POLITE)).until_over(then=lambda: os.kill(os.getpid(), number))


async def test_who_does_not_stop_in_time_is_killed_and_named(tmp_path: Path):
    run = Run(tmp_path, process("mule", STUBBORN, deadline_s=0.05), process("lamb", POLITE, "mule"))
    await run.until_over(then=interrupt)
    assert run.has_told("mule did not stop within 0.05 s: killed")
    assert not run.has_told("lamb did not")


async def test_a_second_ctrl_c_kills(tmp_path: Path):
    run = Run(tmp_path, process("mule", STUBBORN), process("ox", STUBBORN, "mule"))

    def twice() -> None:
        interrupt()
        asyncio.get_running_loop().call_later(0.05, interrupt)

    await run.until_over(then=twice)  # long before the deadline of either


async def test_a_refusal_stops_the_rest_and_says_why_in_one_line(tmp_path: Path):
    run = Run(tmp_path, process("fussy", REFUSES), process("lamb", POLITE))
    with pytest.raises(errors.Refused, match=r"^fussy cannot run: no Java here$"):
        await run.until_over()


async def test_a_crash_is_told_with_its_cause_and_log(tmp_path: Path):
    run = Run(tmp_path, process("weak", "print('up')\nraise KeyError('spot')"))
    running = asyncio.create_task(run.until_over())
    await until(lambda: run.has_told("weak ended by itself and starts again: KeyError: 'spot'"))
    assert run.has_told(str(tmp_path / "logs" / "weak.out.log"))
    interrupt()
    await running


async def test_a_fault_in_what_watches_still_stops_everyone(tmp_path: Path):
    run = Run(tmp_path, process("lamb", POLITE))

    def fail() -> None:
        raise KeyError("watch")

    with pytest.raises(KeyError):
        await run.until_over(then=fail)


async def test_nothing_starts_while_a_port_is_taken(tmp_path: Path):
    mark = tmp_path / "started"
    first = process("first", f"open({str(mark)!r}, 'w')")
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        holder.listen()
        second = Process(
            name="ui",
            command=[sys.executable],
            port=holder.getsockname()[1],
            port_setting="ODDLOT_UI_PORT",
        )
        with pytest.raises(errors.Refused, match="set ODDLOT_UI_PORT"):
            await Run(tmp_path, first, second).until_over()
    assert not mark.exists()


def test_two_roles_on_one_port_are_refused():
    port = ports.free_port()
    both = [
        Process(name=name, command=[], port=port, port_setting=f"ODDLOT_{name.upper()}_PORT")
        for name in ("api", "ui")
    ]
    with pytest.raises(errors.Refused, match="both ODDLOT_API_PORT and ODDLOT_UI_PORT"):
        require_ports(both)


def test_a_second_port_of_a_role_is_looked_at_as_well():
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        holder.listen()
        more = {holder.getsockname()[1]: "ODDLOT_SANDBOX_FORUMS_PORT"}
        with pytest.raises(errors.Refused, match="set ODDLOT_SANDBOX_FORUMS_PORT"):
            require_ports([Process(name="sandbox", command=[], more_ports=more)])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to ours")
def test_nobody_outlives_a_killed_supervisor(tmp_path: Path):
    code = (
        "import asyncio, sys\n"
        "from oddlot.local.roles import Process\n"
        "from oddlot.local.supervisor import Supervisor\n"
        "from oddlot.settings import load\n"
        f"tiny = Process(name='tiny', command=[sys.executable, '-uc', {STUBBORN!r}])\n"
        f"system = Supervisor(load(state_dir={str(tmp_path)!r}), [tiny])\n"
        "watch = lambda _: asyncio.ensure_future(asyncio.Event().wait())\n"
        "asyncio.run(system.run(print, watch))\n"
    )
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    log, deadline = tmp_path / "logs" / "tiny.out.log", time.monotonic() + DEADLINE_S
    while not (log.exists() and "up" in log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    children = psutil.Process(running.pid).children(recursive=True)
    assert len(children) == 1
    running.kill()
    running.wait()
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.01)
