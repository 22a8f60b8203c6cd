"""The social page's state, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from ui.pages import social

API = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", {}),
        ("?forum=reddit&hour=2024-08-08T15", {"forum": "reddit", "hour": "2024-08-08T15"}),
        ("?symbol=BRK-B&q=short+interest", {"symbol": "BRK-B", "q": "short interest"}),
        ("?forum=usenet", {}),
        ("?hour=2024-08-08T24", {}),
        ("?hour=2024-13-08T11", {}),
        ("?hour=yesterday", {}),
        ("?symbol=%3Cscript%3E", {}),
        (f"?q={'x' * 101}", {}),
        ("?q=%3Cb%3E", {"q": "<b>"}),
    ],
)
def test_a_query_string_becomes_the_page_s_state(search: str, expected: dict[str, Any]) -> None:
    page = social.SocialPage(API, search)
    found = {name: getattr(page, name) for name in social.STATE}
    assert found == {**social.DEFAULT, **expected}


@pytest.mark.parametrize(
    "search", ["?", "?forum=stocktwits&hour=2024-08-08T15&symbol=NVDA&q=a+%26+b"]
)
def test_the_address_says_the_state(search: str) -> None:
    assert social.search_of(social.SocialPage(API, search)) == search


def test_what_one_part_chooses_reaches_every_part() -> None:
    page = social.SocialPage(API)
    page._ranking.symbol = "NVDA"
    page._toolbar.forum = "reddit"
    assert {(part.symbol, part.forum) for part in page._parts} == {("NVDA", "reddit")}
    assert page._address.search == "?forum=reddit&symbol=NVDA"


def test_what_cannot_be_shown_is_not() -> None:
    page = social.SocialPage(API, "?symbol=NVDA")
    page._posts.symbol = "<b>"
    assert page._posts.symbol == "NVDA"
