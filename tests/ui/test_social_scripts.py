"""The social page's own scripts, asked directly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.test_scripts import run

pytestmark = pytest.mark.browser

HOUR_MS = 3_600_000
NOON_MS = 1_723_118_400_000  # 2024-08-08T12:00:00Z


@pytest.fixture(scope="module")
def scripts(browser: Browser, dashboard: str) -> Iterator[Page]:
    """Give an empty page from which the modules can be imported."""
    page = browser.new_page()
    page.goto(f"{dashboard}/assets/loader.js")
    yield page
    page.close()


def row(**changed: Any) -> dict[str, Any]:
    made = {"symbol": "GME", "name": "GME", "hour_ms": NOON_MS, "mentions": 24, "covered": 1}
    made |= {"baseline": 2, "baseline_days": 30, "is_warm": True, "expected": 2, "z": 11}
    made |= {"log_ratio": math.log(25 / 3), "multiple": 12, "momentum": 1.5}
    made |= {"rank": 1, "first_seen_ms": 0}
    return {**made, "bullish": 9, "bearish": 3, "tagged": 4, "read": 8, **changed}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "12×"),
        ({"multiple": 1.25}, "1.3×"),
        ({"multiple": 0}, "0.0×"),
        ({"multiple": None, "expected": 0, "baseline": 0, "first_seen_ms": NOON_MS}, "new"),
        ({"multiple": None, "expected": 0, "baseline": 0}, "from 0"),
        ({"multiple": None, "expected": None, "baseline": None, "baseline_days": 0}, "–"),
    ],
)
def test_a_multiple_says_what_it_is_of(scripts: Page, changed: Any, words: str) -> None:
    assert run(scripts, "social_rows", "m.multipleWords(v[0])", row(**changed)) == words


def test_what_is_behind_a_number_is_said_in_words(scripts: Page) -> None:
    said = run(scripts, "social_rows", "m.behindWords(v[0])", row(covered=0.5, is_warm=False))
    for words in ("24 mentions in the 50 % of the hour", "30 of 30 days: 2.0", "z +11.0", "+2.12"):
        assert words in said
    assert "too few days" in said
    cold = row(expected=None, baseline=None, z=None, log_ratio=None, is_warm=False)
    assert "nothing to compare" in run(scripts, "social_rows", "m.behindWords(v[0])", cold)


def test_a_bar_is_as_long_as_the_buzz_is_beyond_the_usual(scripts: Page) -> None:
    rows = [row(log_ratio=4.0), row(log_ratio=2.0), row(log_ratio=-1.0), row(log_ratio=None)]
    shares = run(scripts, "social_rows", "v[0].map((row) => m.barShare(row, v[0]))", rows)
    assert shares == [1, 0.5, 0, 0]
    assert run(scripts, "social_rows", "m.barShare(v[0], [v[0]])", row(log_ratio=0.4)) < 0.3


def test_mentions_that_are_not_compared_are_told_apart(scripts: Page) -> None:
    partly = row(mentions=11, expected=2, log_ratio=0.0)
    said = run(scripts, "social_rows", "m.behindWords(v[0])", partly)
    assert "compared are the 2 in forums" in said
    whole = row(mentions=11, expected=2, log_ratio=math.log(4))
    assert "compared are" not in run(scripts, "social_rows", "m.behindWords(v[0])", whole)


def test_moods_say_who_told_them(scripts: Page) -> None:
    said = run(scripts, "social_rows", "m.moodWords(v[0])", row())
    assert said == "9 bullish, 3 bearish of 24\n4 tagged by their authors, 8 read by VADER"
    nobody = run(scripts, "social_rows", "m.moodWords(v[0])", row(bullish=0, bearish=0))
    assert nobody.startswith("nobody said")


@pytest.mark.parametrize(
    ("hour", "step", "to"),
    [
        ("", -1, "2024-08-08T11"),
        ("2024-08-08T11", 1, ""),
        ("2024-08-08T00", -1, "2024-08-07T23"),
        ("2024-08-07T23", 1, "2024-08-08T00"),
    ],
)
def test_hours_are_stepped_up_to_the_newest(scripts: Page, hour: str, step: int, to: str) -> None:
    view = {"hour_ms": NOON_MS, "newest_hour_ms": NOON_MS}
    assert run(scripts, "social_toolbar", "m.stepped(v[0], v[1], v[2])", view, hour, step) == to


def test_a_gap_is_a_hole_and_silence_a_stub(scripts: Page) -> None:
    points = [{"mentions": 4}, {"mentions": None}, {"mentions": 0}, {"mentions": 8}]
    kinds = run(
        scripts, "social_spark",
        "[...m.hourBars(v[0], {width: 40, height: 20}).children].map((each) =>"
        " [each.getAttribute('class'), Number(each.getAttribute('height'))])",
        points,
    )  # fmt: skip
    assert kinds == [["o-said", 9], ["o-hole", 20], ["o-silent", 1], ["o-newest", 18]]
    said = run(scripts, "social_spark", "m.sparkWords(v[0])", points)
    assert said == "4 hours: at most 8 an hour, 1 not read"


def test_a_post_that_names_several_symbols_is_one(scripts: Page) -> None:
    mentions = [
        {"forum": "reddit", "post_id": "a", "symbol": "AMD"},
        {"forum": "reddit", "post_id": "a", "symbol": "NVDA"},
        {"forum": "stocktwits", "post_id": "a", "symbol": "NVDA"},
    ]
    found = run(scripts, "social_rows", "m.postsOf(v[0]).map((post) => post.symbols)", mentions)
    assert found == [["AMD", "NVDA"], ["NVDA"]]


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://www.reddit.com/r/stocks/", "https://www.reddit.com/r/stocks/"),
        ("HTTP://example.org/a b", "http://example.org/a%20b"),
        ("javascript:alert(1)", None),
        (" JaVaScRiPt:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,<script>alert(1)</script>", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("blob:https://example.org/1", None),
        ("//example.org", None),
        ("/relative", None),
        ("", None),
    ],
)
def test_links_of_strangers_lead_to_pages_only(scripts: Page, url: str, href: str | None) -> None:
    assert run(scripts, "outside", "m.outsideLink(v[0], 'x')?.href ?? null", url) == href


def test_words_of_strangers_are_never_markup(scripts: Page) -> None:
    post = {
        "excerpt": "<img src=x onerror=alert(1)>", "symbols": ["<b>X"], "name": '"><i>',
        "forum": "reddit", "place": "<u>stocks", "post_id": "1", "event_ms": NOON_MS,
        "mood": "bullish", "mood_by": "vader", "mood_score": 0.5, "url": "javascript:alert(1)",
    }  # fmt: skip
    made = "m.postItem(v[0], {nowMs: v[1], onsymbol: () => {}, symbol: ''})"
    tags = "[...item.querySelectorAll('*')].map((each) => each.localName)"
    found = run(scripts, "social_posts", f"((item) => {tags})({made})", post, NOON_MS)
    assert set(found) <= {"p", "div", "span", "time", "button"}


def test_a_place_says_when_it_was_read_and_is_next(scripts: Page) -> None:
    place = {"read_ms": NOON_MS - 12_000, "next_ms": NOON_MS + 48_000}

    def said(**changed: Any) -> Any:
        return run(scripts, "social_places", "m.timesOf(v[0], v[1])", place | changed, NOON_MS)

    assert said() == {"last": "read 12 s ago", "next": "next in 48 s"}
    assert said(read_ms=None, next_ms=None) == {"last": "never read", "next": "next: not known"}
    assert said(next_ms=NOON_MS - 7_200_000)["next"] == "overdue since 2.0 h"


def test_a_reason_of_many_places_is_said_once(scripts: Page) -> None:
    def place(name: str, state: str, detail: str) -> dict[str, Any]:
        return {"forum": "reddit", "place": name, "state": state, "detail": detail}

    refused = [place(f"sub{i}", "unavailable", "wants a key") for i in range(5)]
    assert run(scripts, "social_places", "m.reasonsOf(v[0])", refused) == ["All: wants a key"]
    some = [*refused, place("stocks", "read", "")]
    (reason,) = run(scripts, "social_places", "m.reasonsOf(v[0])", some)
    assert reason == "r/sub0, r/sub1, r/sub2 and 2 more: wants a key"


def test_what_is_wrong_comes_first_among_the_places(scripts: Page) -> None:
    scans = [
        {"forum": "stocktwits", "place": "GME", "state": "read"},
        {"forum": "reddit", "place": "b", "state": "read"},
        {"forum": "reddit", "place": "c", "state": "unavailable"},
        {"forum": "reddit", "place": "a", "state": "read"},
    ]
    found = run(scripts, "social_places", "m.placesOf(v[0])", scans)
    assert [each["words"] for each in found] == ["2 read, 1 not read", "1 read"]
    assert [place["place"] for place in found[0]["places"]] == ["c", "a", "b"]


def test_tiles_say_what_is_not_known(scripts: Page) -> None:
    pairs = "m.figuresOf(v[0], v[1]).map(([name, , figure, note]) => [name, [figure, note]])"
    asked = f"Object.fromEntries({pairs})"
    nothing = run(scripts, "social_tiles", asked, None, {"ageMs": None, "nowMs": NOON_MS})
    assert nothing["loudest"] == ["–", "no baseline yet"]
    assert nothing["read"] == ["–", "next: not known"]
    view = {
        "hour_ms": NOON_MS,
        "rows": [row(), row(rank=None, bullish=0, bearish=4)],
        "symbols": 2,
        "mentions": 48,
        "baseline": {"days": 3, "of": 30},
        "scans": [{"next_ms": NOON_MS + 960_000}],
    }
    now_ms = NOON_MS + 900_000
    said = run(scripts, "social_tiles", asked, view, {"ageMs": 5_000, "nowMs": now_ms})
    assert said["hour"] == ["12:00–13:00", "15 of 60 min so far"]
    assert said["loudest"] == ["GME", "12× baseline, 24 mentions"]
    assert said["mood"] == ["56 % bulls", "9 to 7 who said"]
    assert said["baseline"] == ["3 of 30 days", "too few to trust yet"]
    assert said["read"] == ["5 s ago", "next in 1.0 min"]
