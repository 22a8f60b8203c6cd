"""jars.lock -> Kafka's jars in the cache, each with the hash that the lock says."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from oddlot import errors
from oddlot.settings import Settings

log = logging.getLogger(__name__)

LOCK_FILE = Path(__file__).with_name("jars.lock")
DOWNLOADS = 6  # at a time: what browsers allow themselves per host
ATTEMPTS = 3
REQUEST_DEADLINE_S = 20  # without a byte

FIRST_BACKOFF_S = 0.25
PARTIAL = "partial-"
STALE_PARTIAL_S = 3_600  # no download of 45 MB that still runs is older

Progress = Callable[[str, int, int], None]  # what, bytes done, bytes in all
Told = Callable[[int], None]  # bytes that have come since the last call
Fetch = Callable[["Jar", Path, Told], Path]  # a jar to a folder of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One file of the class path, pinned.

    Attributes
    ----------
    coordinate : Maven's `group:artifact:version`.
    sha256 : hex digest that the file must have.
    size : bytes, for the progress bar.
    """

    coordinate: str
    sha256: str
    size: int

    @property
    def filename(self) -> str:
        """The name that Maven gives the file."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def locked(lock_file: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """Read the lock.

    Parameters
    ----------
    lock_file : lines of SHA-256, bytes, coordinate; `#` starts a comment.

    Examples
    --------
    >>> "kafka_2.13-4.3.1.jar" in [jar.filename for jar in locked()]
    True
    """
    lines = [line.split() for line in lock_file.read_text().splitlines()]
    return tuple(
        Jar(coordinate=words[2], sha256=words[0], size=int(words[1]))
        for words in lines
        if words and not words[0].startswith("#")
    )


def folder(settings: Settings) -> Path:
    """Say where the jars are kept.

    Parameters
    ----------
    settings : `cache_dir` is shared between projects and versions: names carry the version.
    """
    return settings.cache_dir.absolute() / "jars"


def ensure(
    settings: Settings,
    progress: Progress | None = None,
    *,
    jars: Sequence[Jar] | None = None,
    fetch: Fetch | None = None,
) -> list[Path]:
    """Give the class path; download what is missing or spoilt, and nothing else.

    Every file is hashed at every call (0.1 s for all). A cached file with another hash is
    downloaded again; a downloaded one is never put in place.

    Parameters
    ----------
    settings : where the cache is.
    progress : told what is being done, bytes done and in all; called by one thread at a time.
    jars : the lock's by default.
    fetch : how a jar is downloaded.

    Raises
    ------
    Refused
        If a download has another hash than the lock says.
    Unavailable
        If a download fails.
    """
    jars = locked() if jars is None else jars
    cache = folder(settings)
    cache.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        intact = list(pool.map(lambda jar: is_intact(jar, cache / jar.filename), jars))
    missing = [jar for jar, good in zip(jars, intact, strict=True) if not good]
    if missing:
        _download(missing, cache, progress or (lambda *_: None), fetch or fetch_from_maven)
    return [cache / jar.filename for jar in jars]


def missing(settings: Settings) -> list[Jar]:
    """List the locked jars that are not in the cache, or not as the lock says.

    Parameters
    ----------
    settings : where the cache is.
    """
    return [jar for jar in locked() if not is_intact(jar, folder(settings) / jar.filename)]


def is_intact(jar: Jar, path: Path) -> bool:
    """Say whether a file is there and has the locked hash; warn where it is another one.

    Parameters
    ----------
    jar : what it should be.
    path : where it should be.
    """
    if not path.is_file():
        return False
    found = digest(path)
    if found != jar.sha256:
        log.warning("%s is spoilt: expected SHA-256 %s, was %s", path, jar.sha256, found)
    return found == jar.sha256


def digest(path: Path) -> str:
    """Give the SHA-256 of a file in hex.

    Parameters
    ----------
    path : a file that exists.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_from_maven(jar: Jar, target: Path, told: Told) -> Path:
    """Download exactly one locked jar, without its dependencies: the lock has them all.

    Parameters
    ----------
    jar : what to get.
    target : a folder of its own to put it in; made if need be.
    told : called with the number of bytes that have come since the last call.

    Raises
    ------
    Unavailable
        If it cannot be had.
    """
    import requests  # jgo's; with it 0.3 s that a start from the cache does not need
    from jgo.maven import MavenContext, PythonResolver

    @contextlib.contextmanager
    def counted(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield told

    group, artifact, version = jar.coordinate.split(":")
    context = MavenContext(
        resolver=PythonResolver(progress_callback=counted),
        repo_cache=target,
        timeout=REQUEST_DEADLINE_S,
    )
    component = context.project(group, artifact).at_version(version)
    try:
        return Path(component.artifact(packaging="jar").resolve())
    except (requests.RequestException, OSError, RuntimeError) as e:
        raise errors.Unavailable(f"{jar.coordinate}: {e}") from e


def _download(jars: Sequence[Jar], cache: Path, progress: Progress, fetch: Fetch) -> None:
    _sweep(cache)
    total = sum(jar.size for jar in jars)
    done = 0
    turn = threading.Lock()

    def told(count: int) -> None:
        nonlocal done
        with turn:
            done += count
            progress("downloading Kafka", min(done, total), total)

    # Inside the cache, so that moving into place is one atomic rename.
    with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=cache) as partial:
        pool = ThreadPoolExecutor(DOWNLOADS)
        try:
            list(pool.map(lambda jar: _download_one(jar, cache, Path(partial), fetch, told), jars))
        except errors.Unavailable as e:
            raise errors.Unavailable(
                f"expected to download Kafka ({len(jars)} jars, {total / 1e6:.0f} MB) from Maven "
                f"Central, failed at {e}; check the network and start again, copy the jars to "
                f"{cache} from another machine, or set ODDLOT_KAFKA to a broker that runs"
            ) from e
        finally:
            pool.shutdown(cancel_futures=True)


def _download_one(jar: Jar, cache: Path, partial: Path, fetch: Fetch, told: Told) -> None:
    came = 0

    def count(more: int) -> None:
        nonlocal came
        came += more
        told(more)

    for attempt in range(1, ATTEMPTS + 1):
        try:
            path = fetch(jar, partial / f"{jar.filename}.{attempt}", count)
            break
        except errors.Unavailable:
            told(-came)
            came = 0
            if attempt == ATTEMPTS:
                raise
            time.sleep(FIRST_BACKOFF_S * 2**attempt)
    found = digest(path)
    if found != jar.sha256:
        raise errors.Refused(
            f"{jar.filename} from Maven Central: expected SHA-256 {jar.sha256}, was {found}; "
            f"something between here and there changes downloads: try another network, "
            f"or copy the jar to {cache} from a machine that has it"
        )
    path.replace(cache / jar.filename)


def _sweep(cache: Path) -> None:
    """Remove what downloads that were killed have left."""
    for left in cache.glob(f"{PARTIAL}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_PARTIAL_S:
                shutil.rmtree(left)
