"""Settings -> a real Apache Kafka: one KRaft node on loopback, data in the state directory.

Run it with `python -m oddlot.local.kafka`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys

from oddlot import errors
from oddlot.local import jars, ports
from oddlot.local.embedded import REFUSED, die_with_parent, log_to_stdout
from oddlot.local.kafka_home import Home, claimed, last_words, properties, write_holder
from oddlot.local.kafka_java import Prepared, command, format_data, prepare
from oddlot.settings import LOOPBACK, Settings, load

log = logging.getLogger(__name__)

STOP_DEADLINE_S = 5.0  # it takes 0.4 s; with clients at it, it can hang
READY_DEADLINE_S = 2.0  # of one question
ASK_AGAIN_S = 0.1
SLOW_START_S = 30.0
ARCHIVE_AFTER_S = 30.0  # once ready: those who wait for the broker start first


async def is_ready(settings: Settings, deadline_s: float = READY_DEADLINE_S) -> bool:
    """Say whether the broker, embedded or outside, answers with itself in its metadata.

    Parameters
    ----------
    settings : where it is and how to enter.
    deadline_s : how long to wait for the answer.
    """
    if settings.embeds_kafka and not await _is_listening(settings.kafka_port):
        return False  # asked first: aiokafka logs every refused connection as an error
    # Imported here: 0.5 s of libraries, which a broker that is starting needs itself.
    from aiokafka.client import AIOKafkaClient
    from aiokafka.errors import KafkaError

    from oddlot.kafka import client_options

    options = client_options(settings)
    asked = AIOKafkaClient(**options, request_timeout_ms=int(1_000 * deadline_s))
    try:
        async with asyncio.timeout(deadline_s):
            await asked.bootstrap()
            return bool(asked.cluster.brokers())
    except (OSError, KafkaError):  # TimeoutError is an OSError
        return False
    finally:
        await asked.close()


async def _is_listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


def main() -> int:
    """Run the broker until it is told to stop; the exit code is 0 if it was."""
    log_to_stdout()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker not yet there is no error
    try:
        return run(load())
    except (errors.Refused, errors.BadSetting) as e:
        sys.stderr.write(f"kafka: {e}\n")
        return REFUSED
    except errors.Unavailable as e:
        sys.stderr.write(f"kafka: {e}\n")
        return os.EX_UNAVAILABLE


def run(settings: Settings) -> int:
    """Prepare, start, say when ready, stop on SIGTERM or SIGINT.

    Parameters
    ----------
    settings : port, state and cache directory.

    Raises
    ------
    Refused
        If an outside broker is set, the directory in use, the port taken, or there is no Java.
    Unavailable
        If Kafka has to be downloaded and cannot be.
    """
    if not settings.embeds_kafka:
        raise errors.Refused(
            f"expected ODDLOT_KAFKA to be unset, was {settings.kafka!r}: an outside broker is "
            f"used; unset it to run the embedded one"
        )
    home = Home.of(settings)
    with claimed(home) as lock:
        ports.require_free(settings.kafka_port, "ODDLOT_KAFKA_PORT")
        prepared = prepare(settings, log_progress())
        home.logs.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(home.scratch, ignore_errors=True)
        home.scratch.mkdir()
        home.properties.write_text(properties(settings, controller_port=ports.free_port()))
        if not (home.data / "meta.properties").exists():  # the last file that formatting writes
            format_data(home, prepared, inherited=(lock,))
        return asyncio.run(_serve(settings, home, prepared, lock))


def log_progress() -> jars.Progress:
    """Give a progress callback that logs every tenth of the way."""
    tenths = -1

    def told(what: str, done: int, total: int) -> None:
        nonlocal tenths
        if 10 * done // total > tenths:
            tenths = 10 * done // total
            log.info("%s: %.0f of %.0f MB", what, done / 1e6, total / 1e6)

    return told


async def _serve(settings: Settings, home: Home, prepared: Prepared, lock: int) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("starting on %s, data in %s, log in %s", settings.kafka_address, home.root, home.log)
    with home.output.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command(prepared, home, "kafka.Kafka", str(home.properties)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home.root,
            pass_fds=[lock],
            preexec_fn=die_with_parent(),
        )
    write_holder(lock, f"process {os.getpid()}, its Java {process.pid}")
    ended = asyncio.create_task(process.wait())
    stopped = asyncio.create_task(stop.wait())
    started = asyncio.create_task(_settle(settings, home, prepared))
    await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for task in (started, stopped):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    if not ended.done():
        await _stop(process, ended)
        return 0
    log.error("ended by itself with code %d; %s", ended.result(), last_words(home))
    return 1


async def _settle(settings: Settings, home: Home, prepared: Prepared) -> None:
    """Say when it is ready; later see to it that the next start is shorter."""
    await _say_when_ready(settings, home)
    if prepared.archive is not None and not prepared.archive.exists():
        await asyncio.sleep(ARCHIVE_AFTER_S)
        await _archive()


async def _archive() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "oddlot.local.kafka_archive"), preexec_fn=die_with_parent()
    )
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _say_when_ready(settings: Settings, home: Home) -> None:
    loop = asyncio.get_running_loop()
    began, warned = loop.time(), False
    while not await is_ready(settings):
        await asyncio.sleep(ASK_AGAIN_S)
        if not warned and loop.time() - began > SLOW_START_S:
            warned = True
            log.warning("not ready after %.0f s, still waiting; see %s", SLOW_START_S, home.log)
    log.info("ready after %.1f s", loop.time() - began)


async def _stop(process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    log.info("stopping")
    process.terminate()
    done, _ = await asyncio.wait({ended}, timeout=STOP_DEADLINE_S)
    if not done:
        log.warning("not stopped after %.0f s: killed; no data is lost by that", STOP_DEADLINE_S)
        process.kill()
        await ended
    log.info("stopped")


if __name__ == "__main__":
    sys.exit(main())
