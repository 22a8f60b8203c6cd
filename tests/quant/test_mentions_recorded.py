"""Mentions in real posts: against somebody else's rule, and every difference looked at.

The daily counts of the recordings come from another project (esbenkc/WSB-Impact), which counts a
post for a symbol where its title or text contains the symbol's letters anywhere, all capital or
all small. None of its days is that of our recorded posts (but for one post, it begins on
2021-01-28), so what is compared is its rule on our posts, and its counts with what that rule must
do to them.

On the 1,300 posts of 2020-12-01 its rule finds 543 mentions of its thirty symbols; we find 451, all
of them among its own. The other 92 have been read one by one:
- 59 stand inside other words: 28 of HOOD's are Robinhood and likelihood, 12 of BB's bubble, Abbott,
  ABBV and dubbed, 9 of NIO's opinion, senior and Union; crispy is SPY's, $MARAthon MARA's, shuttle
  HUT's, wishful WISH's, segment GME's, $AMCI AMC's, FBI FB's;
- 18 are small letters standing alone: pltr 9, amd 3, nio 2, tsla, spce, and the words hood and
  wish. We leave them out with open eyes: "on", "now" and "all" in small letters are no symbols;
- 15 stand in addresses, where they are letters of an identifier.
Where the symbol is no part of other words, ours are at least nine in ten of theirs.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from oddlot.quant.mentions import lexicon_of, mentioned
from tests.quant.social_recordings import daily_counts, members, submissions

pytestmark = pytest.mark.real_data

ADDRESS = re.compile(r"https?://\S+|\b/?[ru]/\w+", re.IGNORECASE)


def their_mentions(text: str, symbol: str) -> bool:
    return symbol in text or symbol.lower() in text


def stands_alone(text: str, word: str) -> bool:
    return bool(re.search(rf"(?<![A-Za-z0-9]){word}(?![A-Za-z0-9])", text))


def reason(text: str, symbol: str) -> str:
    """Say why we leave out a mention that they count."""
    plain = ADDRESS.sub(" ", text)
    if stands_alone(plain, symbol):
        return "none"
    if stands_alone(plain, symbol.lower()):
        return "small letters"
    return "inside a word" if their_mentions(plain, symbol) else "in an address"


@pytest.fixture(name="symbols")
def _symbols(real_data: Path) -> list[str]:
    return sorted({row["ticker"] for row in daily_counts(real_data)})


@pytest.fixture(name="compared")
def _compared(real_data: Path, symbols: list[str]) -> dict[str, tuple[set[int], set[int]]]:
    """By symbol, the posts that mention it: theirs, ours."""
    known = lexicon_of([*members(), *((symbol, symbol) for symbol in symbols)])
    texts = submissions(real_data)
    ours = [mentioned(text, known) for text in texts]
    return {
        symbol: (
            {i for i, text in enumerate(texts) if their_mentions(text, symbol)},
            {i for i, found in enumerate(ours) if symbol in found},
        )
        for symbol in symbols
    }


def test_we_find_nothing_that_their_rule_does_not(
    compared: dict[str, tuple[set[int], set[int]]],
) -> None:
    assert {symbol for symbol, (theirs, ours) in compared.items() if ours - theirs} == set()


def test_every_mention_that_we_leave_out_has_a_reason(
    real_data: Path, compared: dict[str, tuple[set[int], set[int]]]
) -> None:
    texts = submissions(real_data)
    left_out = Counter(
        reason(texts[i], symbol)
        for symbol, (theirs, ours) in compared.items()
        for i in theirs - ours
    )
    assert sum(len(theirs) for theirs, _ in compared.values()) == 543
    assert left_out == {"inside a word": 59, "small letters": 18, "in an address": 15}


@pytest.mark.parametrize(
    ("symbol", "theirs", "ours"),
    [("PLTR", 197, 188), ("GME", 119, 118), ("TSLA", 26, 25), ("SNDL", 16, 16), ("RIOT", 6, 6)],
)
def test_a_symbol_that_is_no_part_of_words_is_counted_alike(
    symbol: str, theirs: int, ours: int, compared: dict[str, tuple[set[int], set[int]]]
) -> None:
    assert tuple(map(len, compared[symbol])) == (theirs, ours)
    assert ours >= 0.9 * theirs


def test_their_daily_counts_have_mentions_of_a_company_before_it_was_listed(
    real_data: Path, compared: dict[str, tuple[set[int], set[int]]]
) -> None:
    """Robinhood was listed as HOOD on 2021-07-29; 99 % of HOOD's counts are older: its name."""
    counts = [row for row in daily_counts(real_data) if row["ticker"] == "HOOD"]
    before = sum(int(row["count"]) for row in counts if row["date"] < "2021-07-29")
    assert before == 5_182
    assert before > 0.99 * sum(int(row["count"]) for row in counts)
    theirs, ours = compared["HOOD"]
    assert (len(theirs), len(ours)) == (29, 0)


def test_what_we_find_most_their_year_has_most(
    real_data: Path, symbols: list[str], compared: dict[str, tuple[set[int], set[int]]]
) -> None:
    total = Counter[str]()
    for row in daily_counts(real_data):
        total[row["ticker"]] += int(row["count"])
    ours = sorted(symbols, key=lambda symbol: -len(compared[symbol][1]))
    theirs = [symbol for symbol, _ in total.most_common(12)]
    assert ours[:5] == ["PLTR", "GME", "NIO", "TSLA", "BB"]
    assert set(ours[:5]) <= set(theirs)


def test_words_in_capitals_are_not_taken_for_symbols(real_data: Path) -> None:
    """The bare words of that day that count, looked through by hand: each is meant as a symbol."""
    known = lexicon_of(members())
    found = Counter(
        symbol
        for text in submissions(real_data)
        for symbol in mentioned(re.sub(r"\$[A-Za-z]+", " ", text), known)
    )
    assert found.keys() == {
        "AAL", "ABBV", "ABT", "AMD", "AMZN", "BABA", "BTCUSDT", "CCL", "CRM", "ETHUSDT", "GOOGL",
        "INTC", "JPM", "KSS", "MARA", "MRNA", "MSFT", "MU", "NIO", "NVDA", "PFE", "PYPL", "QS",
        "RIOT", "SNOW", "TSLA", "TSM", "VALE", "XPEV",
    }  # fmt: skip
