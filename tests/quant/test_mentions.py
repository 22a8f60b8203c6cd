"""Mentions: what counts as one, and what only looks like it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddlot.quant import mentions
from oddlot.quant.ambiguous import AMBIGUOUS
from oddlot.quant.mentions import (
    MAX_CHARACTERS,
    MAX_SYMBOLS,
    Lexicon,
    forum_tag_of,
    lexicon_of,
    mentioned,
    tagged,
)

MEMBERS = [
    ("TSLA", "Tesla"),
    ("NVDA", "NVIDIA"),
    ("ON", "onsemi"),
    ("ALL", "Allstate"),
    ("IT", "Gartner"),
    ("S", "SentinelOne"),
    ("BRK-B", "Berkshire Hathaway"),
    ("SNOW", "Snowflake"),
    ("NOW", "ServiceNow"),
    ("TGT", "Target"),
    ("META", "Meta Platforms"),
    ("JNJ", "Johnson & Johnson"),
    ("MCD", "McDonald's"),
    ("BAC", "Bank of America"),
    ("BTCUSDT", "Bitcoin"),
    ("1000PEPEUSDT", "Pepe"),
    ("NEARUSDT", "NEAR Protocol"),
]
KNOWN = lexicon_of(MEMBERS)
NAMED = lexicon_of(MEMBERS, with_names=True)


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("TSLA to the moon", ["TSLA"]),
        ("(TSLA), TSLA's, TSLA-based, NVDA/TSLA", ["TSLA", "NVDA"]),
        ("bought $tsla and $Nvda", ["TSLA", "NVDA"]),
        ("never heard of $GME before", ["GME"]),
        ("$$$TSLA", ["TSLA"]),
        ("$BRK.B and $BRK-A; plain BRK.B", ["BRK-B", "BRK-A"]),
        ("$BTC.X, BTC/USDT and BTCUSDT", ["BTCUSDT"]),
        ("PEPE is back", ["1000PEPEUSDT"]),
        ("$SAFEMOON.X", ["SAFEMOON"]),
        ("sold $ALL, $ON and $S", ["ALL", "ON", "S"]),
        ("NVDA first, then TSLA, then NVDA", ["NVDA", "TSLA"]),
        ("Puts on SNOW, the stock", ["SNOW"]),
    ],
)
def test_a_symbol_is_recognised(text: str, symbols: list[str]) -> None:
    assert list(mentioned(text, KNOWN)) == symbols


@pytest.mark.parametrize(
    "text",
    [
        "DD: ALL IN ON IT, FOR NOW, ARE YOU THE CEO? YOLO",
        "paid $100, $5k, $1.50 and $3B for it",
        "tsla and nvda in small letters, Tsla too",
        "GME and AMC, known to nobody here",
        "NEAR the close",
        "ANTSLA TSLAQ TSLA_ #TSLA",
        "see https://example.com/TSLA?x=$NVDA or www.example.com/TSLA, r/TSLA, u/TSLA",
        "SNOW EXPECTED IN NEW YORK",
        "worth the $s, $it and $now; US$ and $USD",
        "Tesla and Target reported",
        "A$AP, $hit, $TOOLONG",
    ],
)
def test_what_only_looks_like_a_symbol_is_none(text: str) -> None:
    assert mentioned(text, KNOWN) == ()


@pytest.mark.parametrize("word", ["DD", "ALL", "IT", "ON", "FOR", "ARE", "YOLO", "CEO", "A", "EV"])
def test_an_ambiguous_word_needs_the_dollar_even_if_it_is_known(word: str) -> None:
    known = lexicon_of([(word, "somebody")])
    assert mentioned(f"what about {word} today", known) == ()
    assert mentioned(f"what about ${word} today", known) == (word,)


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("Tesla shares fall as Nvidia soars", ["TSLA", "NVDA"]),
        ("Meta's new model; Johnson & Johnson; McDonald's raises prices", ["META", "JNJ", "MCD"]),
        ("Bank of America lowers its Target price", ["BAC"]),
        ("Berkshire Hathaway buys bitcoin", ["BRK-B"]),
        ("a tesla coil", []),
    ],
)
def test_names_count_where_they_are_asked_for(text: str, symbols: list[str]) -> None:
    assert list(mentioned(text, NAMED)) == symbols


def test_what_a_forum_has_marked_is_translated() -> None:
    tags = ["TSLA", "BTC.X", "PEPE.X", "BRK.B", "GME", "ES_F", "USD"]
    assert [tagged(tag, KNOWN) for tag in tags] == [
        "TSLA", "BTCUSDT", "1000PEPEUSDT", "BRK-B", "GME", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize("symbol", [symbol for symbol, _ in MEMBERS])
def test_what_a_symbol_is_called_at_the_forum_leads_back_to_it(symbol: str) -> None:
    assert tagged(forum_tag_of(symbol), KNOWN) == symbol


def test_a_list_of_everything_is_cut() -> None:
    text = " ".join(f"${a}{b}Q" for a in "ABCDEFGH" for b in "ABCDEFGHIJ")
    assert len(mentioned(text, KNOWN)) == MAX_SYMBOLS


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert mentioned("word " * (MAX_CHARACTERS // 5) + "TSLA", KNOWN) == ()


@pytest.mark.parametrize("part", ["a", "A", "$", "@", "A.", "u/", "a@", "A-", "$A", "http://", " "])
def test_no_text_takes_more_than_its_length(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks ahead from every letter takes a quarter of a minute for this."""
    monkeypatch.setattr(mentions, "MAX_CHARACTERS", 100_000)
    begun_s = time.thread_time()
    mentioned(part * (100_000 // len(part)), NAMED)
    assert time.thread_time() - begun_s < 5


@given(st.text(alphabet="TSLANVDOI $.-/xX&\n", max_size=60))
def test_whatever_is_written_each_symbol_is_known_or_had_a_dollar(text: str) -> None:
    found = mentioned(text, KNOWN)
    assert len(set(found)) == len(found)
    unknown = set(found) - set(KNOWN.words.values())
    assert not unknown or "$" in text
    assert mentioned(text, Lexicon({}, {})) == () or "$" in text


def test_all_ambiguous_words_are_in_capitals() -> None:
    assert all(word.isupper() for word in AMBIGUOUS)
