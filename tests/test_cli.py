"""The command line: what is wrong is one line and exit code 2, before anything starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oddlot import cli
from oddlot.settings import LOOPBACK

DEADLINE_S = 60.0
ODDLOT = Path(sys.executable).with_name("oddlot")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        holder.listen()
        yield holder.getsockname()[1]


def run(*arguments: str | Path, **knobs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ODDLOT, *arguments],
        env=os.environ | {"COLUMNS": "80"} | knobs,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "knobs", "words"),
    [
        (("--only", "web"), {}, ("--only", "kafka, clickhouse", "was web")),
        (("--only", "api", "--without", "api"), {}, ("expected a role to run",)),
        ((), {"ODDLOT_API_PORT": "99999"}, ("ODDLOT_API_PORT", "was '99999'")),
        (("--without", "ui"), {"ODDLOT_UI_PORT": "x"}, ("ODDLOT_UI_PORT", "was 'x'")),
        (
            ("--only", "api,ui"),
            {"ODDLOT_API_PORT": "45671", "ODDLOT_UI_PORT": "45671"},
            ("45671", "ODDLOT_API_PORT", "ODDLOT_UI_PORT"),
        ),
    ],
)
@pytest.mark.parametrize("command", ["up", "demo"])
def test_what_is_wrong_is_one_line_and_exit_code_2(
    tmp_path: Path,
    command: str,
    arguments: tuple[str, ...],
    knobs: dict[str, str],
    words: tuple[str, ...],
):
    done = run(command, *arguments, "--state-dir", tmp_path / "state", **knobs)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("oddlot: ")
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words)
    assert not (tmp_path / "state").exists()


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path, taken: int):
    state = tmp_path / "state"
    done = run("up", "--only", "api", "--state-dir", state, ODDLOT_API_PORT=str(taken))
    assert done.returncode == 2
    assert f"port {taken}" in done.stderr
    assert f"process {os.getpid()}" in done.stderr
    assert "set ODDLOT_API_PORT to another port" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not state.exists()


def test_a_bad_peer_group_is_said_once_before_anything_starts(tmp_path: Path):
    (tmp_path / "majors.json").write_text("{")
    done = run("up", "--only", "api", ODDLOT_PEER_GROUPS_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "majors.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_replay_shows_its_own_options_under_its_own_name():
    done = run("replay", "--help")
    assert done.returncode == 0
    assert "Usage: oddlot replay" in done.stdout
    assert "--speed" in done.stdout


@pytest.mark.parametrize("command", ["up", "demo"])
def test_help_says_what_to_give(command: str):
    said = run(command, "--help").stdout
    for part in ("ROLE,..", "DIR", "HOST:PORT", "producers"):
        assert part in said


def test_the_version_is_one_line():
    assert run("version").stdout.count("\n") == 1


def test_ctrl_c_while_it_is_still_being_loaded_shows_no_traceback(tmp_path: Path):
    # A module that is loaded early, and that presses Ctrl-C when it is.
    (tmp_path / "typer.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    done = run("version", PYTHONPATH=str(tmp_path))
    assert done.returncode == cli.INTERRUPTED
    assert done.stdout == done.stderr == ""
