"""The ClickHouse engine in this process, on loopback: `python -m oddlot.local.clickhouse`."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from oddlot import errors, settings
from oddlot.local import ports
from oddlot.local.embedded import REFUSED, log_to_stdout
from oddlot.settings import LOOPBACK, Settings

if TYPE_CHECKING:
    from oddlot.local.clickhouse_engine import Engine, Limits

log = logging.getLogger(__name__)

PROBE_S = 1.0  # loopback answers in a millisecond; a probe must not hold the supervisor
GRACE_S = 3  # for requests under way when told to stop, then again for the engine


def directory_of(settings: Settings) -> Path:
    """Name the directory that holds the embedded store's data.

    Parameters
    ----------
    settings : of this run.
    """
    return settings.state_dir / "clickhouse"


async def is_ready(settings: Settings) -> bool:
    """Say whether the store answers.

    Parameters
    ----------
    settings : of this run; an outside store is asked in the same way.
    """
    import httpx  # here, or it would hold up the start of the store itself by 0.3 s

    try:
        async with httpx.AsyncClient(timeout=PROBE_S) as client:
            answer = await client.get(f"{settings.clickhouse_url.rstrip('/')}/ping")
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold a directory for this process alone: two engines on one would ruin it.

    Parameters
    ----------
    directory : made if it is not there.

    Raises
    ------
    Refused
        If another process holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f"{directory.name}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            lock.seek(0)
            raise errors.Refused(
                f"expected {directory} to be free, was in use by process "
                f"{lock.read(20).strip() or 'unknown'}; stop that, or choose another place by "
                f"ODDLOT_STATE_DIR"
            ) from e
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def serve(settings: Settings, limits: Limits | None = None) -> None:
    """Serve the store until SIGTERM or SIGINT.

    Parameters
    ----------
    settings : port and directory.
    limits : what it takes on, if not the usual.

    Raises
    ------
    Refused
        If the directory or the port is taken.
    """
    directory = directory_of(settings)
    ports.require_free(settings.clickhouse_port, "ODDLOT_CLICKHOUSE_PORT")
    # Whoever asks while the engine opens waits for the answer; refused, they would be late again.
    with locked(directory), socket.create_server((LOOPBACK, settings.clickhouse_port)) as listener:
        # chDB can answer in pyarrow's tables, which nobody asks for here: loading it takes 0.3 s.
        sys.modules["pyarrow"] = None  # type: ignore[assignment]  # how Python is told to do without
        # Imported under the lock: it takes a second, and a second process should hear at once.
        from oddlot.local.clickhouse_engine import Engine, Limits

        engine = Engine(directory, limits or Limits())
        engine.open()
        log.info("store on http://%s:%d, data in %s", LOOPBACK, settings.clickhouse_port, directory)
        try:
            _listen(engine, listener)
        finally:
            if not engine.close(GRACE_S):
                # What is acknowledged is on disk; waiting longer would hold up who stops us.
                log.warning("not stopped after %d s: statements are cut off", GRACE_S)
                os._exit(0)


def main() -> int:
    """Run the store until it is told to stop; the exit code is 0 if it was."""
    log_to_stdout()
    try:
        serve(settings.load())
    except (errors.Refused, errors.BadSetting) as e:
        sys.stderr.write(f"clickhouse: {e}\n")
        return REFUSED
    return 0


def _listen(engine: Engine, listener: socket.socket) -> None:
    import uvicorn

    from oddlot.local.clickhouse_http import Interface

    config = uvicorn.Config(
        Interface(engine),
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)
    # uvicorn raises the signal again once it has stopped, which would end us before the engine.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    server.run([listener])


if __name__ == "__main__":
    sys.exit(main())
