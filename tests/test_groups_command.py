"""`oddlot groups`: every command on a directory of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from oddlot import peer_groups
from oddlot.errors import BadPeerGroup, BadSetting, EditConflict, UnknownPeerGroup
from oddlot.groups_command import groups
from tests.conftest import ROOT


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    chosen = tmp_path / "groups"
    chosen.mkdir()
    for name in ("quantum", "airlines"):
        shutil.copy(ROOT / "peer_groups" / f"{name}.json", chosen)
    monkeypatch.setenv("ODDLOT_PEER_GROUPS_DIR", str(chosen))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("VISUAL", raising=False)
    return chosen


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(groups, [*arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_every_group_is_a_line(directory: Path) -> None:
    lines = run("list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["id", "airlines", "quantum"]


def test_a_group_is_shown_as_its_file_has_it(directory: Path) -> None:
    assert run("show", "quantum").output == (directory / "quantum.json").read_text()


def test_a_group_is_added_in_capitals_with_the_names_that_are_given(directory: Path) -> None:
    run("add", "my-own", "nvda=NVIDIA", "amd", "mu", "--benchmark", "smh")
    group = peer_groups.find(directory, "my-own").group
    assert group.symbols == ("NVDA", "AMD", "MU")
    assert [member.name for member in group.members] == ["NVIDIA", "AMD", "MU"]
    assert (group.title, group.benchmark, group.venue) == ("My own", "SMH", "us")


def test_a_group_that_is_there_is_not_added_again(directory: Path) -> None:
    with pytest.raises(EditConflict, match="was there already"):
        run("add", "quantum", "A", "B", "C", "--benchmark", "SPY")


def test_a_wrong_venue_is_refused_with_the_right_ones(directory: Path) -> None:
    with pytest.raises(BadPeerGroup, match="use binance for what streams"):
        run("add", "my-own", "A", "B", "C", "--benchmark", "SPY", "--venue", "moon")


def test_a_group_is_edited_and_saved(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "sed -i s/IONQ/HON/")
    assert run("edit", "quantum").output == "saved quantum\n"
    assert peer_groups.find(directory, "quantum").group.symbols[0] == "HON"


def test_an_edit_without_a_change_saves_nothing(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "true")
    assert run("edit", "quantum").output == "nothing changed\n"


def test_a_bad_edit_is_not_saved_and_not_lost(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (directory / "quantum.json").read_bytes()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("EDITOR", "sed -i s/IONQ/ionq/")
    with pytest.raises(BadPeerGroup, match="Nothing was saved; your text is in ") as caught:
        run("edit", "quantum")
    kept = Path(str(caught.value).rpartition(" ")[2])
    assert '"ionq"' in kept.read_text()
    assert (directory / "quantum.json").read_bytes() == before


def test_a_group_changed_during_an_edit_is_not_overwritten(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        f'#!/bin/sh\nsed -i s/IONQ/HON/ "$1" && sed -i s/QUBT/IBM/ {directory}/quantum.json\n'
    )
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    with pytest.raises(EditConflict, match="somebody else changed it"):
        run("edit", "quantum")
    assert "IBM" in peer_groups.find(directory, "quantum").group.symbols


def test_an_editor_that_is_not_there_is_named(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "no-such-editor")
    with pytest.raises(BadSetting, match="no-such-editor"):
        run("edit", "quantum")


def test_a_group_is_removed(directory: Path) -> None:
    run("remove", "quantum")
    assert [group.id for group in peer_groups.load(directory)] == ["airlines"]
    with pytest.raises(UnknownPeerGroup, match="quantum"):
        run("remove", "quantum")


def test_files_are_checked_all_of_them_before_it_ends(directory: Path) -> None:
    assert run("validate").output == "2 of 2 good\n"
    (directory / "bad.json").write_text("{")
    (directory / "worse.json").write_text("[]")
    done = run("validate")
    assert done.exit_code == 1
    assert done.output.count("fail ") == 2
    assert "2 of 4 good" in done.output
    assert run("validate", str(directory / "quantum.json")).exit_code == 0
