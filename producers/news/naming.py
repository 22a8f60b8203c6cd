"""A headline's words and the known symbols -> the symbols that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from oddlot.contracts.social import MAX_MENTIONED
from oddlot.peer_groups import PeerGroup
from oddlot.quant.mentions import Lexicon, lexicon_of, mentioned

# (NASDAQ: NVDA), (NYSE: BRK.B), (Nasdaq:NVDA; TSX: ABC), (NYSE American: XYZ)
_LISTED = re.compile(
    r"\b(?:NASDAQ(?:GS|GM|CM)?|NYSE(?:\s+(?:American|Arca)|AMERICAN|ARCA)?|AMEX|CBOE)\s*:\s*"
    r"(?P<symbol>[A-Z]{1,5}(?:[.\-][A-Z])?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_SHARE = re.compile(r"[A-Z]{1,5}(?:-[A-Z])?")
# What agencies write for companies whose names in the groups are longer.
SHORT = {
    "AMZN": "Amazon.com", "BAC": "BofA", "C": "Citi", "GS": "Goldman", "HPE": "Hewlett Packard",
    "JPM": "JPMorgan", "LLY": "Lilly", "LMT": "Lockheed", "TSM": "TSMC", "UNH": "UnitedHealthcare",
    "XOM": "Exxon",
}  # fmt: skip
# Names that stand for something else in headlines: the index.
UNNAMED = frozenset({"NDAQ"})


def lexicon(groups: Iterable[PeerGroup]) -> Lexicon:
    """Give what is known of the peer groups: their symbols and the names of their companies."""
    names = {member.symbol: member.name for group in groups for member in group.members}
    names |= dict.fromkeys(UNNAMED & set(names), "")
    short = [(symbol, name) for symbol, name in SHORT.items() if symbol in names]
    return lexicon_of([*names.items(), *short], with_names=True)


def named_in(
    title: str, excerpt: str, known: Lexicon, *, given: Iterable[str] = ()
) -> tuple[str, ...]:
    """Give the symbols that a headline names, each once: in its title first.

    Parameters
    ----------
    title, excerpt : plain text.
    known : what is known; a symbol after the name of its exchange counts even if nobody knows it.
    given : what the source itself says that it is about.
    """
    found = [symbol for each in given if (symbol := _given(each.upper(), known))]
    for text in (title, excerpt):
        listed = [match["symbol"] for match in _LISTED.finditer(text)]
        found += [each.replace(".", "-") for each in listed if each.isupper()]
        found += mentioned(_LISTED.sub(" ", text), known)  # NASDAQ there is no company
    return tuple(dict.fromkeys(found))[:MAX_MENTIONED]


def _given(word: str, known: Lexicon) -> str | None:
    """Give the symbol that a source names; those of other venues than ours are left out."""
    plain = word.replace(".", "-")
    return known.words.get(plain) or (plain if _SHARE.fullmatch(plain) else None)
