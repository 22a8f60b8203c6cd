"""One embedded broker for the whole run, and brokers of their own for tests that kill them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from oddlot.local import kafka, ports
from oddlot.settings import Settings, load

READY_DEADLINE_S = 180.0  # the first one may have to download Kafka
STOP_DEADLINE_S = 15.0


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Give settings of a broker that runs until the end of the run, shared by all tests."""
    settings = broker_settings(tmp_path_factory.mktemp("broker"))
    with running_broker(settings):
        yield settings


def broker_settings(state_dir: Path) -> Settings:
    """Give settings of a broker of one's own: a free port, a directory."""
    return load(state_dir=state_dir, kafka_port=ports.free_port(), kafka="")


@contextlib.contextmanager
def running_broker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run the role as its users do, ready on entry, stopped on exit if it still runs."""
    process = start_broker(settings)
    try:
        wait_until_ready(settings, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_DEADLINE_S)


def start_broker(settings: Settings) -> subprocess.Popen[bytes]:
    """Start the role; its words go to where the test's own do."""
    return subprocess.Popen([sys.executable, "-m", "oddlot.local.kafka"], env=role_env(settings))


def role_env(settings: Settings) -> dict[str, str]:
    """Give the environment in which a role reads these settings."""
    return os.environ | {
        "ODDLOT_STATE_DIR": str(settings.state_dir),
        "ODDLOT_CACHE_DIR": str(settings.cache_dir),
        "ODDLOT_KAFKA_PORT": str(settings.kafka_port),
        "ODDLOT_KAFKA": settings.kafka,
    }


def wait_until_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    """Return once the broker answers; fail if it ends or takes too long."""

    async def ready() -> None:
        async with asyncio.timeout(READY_DEADLINE_S):
            while not await kafka.is_ready(settings):
                assert process.poll() is None, f"the broker ended with code {process.returncode}"
                await asyncio.sleep(kafka.ASK_AGAIN_S)

    with ThreadPoolExecutor(1) as thread:  # an async test already runs a loop in its own
        thread.submit(asyncio.run, ready()).result()
