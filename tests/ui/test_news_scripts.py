"""The news page's own scripts, asked directly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.test_scripts import run

pytestmark = pytest.mark.browser

NOON_MS = 1_732_795_200_000  # 2024-11-28 12:00 UTC
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def scripts(browser: Browser, dashboard: str) -> Iterator[Page]:
    """Give an empty page from which the modules can be imported."""
    page = browser.new_page()
    page.goto(f"{dashboard}/assets/loader.js")
    yield page
    page.close()


def headline(number: int, **changed: Any) -> dict[str, Any]:
    made = {"source": "wire", "headline_id": str(number), "title": f"News {number}", "excerpt": ""}
    at_ms = NOON_MS - number * HOUR_MS
    return {**made, "symbols": [], "published_ms": at_ms, "seen_ms": at_ms, **changed}


def source(name: str, **changed: Any) -> dict[str, Any]:
    made = {"source": name, "state": "read", "detail": "", "headlines": 1}
    return {**made, "read_ms": NOON_MS, "next_ms": NOON_MS + 300_000, "sent_ms": 1, **changed}


@pytest.mark.parametrize(
    ("asked", "is_ours"),
    [
        ({}, True),
        ({"q": "PLANT nvidia"}, True),
        ({"q": "graz"}, True),
        ({"q": "nvidia amd"}, False),
        ({"symbol": "nvda"}, True),
        ({"symbol": "NVD"}, False),
        ({"source": "wire", "symbol": "NVDA", "q": "a"}, True),
        ({"source": "blog"}, False),
    ],
)
def test_a_headline_matches_as_the_api_has_it(scripts: Page, asked: Any, is_ours: bool) -> None:
    said = headline(0, title="NVIDIA opens a plant", excerpt="Near Graz", symbols=["NVDA"])
    assert run(scripts, "news_rows", "m.matches(v[0], v[1])", said, asked) == is_ours


def test_lists_are_merged_newest_first_and_each_headline_once(scripts: Page) -> None:
    old = [headline(1), headline(3)]
    new = [headline(2), headline(1, title="Corrected"), headline(1, source="blog")]
    found = run(scripts, "news_rows", "m.merged(v[0], v[1], 3)", old, new)
    assert [(each["headline_id"], each["title"]) for each in found] == [
        ("1", "Corrected"),
        ("1", "News 1"),
        ("2", "News 2"),
    ]


def test_headlines_are_told_by_days(scripts: Page) -> None:
    hours = (0, 11, 13, 40, 24 * 40, 24 * 400)
    said = [headline(n, published_ms=NOON_MS - n * HOUR_MS) for n in hours]
    days = run(scripts, "news_rows", f"m.byDay(v[0], {NOON_MS})", said)
    assert [(day["day"], len(day["headlines"])) for day in days] == [
        ("Today", 2),
        ("Yesterday", 1),
        ("26 November", 1),
        ("19 October", 1),
        ("25 October 2023", 1),
    ]


def test_symbols_are_counted(scripts: Page) -> None:
    said = [headline(i, symbols=symbols) for i, symbols in enumerate([["A", "B"], ["B"], ["C"]])]
    assert run(scripts, "news_rows", "m.namedMost(v[0], 2)", said) == [["B", 2], ["A", 1]]


def test_what_is_wrong_comes_first_and_what_lacks_a_key_last(scripts: Page) -> None:
    known = [
        source("b"),
        source("key", state="unavailable", next_ms=None),
        source("a"),
        source("w", state="limited"),
        source("x", state="unavailable"),
    ]
    order = run(scripts, "news_sources", "m.listed(v[0]).map((each) => each.source)", known)
    assert order == ["x", "w", "a", "b", "key"]


@pytest.mark.parametrize(
    ("changed", "last", "after"),
    [
        ({}, "read 5 s ago", "next in 4.9 min"),
        ({"read_ms": None, "next_ms": None}, "never read", ""),
        ({"next_ms": NOON_MS - 300_000}, "read 5 s ago", "overdue since 5 min"),
    ],
)
def test_a_source_says_when_it_was_read_and_when_it_will_be(
    scripts: Page, changed: Any, last: str, after: str
) -> None:
    times = f"m.timesOf(v[0], {NOON_MS + 5_000})"
    assert run(scripts, "news_sources", times, source("a", **changed)) == {
        "last": last,
        "next": after,
    }


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["read", "unavailable"], ""),
        (["unavailable", "limited"], "None of the 2 sources can be read. s0 is away."),
        ([], ""),
    ],
)
def test_one_line_says_that_nothing_can_be_read(
    scripts: Page, states: list[str], said: str
) -> None:
    known = [source(f"s{i}", state=state, detail="is away") for i, state in enumerate(states)]
    shown = "{error: null, headlines: [], sources: new Map(v[0].map((s) => [s.source, s]))}"
    assert run(scripts, "news_notice", f"m.wordsOf({shown})", known) == said


def test_files_are_of_what_is_shown_and_of_everything(scripts: Page) -> None:
    chosen = {"q": "a b", "symbol": "NVDA", "source": ""}
    assert run(scripts, "news_toolbar", "m.filesOf(v[0])", chosen) == [
        ["Headlines as shown", "/headlines?q=a+b&symbol=NVDA"],
        ["All headlines", "/headlines"],
    ]
