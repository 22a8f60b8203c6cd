"""`panel serve ui`, the framework's own way, serves the same page."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from oddlot.local import ports
from tests.ui.conftest import ROOT, START_DEADLINE_S, wait_for


def test_panel_serve_serves_the_page_and_its_scripts() -> None:
    port = ports.free_port()
    command = [sys.executable, "-m", "panel", "serve", "ui", "--plugins", "ui.assets"]
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/assets/loader.js", process)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/?tf=1s") as answer:
            page = answer.read().decode()
        assert "<title>Pairs · Oddlot</title>" in page
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/assets/../app.py")
    finally:
        process.terminate()
        process.wait(START_DEADLINE_S)
