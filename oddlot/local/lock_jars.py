"""Kafka's coordinate -> jars.lock: for whoever moves Oddlot to another Kafka.

Run it with `python -m oddlot.local.lock_jars`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from jgo.maven import MavenContext, PythonResolver

from oddlot.local.jars import LOCK_FILE, digest

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOG4J_CORE = "org.apache.logging.log4j:log4j-core"
# Kafka's jars speak SLF4J 1.7 and bring log4j, but not what joins the two: without it no log.
BINDING = "org.apache.logging.log4j:log4j-slf4j-impl"
HEADER = (
    "# Kafka's class path: SHA-256, bytes, Maven coordinate. "
    "`python -m oddlot.local.lock_jars` writes it.\n"
)


def main() -> None:
    """Resolve, download, hash, write; whoever runs it reads the difference before committing."""
    with tempfile.TemporaryDirectory() as folder:
        LOCK_FILE.write_text(lock_of(MavenContext(repo_cache=Path(folder))))
    sys.stdout.write(f"wrote {LOCK_FILE}\n")


def lock_of(context: MavenContext) -> str:
    """Give the text of the lock.

    Parameters
    ----------
    context : where from, and a folder to download to.
    """
    first, others = PythonResolver().resolve([context.create_dependency(KAFKA)])
    artifacts = [dependency.artifact for dependency in (*first, *others)]
    # Not resolved with Kafka: the binding's own bill of materials pulls kafka-clients down to 3.8.
    [version] = [a.version for a in artifacts if f"{a.groupId}:{a.artifactId}" == LOG4J_CORE]
    artifacts.append(context.create_dependency(f"{BINDING}:{version}").artifact)
    lines = []
    for artifact in artifacts:
        path = Path(artifact.resolve())
        coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
        lines.append((coordinate, f"{digest(path)} {path.stat().st_size:>8} {coordinate}\n"))
    return HEADER + "".join(line for _, line in sorted(lines))


if __name__ == "__main__":
    main()
