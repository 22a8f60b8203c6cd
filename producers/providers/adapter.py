"""What an adapter is: symbols -> one question; a provider's answer -> histories and refusals.

Adapters are pure: they neither wait nor speak to anyone, so every answer ever seen can be a test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from oddlot.contracts.messages import DailyClose, Venue
from oddlot.errors import BadMessage, QuotaSpent
from producers.budget import Limit, Meter

SHOWN_CHARACTERS = 120  # of a provider's own words in our messages
DAY_MS = 86_400_000
TOO_MANY_REQUESTS = 429

Kind = Literal["plan", "unknown", "seam", "empty"]
# How long a refusal is remembered for its symbol.
REMEMBERED_MS: dict[Kind, int] = {
    "plan": 30 * DAY_MS,  # until the plan may have been raised
    "unknown": 7 * DAY_MS,  # until it may be listed
    "seam": 20 * 3_600_000,  # until the provider has adjusted the rest: overnight
    "empty": 20 * 3_600_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One GET request.

    Attributes
    ----------
    url : without a query.
    params : of the query; the key may be among them, so it is never shown.
    headers : likewise.
    """

    url: str
    params: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a provider does not give one symbol, in its words or ours."""

    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an answer holds.

    Attributes
    ----------
    histories : closes by symbol, oldest first, finished sessions only.
    refusals : the other symbols that were asked for.
    meters : the provider's own count of our calls.
    """

    histories: Mapping[str, tuple[DailyClose, ...]]
    refusals: Mapping[str, Refusal]
    meters: tuple[Meter, ...] = ()


class Adapter(Protocol):
    """One provider's way to be asked, and to answer.

    Attributes
    ----------
    name, title : for machines and for people.
    unit : what it counts.
    limits : how much of it we may spend.
    key_setting : the variable with its key; empty where it needs none.
    has_key : whether it can be asked.
    patience_ms : how long a symbol waits for cheaper providers before this one is asked.
    """

    name: str
    title: str
    unit: str
    limits: tuple[Limit, ...]
    key_setting: str
    has_key: bool
    patience_ms: int

    def serves(self, venue: Venue) -> bool:
        """Tell whether it has symbols of a venue at all."""

    def most_symbols(self, sessions: int) -> int:
        """Give how many symbols one call can ask for."""

    def units(self, symbols: int, sessions: int) -> int:
        """Give what a call costs."""

    def ask(self, symbols: Sequence[str], *, sessions: int, now_ms: int) -> Ask:
        """Give the request for the newest sessions of some symbols."""

    def read(self, symbols: Sequence[str], answer: Answer, *, sessions: int, now_ms: int) -> Found:
        """Read the answer to that request.

        Raises
        ------
        QuotaSpent
            If it says that we have asked too often.
        KeyRefused
            If it does not take our key.
        VenueUnavailable
            If it is in trouble itself.
        BadMessage
            If this is nothing it has ever answered.
        """


def decode(answer: Answer) -> Any:
    """Read a body as JSON; raise BadMessage where it is none, QuotaSpent if it is a bare 429."""
    try:
        return msgspec.json.decode(answer.body)
    except msgspec.DecodeError as e:
        if answer.status == TOO_MANY_REQUESTS:
            raise QuotaSpent(f"HTTP 429: {shown(answer.body)}", retry_ms=retry_ms(answer)) from e
        raise BadMessage(f"HTTP {answer.status}: expected JSON, was {shown(answer.body)}") from e


def plain(words: object) -> str:
    """Give some of a provider's words on one line, for people.

    Examples
    --------
    >>> plain(b"**symbol**   is missing")
    'symbol is missing'
    """
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    text = " ".join(text.replace("**", "").split())
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"


def shown(words: object) -> str:
    """Give the same in quotes, as what was found.

    Examples
    --------
    >>> shown(b"over   the limit")
    "'over the limit'"
    """
    return repr(plain(words))


def retry_ms(answer: Answer) -> int | None:
    """Give how long a provider wants to be left alone, where it says."""
    text = answer.headers.get("retry-after", "")
    return int(text) * 1_000 if text.isdecimal() else None


def number(headers: Mapping[str, str], name: str) -> int | None:
    """Give a header as a whole number, None where it is none."""
    text = headers.get(name, "")
    return int(text) if text.isdecimal() else None
