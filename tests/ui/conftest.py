"""A fake API, the real dashboard beside it, and a browser that may talk to nobody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from oddlot.local import ports
from tests.ui import fake_api as fakes
from tests.ui import fake_market

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "artefacts"
START_DEADLINE_S = 60.0
LIVE_DEADLINE_MS = 120_000
DESKTOP, PHONE = (1400, 900), (390, 844)
PHONE_AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36"
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="session")
def api_port() -> Iterator[int]:
    """Hold a port for the API, which comes and goes: nobody else may take it meanwhile."""
    with fakes.bound() as held:
        yield held.getsockname()[1]


@pytest.fixture(scope="session")
def market() -> fake_market.Market:
    return fake_market.Market(until_ms=int(time.time() * 1_000))


@pytest.fixture
def api(api_port: int, market: fake_market.Market) -> Iterator[fakes.FakeApi]:
    """Start the fake API on the port that the dashboard was told."""
    fake = fakes.FakeApi(api_port, market=market)
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture(scope="session")
def dashboard(api_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run `python -m ui` as the supervisor does, and give its URL."""
    port = ports.free_port()
    environment = {
        **os.environ,
        "ODDLOT_UI_PORT": str(port),
        "ODDLOT_API_URL": f"http://127.0.0.1:{api_port}",
    }
    log = tmp_path_factory.mktemp("ui") / "ui.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ui"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/assets/loader.js", process)
        yield url
    finally:
        process.terminate()
        code = process.wait(START_DEADLINE_S)
    said = log.read_text()
    assert code == 0, f"the dashboard did not stop cleanly: {code}\n{said}"
    assert "Traceback" not in said, said


def wait_for(url: str, process: subprocess.Popen[Any]) -> None:
    """Wait until a server answers, or fail if it ends or takes too long."""
    deadline = time.monotonic() + START_DEADLINE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def chromium_program() -> str:
    """Find Chromium, or skip; best the one without windows, which needs a third less."""
    programs = "chromium-headless-shell", "chromium"
    found = os.environ.get("ODDLOT_CHROMIUM") or next(filter(None, map(shutil.which, programs)), "")
    if not found:
        pytest.skip("no Chromium: install chromium-headless-shell, or set ODDLOT_CHROMIUM")
    return found


@pytest.fixture(scope="module")  # its loop must be gone before another file's asynchronous tests
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_program(), args=["--no-sandbox", "--disable-gpu", OFFLINE]
        )
        yield chromium
        chromium.close()


class Watched:
    """A page of the browser, and everything that went wrong on it."""

    def __init__(self, page: Page, dashboard: str) -> None:
        self.page = page
        self.dashboard = dashboard
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("console", lambda said: said.type == "error" and self.errors.append(said.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda websocket: self._note(websocket.url))

    def _note(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:")):
            self.outside.append(url)

    def open(self, path: str = "/pairs", *, live: bool = True) -> Watched:
        self.page.goto(f"{self.dashboard}{path}")
        if live:
            self.until_live()
        return self

    def until_live(self) -> None:
        """Wait until messages arrive and every chart has something to show."""
        self.until(
            "oddlot.stream.state.name === 'live'"
            " && ['y', 'x', 'spread'].every((name) => oddlot.charts[name]?.plot?.newest)"
        )

    def until(self, condition: str) -> None:
        """Wait until JavaScript says so, or fail by the deadline."""
        guarded = f"() => {{ try {{ return !!({condition}) }} catch {{ return false }} }}"
        self.page.wait_for_function(guarded, timeout=LIVE_DEADLINE_MS, polling=100)

    def sees(self, text: str) -> None:
        """Wait until this text is on the page."""
        self.page.get_by_text(text).first.wait_for(state="visible", timeout=LIVE_DEADLINE_MS)

    def until_shown(self, *, interval_ms: int) -> None:
        """Wait until all charts of bars and spreads show something of this interval."""
        self.until(
            "['y', 'x', 'spread'].every((name) => oddlot.charts[name]?.plot?.newest"
            f" && oddlot.charts[name].plot.axis.intervalMs === {interval_ms})"
        )

    def figure(self, tile: str) -> str:
        """Read the large text of a tile."""
        return str(self.page.locator(f"[data-tile={tile}] .o-figure").inner_text())


@pytest.fixture
def visit(browser: Browser, dashboard: str) -> Iterator[Callable[..., Watched]]:
    """Give a way to open fresh pages; close them at the end, and check that none left home."""
    visits = []

    def open_one(size: tuple[int, int] = DESKTOP) -> Watched:
        agent = PHONE_AGENT if size == PHONE else None
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, user_agent=agent
        )
        context.set_default_timeout(LIVE_DEADLINE_MS)
        visits.append(Watched(context.new_page(), dashboard))
        return visits[-1]

    yield open_one
    for watched in visits:
        watched.page.context.close()
        assert watched.outside == [], "the page must work offline"
