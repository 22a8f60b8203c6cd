"""`oddlot demo`: live in the browser, back after any role is killed, gone after Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from playwright.sync_api import sync_playwright

from oddlot.local import ports
from tests.end_to_end.systems import ROOT
from tests.ui.conftest import ARTEFACTS, DESKTOP, OFFLINE, Watched, chromium_program

DEADLINE_S = 120.0  # far beyond what any of it takes; the first run may download Kafka
STOP_DEADLINE_S = 10.0  # promised to whoever presses Ctrl-C
LOOK_EVERY_S = 0.1
ROLES = {
    "streams": "-A streams.app",
    "api": "-m api",
    "ui": "-m ui",
    "producers": "-m producers",
    "clickhouse": "-m oddlot.local.clickhouse",
    "kafka": "-m oddlot.local.kafka",
}

pytestmark = [
    pytest.mark.broker,
    pytest.mark.clickhouse,
    pytest.mark.browser,
    pytest.mark.timeout(600),
]


class Demo:
    """A running `oddlot demo`, seen from outside."""

    def __init__(self, folder: Path) -> None:
        names = ("API", "UI", "KAFKA", "CLICKHOUSE", "SANDBOX", "SANDBOX_FORUMS")
        self._ports = {name: ports.free_port() for name in names}
        knobs = {f"ODDLOT_{name}_PORT": str(port) for name, port in self._ports.items()}
        self._output = folder / "output.txt"
        command = [
            Path(sys.executable).with_name("oddlot"),
            "demo",
            "--state-dir",
            folder / "state",
        ]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=os.environ | knobs | {"ODDLOT_KAFKA": "", "ODDLOT_CLICKHOUSE": ""},
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self._output.read_text()

    def url(self, server: str) -> str:
        return f"http://127.0.0.1:{self._ports[server]}"

    def get(self, path: str, server: str = "API") -> Any:
        """Give the JSON or text of an answer; None where there is none, or it is an error."""
        try:
            answer = httpx.get(self.url(server) + path, timeout=5.0)
        except httpx.HTTPError:
            return None
        if answer.status_code != httpx.codes.OK:
            return None
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    def last_bar_ms(self) -> int:
        view = self.get("/bars/BTCUSDT?interval=1s&limit=1")
        return int(view["bars"][0]["open_ms"]) if view and view["bars"] else 0

    def is_ready(self) -> bool:
        view = self.get("/readyz")
        return bool(view) and view["status"] == "ready" and view["simulated"]

    def pid_of(self, role: str) -> int | None:
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):
                if ROLES[role] in " ".join(child.cmdline()):
                    return child.pid
        return None

    def until(self, what: str, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not holds():
            ended = self.process.poll()
            assert ended is None, f"the demo ended with code {ended}:\n{self.said}"
            assert time.monotonic() < deadline, f"not after {DEADLINE_S} s: {what}\n{self.said}"
            time.sleep(LOOK_EVERY_S)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()  # its processes go with it
        running.process.wait()


@pytest.fixture
def seen(demo: Demo) -> Iterator[Watched]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", OFFLINE]
        chromium = playwright.chromium.launch(executable_path=chromium_program(), args=arguments)
        viewport = {"width": DESKTOP[0], "height": DESKTOP[1]}
        page = chromium.new_page(viewport=viewport)  # type: ignore[arg-type]
        yield Watched(page, demo.url("UI"))
        chromium.close()


def test_the_demo_is_live_survives_kills_and_stops_on_ctrl_c(demo: Demo, seen: Watched):
    demo.until("live", lambda: "live after" in demo.said)
    assert "SIMULATED" in demo.said
    assert f"{demo.url('UI')}/pairs" in demo.said
    the_page_moves(demo, seen)
    demo.until("ready", demo.is_ready)
    for role in ROLES:
        comes_back(demo, role)
    seen.until_live()
    assert seen.outside == [], "the page must work offline"
    stops_in_time(demo)


def the_page_moves(demo: Demo, seen: Watched) -> None:
    seen.open("/pairs?tf=1s")
    seen.sees("SIMULATED")
    bars = seen.page.evaluate("oddlot.charts.y.plot.rows.size")
    z = seen.figure("z")
    seen.until(f"oddlot.charts.y.plot.rows.size >= {bars} + 10")
    demo.until("another z", lambda: seen.figure("z") != z)
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "demo-pairs.png")
    assert seen.errors == []


def comes_back(demo: Demo, role: str) -> None:
    """Kill a role; it is there again, and so are bars of trades after that."""
    killed = demo.pid_of(role)
    assert killed is not None, f"{role} was not running:\n{demo.said}"
    killed_ms = time.time_ns() // 1_000_000
    os.kill(killed, signal.SIGKILL)
    demo.until(f"{role} again", lambda: demo.pid_of(role) not in (None, killed))
    demo.until(f"bars after {role}", lambda: demo.last_bar_ms() > killed_ms)
    demo.until(f"the page after {role}", lambda: demo.get("/pairs", "UI"))
    demo.until(f"ready after {role}", demo.is_ready)
    assert f"{role} ended by itself and starts again: killed by SIGKILL" in demo.said


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs; one whose parent was killed may wait to be reaped."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stops_in_time(demo: Demo) -> None:
    everyone = psutil.Process(demo.process.pid).children(recursive=True)
    assert len(everyone) > len(ROLES), "Java and the sandbox run as well"
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(STOP_DEADLINE_S) == 0, demo.said
    assert [process for process in everyone if is_alive(process)] == []
    # A worker whose broker was away a moment ago may wait for it in vain; it loses nothing by that.
    cut_off = [line for line in demo.said.splitlines() if "did not stop" in line]
    assert all(line.startswith("streams ") for line in cut_off), demo.said
    assert demo.said.rstrip().endswith("stopped")
