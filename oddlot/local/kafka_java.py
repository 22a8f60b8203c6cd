"""Kafka's jars and a Java runtime -> the commands that run its tools."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from oddlot import errors
from oddlot.local import jars
from oddlot.local import java as java_runtime
from oddlot.local.embedded import die_with_parent
from oddlot.local.kafka_home import Home
from oddlot.settings import Settings

log = logging.getLogger(__name__)

# Measured: 200 MB resident; the second compiler would only slow the start down.
JVM_OPTIONS = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
ARCHIVES_SINCE = 25  # the version of Java that makes them in one step
FORMAT_DEADLINE_S = 60.0  # takes 1 s


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a start needs and that can take long: Java, the class path, an archive of both."""

    java: java_runtime.Java
    class_path: str
    archive: Path | None  # of classes as they are once loaded; there, or yet to be made


def prepare(settings: Settings, progress: jars.Progress | None = None) -> Prepared:
    """Find Java, download and verify Kafka; quick and offline where it was done before.

    Parameters
    ----------
    settings : where the cache is.
    progress : told what is being downloaded, bytes done and in all.

    Raises
    ------
    Refused
        If there is no usable Java, or a jar is not what the lock says.
    Unavailable
        If a jar is missing and cannot be downloaded.
    """
    java = java_runtime.find()
    class_path = os.pathsep.join(str(path) for path in jars.ensure(settings, progress))
    return Prepared(java, class_path, _archive(settings, java, class_path))


def format_data(home: Home, prepared: Prepared, *, inherited: tuple[int, ...] = ()) -> None:
    """Give the data directory its cluster id, once in its life.

    Parameters
    ----------
    home : with the properties written.
    prepared : what runs.
    inherited : descriptors that Java keeps open.

    Raises
    ------
    Refused
        If Kafka cannot do it; the message says why.
    """
    log.info("formatting %s", home.data)
    # Kafka's own way to write a UUID; a dash in front would read as an option.
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
    arguments = ("format", "-t", cluster, "-c", str(home.properties))
    said = subprocess.run(
        command(prepared, home, "kafka.tools.StorageTool", *arguments),
        capture_output=True,
        text=True,
        timeout=FORMAT_DEADLINE_S,
        check=False,
        cwd=home.root,
        pass_fds=inherited,
        preexec_fn=die_with_parent(),
    )
    if said.returncode != 0:
        raise errors.Refused(
            f"expected Kafka to format {home.data}, it ended with code {said.returncode}: "
            f"{(said.stderr + said.stdout).strip()[-500:]}"
        )


def command(
    prepared: Prepared, home: Home, main_class: str, *arguments: str, archiving: Path | None = None
) -> list[str]:
    """Give the command that runs one of Kafka's classes.

    Parameters
    ----------
    prepared : what runs.
    home : where.
    main_class, arguments : what to run.
    archiving : where Java is to write an archive of the classes it has loaded by its end.
    """
    return [
        str(prepared.java.executable),
        *JVM_OPTIONS,
        *_archive_options(prepared, archiving),
        "-XX:+ExitOnOutOfMemoryError",  # a broker without memory is worse than none
        f"-XX:ErrorFile={home.logs / 'kafka.crash.log'}",
        f"-Djava.io.tmpdir={home.scratch}",  # a killed JVM leaves its native libraries behind
        f"-Doddlot.logs={home.logs}",
        f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}",
        "-cp",
        prepared.class_path,
        main_class,
        *arguments,
    ]


def _archive_options(prepared: Prepared, archiving: Path | None) -> list[str]:
    if archiving is not None:
        return [f"-XX:AOTCacheOutput={archiving}"]
    if prepared.archive is None or not prepared.archive.exists():
        return []
    # One that does not fit, or is damaged, is passed over: Java then starts as without.
    return [f"-XX:AOTCache={prepared.archive}", "-XX:+VerifySharedSpaces", "-Xlog:aot*=off"]


def _archive(settings: Settings, java: java_runtime.Java, class_path: str) -> Path | None:
    """Name the archive of what this Java makes of these jars; None if it makes none."""
    if java.version < ARCHIVES_SINCE:
        return None
    release = java.executable.parent.parent / "release"
    build = release.read_text() if release.exists() else str(java.executable)
    what = "\n".join((build, class_path, *JVM_OPTIONS))
    digest = hashlib.sha256(what.encode()).hexdigest()[:16]
    return settings.cache_dir.absolute() / "java" / f"kafka-{digest}.aot"
