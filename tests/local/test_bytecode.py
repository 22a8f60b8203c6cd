"""Compiled modules are kept in the cache where Python was told to keep none beside the sources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oddlot.local import bytecode


@pytest.fixture(autouse=True)
def _python_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", sys.pycache_prefix)
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)


def test_where_python_keeps_none_they_go_to_our_cache(tmp_path: Path):
    environment = {bytecode.OFF: "1", "ODDLOT_CACHE_DIR": str(tmp_path)}
    bytecode.keep_apart(environment)
    assert environment == {
        "ODDLOT_CACHE_DIR": str(tmp_path),
        bytecode.PLACE: str(tmp_path / "bytecode"),
    }
    assert (sys.pycache_prefix, sys.dont_write_bytecode) == (str(tmp_path / "bytecode"), False)


@pytest.mark.parametrize("given", [{}, {bytecode.OFF: "1", bytecode.PLACE: "/elsewhere"}])
def test_where_the_user_has_a_place_for_them_nothing_changes(given: dict[str, str]):
    environment = dict(given)
    was = sys.pycache_prefix, sys.dont_write_bytecode
    bytecode.keep_apart(environment)
    assert environment == given
    assert (sys.pycache_prefix, sys.dont_write_bytecode) == was


def test_a_process_started_so_keeps_them_there(tmp_path: Path):
    (tmp_path / "tiny.py").write_text("")
    environment = os.environ | {bytecode.OFF: "1", "ODDLOT_CACHE_DIR": str(tmp_path / "cache")}
    environment.pop(bytecode.PLACE, None)
    bytecode.keep_apart(environment)
    subprocess.run([sys.executable, "-c", "import tiny"], env=environment, cwd=tmp_path, check=True)
    assert list((tmp_path / "cache" / "bytecode").rglob("tiny.*.pyc"))
    assert not (tmp_path / "__pycache__").exists()
