"""The broker's place on disk: who holds it, its configuration, its logs."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oddlot import errors
from oddlot.settings import LOOPBACK, Settings

LAST_WORDS = 5  # lines of its log that are shown when it dies
LAST_WORDS_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of the broker lies under the state directory."""

    root: Path
    logs: Path

    @classmethod
    def of(cls, settings: Settings) -> Home:
        """Lay it out."""
        place = settings.state_dir.absolute()  # Java is started in another directory than ours
        return cls(root=place / "kafka", logs=place / "logs")

    @property
    def data(self) -> Path:
        """Kafka's `log.dirs`."""
        return self.root / "data"

    @property
    def lock(self) -> Path:
        """Held by whoever may touch the rest."""
        return self.root / "lock"

    @property
    def properties(self) -> Path:
        """Kafka's configuration, written at each start."""
        return self.root / "server.properties"

    @property
    def scratch(self) -> Path:
        """Java's temporary files, emptied at each start."""
        return self.root / "scratch"

    @property
    def log(self) -> Path:
        """What the broker logs."""
        return self.logs / "kafka.log"

    @property
    def output(self) -> Path:
        """What Java says before there is a log, or when there is none."""
        return self.logs / "kafka.out"


@contextlib.contextmanager
def claimed(home: Home) -> Iterator[int]:
    """Hold the broker's directory; yields the descriptor that Java has to inherit.

    The lock belongs to the open file, so it lasts until the last process that has it open ends:
    a Java that outlives us still holds the directory.

    Parameters
    ----------
    home : what to hold.

    Raises
    ------
    Refused
        If somebody else holds it.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    with home.lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            file.seek(0)
            raise errors.Refused(
                f"expected {home.root} to be free, was in use by another broker "
                f"({file.read() or 'unknown'}); stop that one, or set "
                f"ODDLOT_STATE_DIR to another directory"
            ) from e
        write_holder(file.fileno(), f"process {os.getpid()}")
        yield file.fileno()


def properties(settings: Settings, *, controller_port: int) -> str:
    """Give Kafka's configuration.

    Parameters
    ----------
    settings : the broker's port and directory.
    controller_port : any free port; nothing on disk remembers it, so it may change at each start.

    Notes
    -----
    Kafka has to be started in the broker's directory: the path of the data is relative to it,
    because Java would misread commas and letters beyond Latin-1 in an absolute one.
    """
    home = Home.of(settings)
    own = Path(__file__).with_name("server.properties").read_text()
    broker, controller = f"{LOOPBACK}:{settings.kafka_port}", f"{LOOPBACK}:{controller_port}"
    return (
        f"{own}\nlisteners=PLAINTEXT://{broker},CONTROLLER://{controller}\n"
        f"advertised.listeners=PLAINTEXT://{broker}\n"
        f"controller.quorum.voters=1@{controller}\n"
        f"log.dirs={home.data.relative_to(home.root)}\n"
    )


def last_words(home: Home) -> str:
    """Give the end of what the broker has said, errors first, for the message that it died.

    Parameters
    ----------
    home : where its logs are.
    """
    for path in (home.log, home.output):
        with contextlib.suppress(OSError):
            said = path.read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace").splitlines()
            bad = [line for line in said if " ERROR " in line or " FATAL " in line] or said
            if bad:
                return f"{path} ends: " + " | ".join(line[:300] for line in bad[-LAST_WORDS:])
    return f"see {home.logs}"


def write_holder(lock: int, holder: str) -> None:
    """Note who holds the directory, for the message to whoever comes second.

    Parameters
    ----------
    lock : descriptor of the lock file.
    holder : who it is.
    """
    os.ftruncate(lock, 0)
    os.pwrite(lock, holder.encode(), 0)
