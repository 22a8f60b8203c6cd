"""Documentation: what the code has is in the docs, and what the docs name is in the code."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from oddlot import commands, errors
from oddlot.contracts import topics
from oddlot.settings import ROLES, Settings
from tests.conftest import ROOT

README = ROOT / "README.md"
MAX_README_LINES = 150
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS, ROOT / "tests" / "examples" / "README.md"]
FOR_TESTS = {"ODDLOT_REAL_DATA", "ODDLOT_CHROMIUM", "ODDLOT_FAIL_ON_SKIP"}
SETTINGS = {f"ODDLOT_{name.upper()}" for name in Settings.model_fields}
COMMANDS = typer.main.get_command(commands.cli).commands  # type: ignore[attr-defined]  # it is a group
ERRORS = [
    name
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, Exception)
]
# Programs that are not ours, and what must follow those that start something of ours.
PROGRAMS = {"cd", "curl", "docker", "export", "git", "kcat", "pip", "pytest", "uv"}
FRAMEWORKS = {"faust": "-A streams.app worker", "uvicorn": "api.app:app", "panel": "serve ui"}


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of_docs() -> str:
    return "\n".join(path.read_text() for path in DOCS)


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Give the names under which a page's headings can be linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def console_lines(page: Path) -> list[str]:
    blocks = re.findall(r"^```(?:console|sh|bash)\n(.*?)^```", page.read_text(), re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [part.strip() for line in lines for part in re.split(r"&&|\|\s", line[2:])]


def exists(command: str) -> bool:
    """Tell whether a command line starts something that is there."""
    words = command.partition("  #")[0].split()
    while words and (words[0] in {"uv", "run", "--no-sync"} or re.match(r"[A-Z_]+=", words[0])):
        words.pop(0)
    match words:
        case [] | ["sync" | "lock", *_]:
            return True
        case ["oddlot"]:
            return True
        case ["oddlot", name, *_]:
            return name in COMMANDS or name == "--help"
        case ["python", "-m", module, *_]:
            return importlib.util.find_spec(module) is not None
        case ["make", *targets]:
            rules = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            return set(targets) <= set(rules)
        case [program, *rest] if program in FRAMEWORKS:
            return " ".join(rest).startswith(FRAMEWORKS[program])
        case [program, *_]:
            return program in PROGRAMS
    return False


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in text_of_docs()


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_variable_that_the_docs_name_is_a_setting(page: Path) -> None:
    named = set(re.findall(r"ODDLOT_[A-Z_]*[A-Z]", page.read_text()))
    assert named <= SETTINGS | FOR_TESTS


@pytest.mark.parametrize("topic", topics.BY_NAME)
def test_every_topic_is_documented(topic: str) -> None:
    assert f"`{topic}`" in text_of_docs()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"oddlot {command}" in text_of_docs()


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_is_documented(error: str) -> None:
    assert f"| `{error}` |" in (ROOT / "docs" / "errors.md").read_text()


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_in_the_architecture(role: str) -> None:
    assert f"| `{role}` |" in (ROOT / "docs" / "architecture.md").read_text()


def test_generated_tables_are_current() -> None:
    command = [sys.executable, "-m", "cogapp", "-I", str(ROOT), "--check", "--diff"]
    done = subprocess.run([*command, *map(str, DOCS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run `make docs`:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose(page)):
        path, _, anchor = (target[0] or target[1]).partition("#")
        if path.startswith(("http:", "https:", "mailto:")):
            continue
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(linked), f"no heading for #{anchor} in {linked.name}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_command_in_a_console_block_exists(page: Path) -> None:
    assert [command for command in console_lines(page) if not exists(command)] == []


def test_commands_that_do_not_exist_are_found() -> None:
    good = ["uv run oddlot demo", "ODDLOT_WORKER=2 uv run faust -A streams.app worker -l info"]
    bad = ["oddlot dance", "python -m producers.nothing", "make haste", "uvicorn ui.app:app"]
    assert [exists(command) for command in good + bad] == [True, True, False, False, False, False]


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) < MAX_README_LINES
