"""The pair page's state, without a browser."""

from __future__ import annotations

import pytest

from ui.pages import pairs

API = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("search", "pair", "interval"),
    [
        ("", "BTCUSDT~ETHUSDT", "1m"),
        ("?y=SOLUSDT&x=ADAUSDT&tf=5m", "SOLUSDT~ADAUSDT", "5m"),
        ("?x=SOLUSDT", "BTCUSDT~SOLUSDT", "1m"),
        ("?tf=1h", "BTCUSDT~ETHUSDT", "1m"),
        ("?y=&x=&tf=", "BTCUSDT~ETHUSDT", "1m"),
        ("?y=A~B&x=C", "BTCUSDT~ETHUSDT", "1m"),
        ("?y=%3Cscript%3E&x=ETHUSDT", "BTCUSDT~ETHUSDT", "1m"),
    ],
)
def test_a_query_string_becomes_the_page_s_state(search: str, pair: str, interval: str) -> None:
    page = pairs.PairPage(API, search)
    assert (page.pair, page.interval) == (pair, interval)


def test_a_chosen_pair_reaches_every_part() -> None:
    page = pairs.PairPage(API)
    page.param.pair.objects = pairs.choices(["SOLUSDT~ADAUSDT"])
    page.pair = "SOLUSDT~ADAUSDT"
    assert (page._y.symbol, page._x.symbol) == ("SOLUSDT", "ADAUSDT")
    assert {page._tiles.pair, page._spread.pair} == {"SOLUSDT~ADAUSDT"}
    assert page._state.search == "?y=SOLUSDT&x=ADAUSDT&tf=1m"


def test_back_in_the_browser_reaches_the_widgets() -> None:
    page = pairs.PairPage(API)
    page._state.search = "?y=SOLUSDT&x=ADAUSDT&tf=1s"
    assert (page.pair, page.interval) == ("SOLUSDT~ADAUSDT", "1s")


def test_the_list_is_what_the_api_watches_and_what_is_shown() -> None:
    page = pairs.PairPage(API, "?y=DOGEUSDT&x=ADAUSDT")
    page._state.pairs = ["BTCUSDT~ETHUSDT", "ETHUSDT~SOLUSDT"]
    assert list(page.param.pair.objects) == [
        "BTCUSDT~ETHUSDT",
        "DOGEUSDT~ADAUSDT",
        "ETHUSDT~SOLUSDT",
    ]
    assert "DOGEUSDT on ADAUSDT is not among the 2 pairs" in page._notice.message
    page.pair = "BTCUSDT~ETHUSDT"
    assert page._notice.message == ""


def test_nothing_is_unknown_before_the_api_has_answered() -> None:
    assert pairs.unknown_pair("A~B", []) == ""
