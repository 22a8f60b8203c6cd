"""One short life of a broker -> an archive of its classes, which makes the next starts short.

Run it with `python -m oddlot.local.kafka_archive`; the embedded broker does once it is at rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from oddlot import errors
from oddlot.local import ports
from oddlot.local.embedded import die_with_parent, log_to_stdout
from oddlot.local.kafka import is_ready
from oddlot.local.kafka_home import Home, properties
from oddlot.local.kafka_java import Prepared, command, format_data, prepare
from oddlot.settings import Settings, load

log = logging.getLogger(__name__)

NICENESS = 19  # nobody waits for it
DEADLINE_S = 300.0  # of the start, and of the writing: some 5 s each
ASK_AGAIN_S = 0.1
UNFINISHED = "making-"


def main() -> int:
    """Make the archive where it is missing; the exit code is 0 if it is there, or cannot be."""
    log_to_stdout()
    os.nice(NICENESS)
    try:
        make(load())
    except (errors.Oddlot, OSError, subprocess.SubprocessError) as e:
        log.warning("no archive of Kafka's classes, it starts without: %s", e)
        return 1
    return 0


def make(settings: Settings) -> Path | None:
    """Make the archive unless it is there, or somebody else is at it.

    Parameters
    ----------
    settings : where the cache is.

    Returns
    -------
    where it is; None if it is not, because this Java makes none or another process is at it.

    Raises
    ------
    Refused, Unavailable
        If Kafka cannot be prepared, or does not start.
    """
    prepared = prepare(settings)
    archive = prepared.archive
    if archive is None or archive.exists():
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    with _alone(archive.with_suffix(".lock")) as is_alone:
        if not is_alone:
            return None
        for left in archive.parent.glob(f"{UNFINISHED}*"):  # by one who was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=archive.parent) as scratch:
            _live(settings, prepared, Path(scratch))
            (Path(scratch) / archive.name).replace(archive)
    log.info("archived Kafka's classes in %s", archive)
    return archive


def _live(settings: Settings, prepared: Prepared, scratch: Path) -> None:
    """Start a broker of its own, and end it once it answers: Java then writes the archive."""
    assert prepared.archive is not None
    changed = {"state_dir": scratch, "kafka_port": ports.free_port(), "kafka": ""}
    own = settings.model_copy(update=changed)
    home = Home.of(own)
    for folder in (home.logs, home.scratch):
        folder.mkdir(parents=True)
    home.properties.write_text(properties(own, controller_port=ports.free_port()))
    format_data(home, prepared)
    archiving = scratch / prepared.archive.name
    process = subprocess.Popen(
        command(prepared, home, "kafka.Kafka", str(home.properties), archiving=archiving),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home.root,
        preexec_fn=die_with_parent(),
    )
    try:
        asyncio.run(_until_ready(own, process))
        process.terminate()
        process.wait(DEADLINE_S)
    finally:
        process.kill()
        process.wait()


async def _until_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await is_ready(settings):
            if process.poll() is not None:
                raise errors.Unavailable(f"expected Kafka to start, it ended: {process.returncode}")
            await asyncio.sleep(ASK_AGAIN_S)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Tell whether nobody else holds a file, and hold it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


if __name__ == "__main__":
    sys.exit(main())
