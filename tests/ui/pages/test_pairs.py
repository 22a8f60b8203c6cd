"""The pair page's state, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from ui.pages import pairs

API = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", {}),
        ("?y=SOLUSDT&x=ADAUSDT&tf=5m", {"pair": "SOLUSDT~ADAUSDT", "interval": "5m"}),
        ("?x=SOLUSDT", {"pair": "BTCUSDT~SOLUSDT"}),
        ("?tf=1h", {}),
        ("?y=&x=&tf=&window=", {}),
        ("?y=A~B&x=C", {}),
        ("?y=%3Cscript%3E&x=ETHUSDT", {}),
        ("?window=120", {"window": 120}),
        ("?window=9", {}),
        ("?window=1e9", {}),
        ("?mode=upload&upload=a1&prices=log", {"mode": "upload", "upload": "a1", "prices": "log"}),
        ("?upload=a1&until=5", {}),
        (
            "?mode=upload&upload=a1&until=1700000000000",
            {"mode": "upload", "upload": "a1", "until": 1_700_000_000_000},
        ),
        ("?mode=upload&until=-1", {"mode": "upload"}),
        (f"?mode=upload&until={10**16}", {"mode": "upload"}),
        ("?mode=upload&upload=../bars&hedge=none", {"mode": "upload"}),
    ],
)
def test_a_query_string_becomes_the_page_s_state(search: str, expected: dict[str, Any]) -> None:
    page = pairs.PairPage(API, search)
    default = {"pair": "BTCUSDT~ETHUSDT", "interval": "1m", "mode": "live", "upload": ""}
    shown = {name: getattr(page, name) for name in pairs.STATE}
    assert shown == {
        **default,
        "window": 0,
        "prices": "level",
        "hedge": "ols",
        "until": 0,
        **expected,
    }


def test_a_chosen_pair_reaches_every_part() -> None:
    page = pairs.PairPage(API)
    page._toolbar.pair = "SOLUSDT~ADAUSDT"
    assert {part.pair for part in page._parts} == {"SOLUSDT~ADAUSDT"}
    assert page._address.search == "?y=SOLUSDT&x=ADAUSDT&tf=1m"


def test_any_part_may_change_what_is_shown() -> None:
    page = pairs.PairPage(API)
    page._scan.pair = "SOLUSDT~ADAUSDT"
    page._alerts.interval = "1s"
    assert (page._y.pair, page._y.interval) == ("SOLUSDT~ADAUSDT", "1s")


@pytest.mark.parametrize("pair", ["", "A", "A~B~C", "<b>~A", "A~"])
def test_what_is_no_pair_is_not_shown(pair: str) -> None:
    page = pairs.PairPage(API)
    page._toolbar.pair = pair
    assert page._y.pair == "BTCUSDT~ETHUSDT"


def test_another_pair_has_a_window_of_its_own() -> None:
    page = pairs.PairPage(API, "?window=120")
    page._toolbar.pair = "SOLUSDT~ADAUSDT"
    assert page.window == 0


def test_back_in_the_browser_reaches_every_part() -> None:
    page = pairs.PairPage(API)
    page._address.search = "?y=SOLUSDT&x=ADAUSDT&tf=1s&window=120"
    assert {part.pair for part in page._parts} == {"SOLUSDT~ADAUSDT"}
    assert (page._y.interval, page._toolbar.window) == ("1s", 120)


def test_an_upload_hides_what_is_live_and_leaving_it_shows_the_live_pair_again() -> None:
    page = pairs.PairPage(API, "?y=SOLUSDT&x=ADAUSDT")
    page._toolbar.mode = "upload"
    assert page._drop.visible
    assert not page._y.visible  # nothing to show before a file
    page._drop.pair, page._drop.upload = "GLD~GDX", "a1"
    assert page._y.visible
    assert not page._scan.visible
    assert page._address.search == "?y=GLD&x=GDX&tf=1m&mode=upload&upload=a1&prices=level&hedge=ols"
    page._toolbar.mode = "live"
    assert (page.pair, page.upload) == ("SOLUSDT~ADAUSDT", "")
    assert page._scan.visible
