"""Stocktwits' JSON -> its messages about one symbol."""

from __future__ import annotations

import datetime as dt
import html
from dataclasses import dataclass

import msgspec

from oddlot.contracts.social import Mood
from oddlot.errors import BadMessage
from producers.forums.written import Written, plain, without_author

STREAMS = "https://stocktwits.com/symbol/"
MOODS: dict[str, Mood] = {"Bullish": "bullish", "Bearish": "bearish"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a stream, newest first.

    Attributes
    ----------
    written : its messages.
    newest, oldest : their ids; None where there are none.
    has_more : whether there are older ones than these, of those that were asked for.
    refused : messages that could not be read, without who wrote them, and the reason.
    """

    written: tuple[Written, ...]
    newest: int | None
    oldest: int | None
    has_more: bool
    refused: tuple[tuple[bytes, str], ...] = ()


class _Sentiment(msgspec.Struct):
    basic: str | None = None


class _Entities(msgspec.Struct):
    sentiment: _Sentiment | None = None


class _Message(msgspec.Struct):
    """What we read of a message; its user is not among it."""

    id: int
    body: str
    created_at: str
    entities: _Entities | None = None


class _Cursor(msgspec.Struct):
    more: bool = False


class _Answer(msgspec.Struct):
    messages: list[msgspec.Raw]
    cursor: _Cursor | None = None


_answers = msgspec.json.Decoder(_Answer)
_messages = msgspec.json.Decoder(_Message)


def read_part(body: bytes, tag: str) -> Part:
    """Read a part of the stream of a symbol; messages that cannot be read are put aside.

    Raises BadMessage if it is no stream. The address given is the stream's: that of a message
    names its author.
    """
    try:
        answer = _answers.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BadMessage(f"expected a stream of Stocktwits, was something else: {e}") from e
    found, refused = [], []
    for raw in answer.messages:
        try:
            message = _messages.decode(raw)
            found.append((message.id, _written(message, tag)))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as e:
            reason = f"expected a message of Stocktwits, was something else: {e}"
            refused.append((without_author(bytes(raw)), reason))
    ids = [number for number, _ in found]
    return Part(
        written=tuple(written for _, written in found),
        newest=max(ids, default=None),
        oldest=min(ids, default=None),
        has_more=bool(answer.cursor and answer.cursor.more),
        refused=tuple(refused),
    )


def _written(message: _Message, tag: str) -> Written:
    at = dt.datetime.fromisoformat(message.created_at)
    if at.tzinfo is None:
        raise ValueError(f"a time with its zone, was {message.created_at[:40]!r}")
    sentiment = message.entities.sentiment if message.entities else None
    return Written(
        post_id=str(message.id),
        event_ms=int(at.timestamp() * 1_000),
        title="",
        text=plain(html.unescape(message.body)),
        url=f"{STREAMS}{tag}",
        mood=MOODS.get(sentiment.basic or "") if sentiment else None,
    )
