"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from oddlot.local import bytecode

bytecode.keep_apart(os.environ)  # half of the time of each process that tests start

pytest_plugins = ["tests.fixtures_kafka", "tests.fixtures_clickhouse"]

ROOT = Path(__file__).resolve().parent.parent

NO_RECORDINGS = "no recordings at"  # the one thing that nobody can install
LONG = ("end_to_end", "ui")  # folders whose files take longest: the former wait, the latter compute
skipped: list[str] = []


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of recordings from the real world, or skip and say so."""
    folder = Path(os.environ.get("ODDLOT_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"{NO_RECORDINGS} {folder}; set ODDLOT_REAL_DATA to their folder")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files, of one folder beside the other: both processes end together."""
    files = dict.fromkeys(item.path for item in items)
    place: dict[Path, float] = {}
    for folder in LONG:
        within = [file for file in files if file.parent.name == folder]
        place |= {file: i / len(within) for i, file in enumerate(within)}
    items.sort(key=lambda item: place.get(item.path, 1.0))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note every skip, for CI to fail on."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(NO_RECORDINGS):
            skipped.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that skipped what it could have been given, where that is asked for."""
    if skipped and os.environ.get("ODDLOT_FAIL_ON_SKIP"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the skips that made a run fail."""
    if skipped and os.environ.get("ODDLOT_FAIL_ON_SKIP"):
        terminalreporter.section("skipped, though it could have been given what it needs")
        for line in skipped:
            terminalreporter.write_line(line)
