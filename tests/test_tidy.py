"""House rules that no linter knows: sizes, first lines, words, names that collide."""

from __future__ import annotations

import ast
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from oddlot import peer_groups
from tests.conftest import ROOT

MAX_FUNCTION_LINES, MAX_FILE_LINES = 50, 400
INSTALLED = "oddlot"
ROOMS = ("producers", "streams", "api", "ui", "sandbox", "benchmarks")
PLACES = (INSTALLED, *ROOMS, "tests", "docs")
TEXTS = {".py", ".js", ".css", ".sql", ".md", ".toml", ".yml", ".properties"}
LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")

# The glossary has one word for each of these: bar, bar, bar, symbol, symbol, daily close. A feed is
# what `ops.feed-health.v1` reports on, so that word is ours.
BANNED = {"candle", "candlestick", "kline", "ticker", "instrument", "eod"}
ALLOWED = {"Ticker"}  # in a benchmark: a clock that ticks, not a symbol


def texts(*suffixes: str) -> list[Path]:
    """Give our files with some endings, not what tools have put among them."""
    found = [*ROOT.glob("*"), *(path for place in PLACES for path in (ROOT / place).rglob("*"))]
    return sorted(
        path
        for path in found
        if path.suffix in suffixes and not {"node_modules", "__pycache__"} & set(path.parts)
    )


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


MODULES = texts(".py")


def public_names(tree: ast.Module) -> Iterator[str]:
    """Give what a module defines for others: functions, classes, parameters, fields, constants."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
        if isinstance(node, ast.Module | ast.ClassDef):
            for statement in node.body:
                if isinstance(statement, ast.Assign):
                    stored = (n for target in statement.targets for n in ast.walk(target))
                    yield from (n.id for n in stored if isinstance(n, ast.Name))


def words(name: str) -> set[str]:
    """Split a name, snake or camel, into singular lower-case words."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {form for part in parts for form in (part.lower(), part.lower().removesuffix("s"))}


def test_names_are_split_into_words() -> None:
    assert {"agg", "trade"} <= words("AggTrades")
    assert {"max", "candle"} <= words("MAX_CANDLES")
    assert "ticker" not in words("stickers")


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_FILE_LINES
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "expected a docstring as the first statement"
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    lengths = {f.name: (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions}
    assert {name: n for name, n in lengths.items() if n > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize(
    "path", [path for path in MODULES if "tests" not in path.relative_to(ROOT).parts], ids=shown
)
def test_names_keep_to_the_glossary(path: Path) -> None:
    names = {*public_names(ast.parse(path.read_text())), path.stem}
    public = {name for name in names - ALLOWED if not name.startswith("_")}
    assert sorted(name for name in public if words(name) & BANNED) == []


def test_nothing_is_left_for_later() -> None:
    left = [
        f"{shown(path)}:{number}"
        for path in texts(*TEXTS)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if LATER.search(line)
    ]
    assert left == []


def test_every_peer_group_loads() -> None:
    groups = peer_groups.load(ROOT / "peer_groups")
    assert [group.id for group in groups] == sorted(p.stem for p in ROOT.glob("peer_groups/*.json"))


def test_no_dependency_installs_a_room() -> None:
    installed = importlib.metadata.packages_distributions()
    taken = {room: owners for room in ROOMS if (owners := installed.get(room))}
    assert taken == {}, "rooms are run from the checkout; such a package would hide ours"
    assert "aiokafka" in installed, "expected to see what is installed"
