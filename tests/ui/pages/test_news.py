"""The news page's state, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from ui.pages import news

API = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", {}),
        ("?symbol=BRK-B&source=globenewswire", {"symbol": "BRK-B", "source": "globenewswire"}),
        ("?q=chip+plant&other=1", {"q": "chip plant"}),
        ("?q=%3Cb%3E", {"q": "<b>"}),
        ("?symbol=%3Cscript%3E", {}),
        ("?source=Not%20a%20name", {}),
        (f"?q={'x' * 201}", {}),
        ("?q=" + "+".join("abcdefghi"), {}),
    ],
)
def test_a_query_string_becomes_the_page_s_state(search: str, expected: dict[str, Any]) -> None:
    page = news.NewsPage(API, search)
    found = {name: getattr(page, name) for name in news.STATE}
    assert found == {**news.DEFAULT, **expected}


@pytest.mark.parametrize("search", ["?", "?q=a+%26+b&symbol=NVDA&source=sec"])
def test_the_address_says_the_state(search: str) -> None:
    assert news.search_of(news.NewsPage(API, search)) == search


def test_what_one_part_chooses_reaches_every_part() -> None:
    page = news.NewsPage(API)
    page._named.symbol = "NVDA"
    page._sources.source = "sec"
    assert {(part.symbol, part.source) for part in page._parts} == {("NVDA", "sec")}
    assert page._address.search == "?symbol=NVDA&source=sec"


def test_what_cannot_be_shown_is_not() -> None:
    page = news.NewsPage(API, "?source=sec")
    page._toolbar.source = "<b>"
    assert page._toolbar.source == "sec"
