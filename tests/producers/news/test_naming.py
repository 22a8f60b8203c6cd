"""Symbols that headlines name."""

from __future__ import annotations

import pytest

from oddlot import peer_groups
from oddlot.quant.mentions import Lexicon
from producers.news.naming import lexicon, named_in
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def known() -> Lexicon:
    return lexicon(peer_groups.load(ROOT / "peer_groups"))


@pytest.mark.parametrize(
    ("title", "symbols"),
    [
        ("NVIDIA (NASDAQ: NVDA) and TSMC (NYSE: TSM) agree", ("NVDA", "TSM")),
        ("Unknown Corp. (Nasdaq:UNKN) announces results", ("UNKN",)),
        ("Berkshire (NYSE: BRK.B) buys", ("BRK-B",)),
        ("Uranium Energy (NYSE American: UEC) drills", ("UEC",)),
        ("Tesla and Walmart's supplier", ("TSLA", "WMT")),
        ("JPMorgan raises Exxon", ("JPM", "XOM")),
        ("Bitcoin at a high, ETH follows", ("BTCUSDT", "ETHUSDT")),
        ("$GME is back", ("GME",)),
        ("Nasdaq ends lower", ()),
        ("The Target of the Gap in ALL of IT", ()),
        ("It costs $100 now", ()),
    ],
)
def test_a_title_names_symbols(known: Lexicon, title: str, symbols: tuple[str, ...]) -> None:
    assert named_in(title, "", known) == symbols


def test_what_the_source_says_and_the_title_comes_before_the_excerpt(known: Lexicon) -> None:
    found = named_in("Tesla cuts prices", "Ford Motor follows", known, given=("MSFT", "X:BTC", ""))
    assert found == ("MSFT", "TSLA", "F")
