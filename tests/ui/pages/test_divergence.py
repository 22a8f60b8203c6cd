"""The divergence page's state, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from ui.pages import divergence

API = "http://127.0.0.1:1"
EIGHTY_ONE = ",".join(f"S{i}" for i in range(81))


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", {}),
        ("?groups=memory,payments&z=2.5", {"groups": "memory,payments", "z": 2.5}),
        ("?groups=crypto-majors&interval=1m", {"groups": "crypto-majors", "interval": "1m"}),
        ("?groups=Memory", {}),
        ("?groups=a,,b", {}),
        ("?groups=%3Cscript%3E", {}),
        ("?interval=5m", {}),
        ("?z=0.1", {}),
        ("?z=nan", {}),
        ("?z=inf", {}),
        ("?z=high", {}),
        ("?symbols=NVDA,AMD,TXN&benchmark=SMH", {"symbols": "NVDA,AMD,TXN", "benchmark": "SMH"}),
        (f"?symbols={EIGHTY_ONE}", {}),
        ("?symbols=NVDA&benchmark=a%20b", {"symbols": "NVDA"}),
    ],
)
def test_a_query_string_becomes_the_page_s_state(search: str, expected: dict[str, Any]) -> None:
    page = divergence.DivergencePage(API, search)
    default = {"groups": "", "interval": "1d", "z": 0.0, "symbols": "", "benchmark": ""}
    assert {name: getattr(page, name) for name in divergence.STATE} == {**default, **expected}


@pytest.mark.parametrize(
    "search",
    ["?", "?groups=memory,payments&z=2.5", "?symbols=NVDA,AMD,TXN&benchmark=SMH&interval=1m"],
)
def test_the_address_says_the_state(search: str) -> None:
    page = divergence.DivergencePage(API, search)
    assert divergence.search_of(page) == search


def test_what_one_part_chooses_reaches_every_part() -> None:
    page = divergence.DivergencePage(API)
    page._groups.groups = "memory"
    page._toolbar.z = 4.0
    assert {(part.groups, part.z) for part in page._parts} == {("memory", 4.0)}
    assert page._address.search == "?groups=memory&z=4"


def test_what_cannot_be_shown_is_not() -> None:
    page = divergence.DivergencePage(API, "?groups=memory")
    page._toolbar.groups = "<b>"
    assert page._toolbar.groups == "memory"


def test_back_in_the_browser_reaches_every_part() -> None:
    page = divergence.DivergencePage(API, "?groups=memory")
    page._address.search = "?groups=payments&interval=1m"
    assert {(part.groups, part.interval) for part in page._parts} == {("payments", "1m")}
