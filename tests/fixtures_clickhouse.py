"""One embedded store for the whole run, and stores of their own for tests that kill them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from oddlot.local import clickhouse, ports
from oddlot.settings import Settings, load

READY_DEADLINE_S = 60.0  # the first import of the engine reads 500 MB from disk
STOP_DEADLINE_S = 15.0
ASK_AGAIN_S = 0.05


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Give settings of a store that runs until the end of the run, shared by all tests."""
    settings = store_settings(tmp_path_factory.mktemp("store"))
    with running_store(settings):
        yield settings


@pytest.fixture
def database(store: Settings) -> Settings:
    """Give settings of a database of one's own in the shared store."""
    name = f"t{uuid.uuid4().hex[:12]}"
    return store.model_copy(update={"clickhouse": f"{store.clickhouse_url}/{name}"})


def store_settings(state_dir: Path) -> Settings:
    """Give settings of a store of one's own: a free port, a directory."""
    return load(state_dir=state_dir, clickhouse_port=ports.free_port(), clickhouse="")


@contextlib.contextmanager
def running_store(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run the role as its users do, ready on entry, stopped on exit if it still runs."""
    process = start_store(settings)
    try:
        wait_until_store_ready(settings, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def start_store(settings: Settings, *, stderr: int | None = None) -> subprocess.Popen[bytes]:
    """Start the role; its words go to where the test's own do."""
    command = [sys.executable, "-m", "oddlot.local.clickhouse"]
    return subprocess.Popen(command, env=store_env(settings), stderr=stderr)


def store_env(settings: Settings) -> dict[str, str]:
    """Give the environment in which a role reads these settings."""
    return os.environ | {
        "ODDLOT_STATE_DIR": str(settings.state_dir),
        "ODDLOT_CLICKHOUSE_PORT": str(settings.clickhouse_port),
        "ODDLOT_CLICKHOUSE": settings.clickhouse,
    }


def wait_until_store_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    """Return once the store answers; fail if it ends or takes too long."""

    async def ready() -> None:
        async with asyncio.timeout(READY_DEADLINE_S):
            while not await clickhouse.is_ready(settings):
                assert process.poll() is None, f"the store ended with code {process.returncode}"
                await asyncio.sleep(ASK_AGAIN_S)

    with ThreadPoolExecutor(1) as thread:  # an async test already runs a loop in its own
        thread.submit(asyncio.run, ready()).result()
