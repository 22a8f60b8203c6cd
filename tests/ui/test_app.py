"""The dashboard as documents: what it is made of, and what it must not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bokeh.document import Document

from oddlot import settings
from ui import app, assets

ROOT = Path(__file__).resolve().parents[2]
MOST_MODELS = 60  # each costs the server 3-5 ms of every page load


def test_every_page_builds_and_stays_small() -> None:
    for build in app.applications(settings.load()).values():
        document = build().server_doc(Document())
        assert 10 < len(list(document.models)) <= MOST_MODELS


def test_the_dashboard_starts_without_broker_and_store_clients() -> None:
    heavy = "aiokafka clickhouse_connect chdb faust statsmodels"
    code = f"import sys, ui.app; print([m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_scripts_and_the_chart_library_have_routes() -> None:
    assert [route for route, _, _ in assets.ROUTES] == ["/assets/(.*)", "/charts/(.*)"]


def test_own_scripts_are_small_modules() -> None:
    lengths = {
        path.name: len(path.read_text().splitlines()) for path in assets.OWN_SCRIPTS.iterdir()
    }
    assert max(lengths.values()) < 250, lengths


def test_the_lock_names_no_registry() -> None:
    lock = (ROOT / "ui" / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "http" not in lock
    wanted = json.loads((ROOT / "ui" / "package.json").read_text())["dependencies"]
    locked = json.loads(lock)["packages"]
    assert all(locked[f"node_modules/{name}"]["version"] == v for name, v in wanted.items())
    assert all("integrity" in package for name, package in locked.items() if name)
