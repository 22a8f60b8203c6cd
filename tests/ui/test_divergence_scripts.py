"""The divergence page's own scripts, asked directly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.test_scripts import run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scripts(browser: Browser, dashboard: str) -> Iterator[Page]:
    """Give an empty page from which the modules can be imported."""
    page = browser.new_page()
    page.goto(f"{dashboard}/assets/loader.js")
    yield page
    page.close()


def member(symbol: str, verdict: str, z: float | None) -> dict[str, Any]:
    scores = [{"window": 1, "own_return": 0.01, "others_return": 0.02, "z": z, "crosses": False}]
    made = {"symbol": symbol, "verdict": verdict, "z": z, "window": 1, "windows": scores}
    return {**made, "label": "In line, mostly", "flags": []}


def view(*members: dict[str, Any]) -> dict[str, Any]:
    made = {"group": "memory", "title": "Memory", "venue": "us", "interval": "1d"}
    return {**made, "enter_z": 3.5, "windows": [{"window": 1}], "members": list(members)}


def test_who_breaks_ranks_comes_first_and_the_strongest_on_top(scripts: Page) -> None:
    members = [
        member("A", "in line", 3.0),
        member("B", "loner", -9.0),
        member("C", "diverger", 4.0),
        member("D", "unscored", None),
        member("E", "diverger", -5.0),
    ]
    order = "m.ranked([v[0]]).map((row) => row.symbol)"
    assert run(scripts, "divergence_rows", order, view(*members)) == ["E", "C", "B", "A", "D"]


@pytest.mark.parametrize(
    ("groups", "best"),
    [
        ([("a", 0, 9, 1), ("b", 2, 5, 1), ("c", 1, 9, 1)], "b"),
        ([("a", 0, 4, 1), ("b", 0, 9, 1)], "b"),
        ([("a", 0, 0, None), ("b", 0, 3, 1)], "b"),
        ([("a", 0, 0, None)], "a"),
        ([], None),
    ],
)
def test_a_look_goes_where_most_happens(scripts: Page, groups: Any, best: str | None) -> None:
    rows = [
        {"group": name, "divergers": ["X"] * divergers, "scored": scored, "open_ms": open_ms}
        for name, divergers, scored, open_ms in groups
    ]
    found = run(scripts, "divergence_rows", "m.worthALook(v[0])?.group ?? null", rows)
    assert found == best


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("nvda, amd\nTXN;nvda", ["NVDA", "AMD", "TXN"]),
        ("BRK-B BF.B", ["BRK-B", "BF.B"]),
        ("<img>", ["IMG"]),
        ("", []),
    ],
)
def test_pasted_text_becomes_different_symbols(
    scripts: Page, text: str, symbols: list[str]
) -> None:
    assert run(scripts, "divergence_rows", "m.symbolsOf(v[0])", text) == symbols


@pytest.mark.parametrize(
    ("symbols", "said"),
    [
        (["A", "B", "C"], ""),
        (["A", "B"], "3 to 80 different symbols, was 2"),
        ([f"S{i}" for i in range(81)], "was 81"),
        (["A", "B", "^GSPC"], "was ^GSPC"),
    ],
)
def test_symbols_that_cannot_be_scanned_are_refused(
    scripts: Page, symbols: list[str], said: str
) -> None:
    refusal = run(scripts, "divergence_paste", "m.refusalOf(v[0])", symbols)
    assert said in refusal
    assert bool(said) == bool(refusal)


@pytest.mark.parametrize(
    ("ms", "text"),
    [(1_000, "1 s ago"), (95_000, "2 min ago"), (5_400_000, "1.5 h ago"), (None, "–")],
)
def test_an_age_is_told_in_words(scripts: Page, ms: int | None, text: str) -> None:
    assert run(scripts, "divergence_rows", "m.ago(v[0])", ms) == text


def test_dots_do_not_lie_over_each_other_and_far_ones_at_the_edge(scripts: Page) -> None:
    dots = [{"z": z, "crosses": abs(z) > 3.5, "symbol": "A"} for z in (0.0, 0.01, 0.02, 40.0)]
    lines = [{"name": "", "window": "1 d", "enterZ": 3.5, "dots": dots}]
    placed = run(scripts, "divergence_strip_canvas", "m.placed(v[0], 800)", lines)
    assert placed["reach"] == 12
    assert len({(dot["lane"]) for dot in placed["dots"][:3]}) == 3
    assert placed["dots"][-1]["isBeyond"]
    assert placed["dots"][-1]["x"] <= 800


def test_daily_bars_are_adjusted_as_their_closes_are(scripts: Page) -> None:
    day = {"date": "2026-11-20", "open": 40, "high": 44, "low": None, "close": 42, "volume": 7}
    closes = [{**day, "adjusted_close": 21}]
    bar = run(scripts, "divergence_dialog", "m.adjustedBars(v[0])[0]", closes)
    assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (20, 22, None, 21)
    assert bar["open_ms"] == 1_795_132_800_000


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"has_key": False, "detail": "no key: set X"}, "no key: set X"),
        ({"has_key": True, "blocked_until_ms": 60_000}, "left alone, again in 1.0 min"),
        ({"has_key": True, "detail": "answers slowly"}, "answers slowly"),
        ({"has_key": True}, "5 delivered, 0 turned down"),
    ],
)
def test_a_provider_says_why_it_is_not_asked(scripts: Page, budget: Any, said: str) -> None:
    given = {"fetched_total": 5, "rejected_total": 0, "blocked_until_ms": None, "detail": ""}
    words = run(scripts, "divergence_budgets", "m.stateOf(v[0], 0).words", {**given, **budget})
    assert words == said
