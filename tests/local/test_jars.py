"""Jars: the lock is the truth; what is not as it says is fetched again or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from oddlot import errors
from oddlot.local import jars
from oddlot.settings import Settings, load

BODIES = {name: name.encode() * 1_000 for name in ("one", "two", "three")}
LOCKED = [
    jars.Jar(
        coordinate=f"org.example:{name}:1.0",
        sha256=hashlib.sha256(body).hexdigest(),
        size=len(body),
    )
    for name, body in BODIES.items()
]


class FakeMaven:
    """Hands out bodies by artifact, in two pieces; fails or changes them when told to."""

    def __init__(self) -> None:
        self.bodies = {jar.coordinate: BODIES[jar.coordinate.split(":")[1]] for jar in LOCKED}
        self.asked: list[str] = []
        self.failures: dict[str, int] = {}

    def __call__(self, jar: jars.Jar, target: Path, told: Callable[[int], None]) -> Path:
        self.asked.append(jar.coordinate)
        body = self.bodies[jar.coordinate]
        half = len(body) // 2
        target.mkdir(parents=True)
        path = target / jar.filename
        path.write_bytes(body[:half])
        told(half)
        if self.failures.get(jar.coordinate, 0):
            self.failures[jar.coordinate] -= 1
            raise errors.Unavailable(f"{jar.coordinate}: connection lost")
        path.write_bytes(body)
        told(len(body) - half)
        return path


@pytest.fixture
def maven(monkeypatch: pytest.MonkeyPatch) -> FakeMaven:
    monkeypatch.setattr(jars, "FIRST_BACKOFF_S", 0)
    return FakeMaven()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(cache_dir=tmp_path)


def ensure(settings: Settings, maven: FakeMaven, **options: jars.Progress) -> list[Path]:
    return jars.ensure(settings, jars=LOCKED, fetch=maven, **options)


def test_an_empty_cache_is_filled_and_told_in_bytes(settings: Settings, maven: FakeMaven):
    told: list[tuple[int, int]] = []
    paths = ensure(settings, maven, progress=lambda _what, done, total: told.append((done, total)))
    assert [path.read_bytes() for path in paths] == list(BODIES.values())
    total = sum(len(body) for body in BODIES.values())
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_full_cache_is_not_asked_for_anything(settings: Settings, maven: FakeMaven):
    ensure(settings, maven)
    maven.asked.clear()
    ensure(settings, maven)
    assert maven.asked == []


def test_a_spoilt_jar_is_fetched_again(settings: Settings, maven: FakeMaven):
    spoilt = ensure(settings, maven)[1]
    spoilt.write_bytes(b"x" + spoilt.read_bytes()[1:])
    maven.asked.clear()
    ensure(settings, maven)
    assert maven.asked == ["org.example:two:1.0"]
    assert spoilt.read_bytes() == BODIES["two"]


def test_a_spoilt_jar_that_cannot_be_fetched_is_an_error_and_stays_out(
    settings: Settings, maven: FakeMaven
):
    spoilt = ensure(settings, maven)[1]
    spoilt.write_bytes(b"spoilt")
    maven.failures["org.example:two:1.0"] = jars.ATTEMPTS
    with pytest.raises(errors.Unavailable, match="connection lost; check the network"):
        ensure(settings, maven)


def test_a_download_with_another_hash_is_refused_naming_file_expected_and_found(
    settings: Settings, maven: FakeMaven
):
    maven.bodies["org.example:two:1.0"] = b"evil"
    evil = hashlib.sha256(b"evil").hexdigest()
    with pytest.raises(
        errors.Refused, match=rf"two-1\.0\.jar .*expected SHA-256 {LOCKED[1].sha256}, was {evil};"
    ):
        ensure(settings, maven)
    assert not (jars.folder(settings) / "two-1.0.jar").exists()


def test_an_interrupted_download_leaves_nothing_in_place(settings: Settings, maven: FakeMaven):
    maven.failures["org.example:two:1.0"] = jars.ATTEMPTS
    with pytest.raises(errors.Unavailable):
        ensure(settings, maven)
    left = {path.name for path in jars.folder(settings).iterdir()}
    assert left <= {"one-1.0.jar", "three-1.0.jar"}


def test_a_lost_connection_is_tried_again(settings: Settings, maven: FakeMaven):
    maven.failures["org.example:two:1.0"] = jars.ATTEMPTS - 1
    told: list[int] = []
    ensure(settings, maven, progress=lambda _what, done, _total: told.append(done))
    assert maven.asked.count("org.example:two:1.0") == jars.ATTEMPTS
    assert told[-1] == sum(len(body) for body in BODIES.values())


def test_what_a_killed_download_left_is_swept_once_it_is_old(
    settings: Settings, maven: FakeMaven, monkeypatch: pytest.MonkeyPatch
):
    left = jars.folder(settings) / f"{jars.PARTIAL}killed"
    left.mkdir(parents=True)
    ensure(settings, maven)
    assert left.exists()  # somebody may still be at it
    monkeypatch.setattr(jars, "STALE_PARTIAL_S", -1)
    (jars.folder(settings) / "one-1.0.jar").unlink()
    ensure(settings, maven)
    assert not left.exists()


def test_the_lock_pins_one_version_of_each_artifact():
    artifacts = [jar.coordinate.rsplit(":", 1)[0] for jar in jars.locked()]
    assert len(set(artifacts)) == len(artifacts)


def test_the_lock_joins_log4j_to_slf4j_in_one_version():
    versions = {
        jar.coordinate.split(":")[2]
        for jar in jars.locked()
        if jar.coordinate.startswith("org.apache.logging.log4j:")
    }
    assert len(versions) == 1


def test_the_lock_names_no_host():
    assert "://" not in jars.LOCK_FILE.read_text()
