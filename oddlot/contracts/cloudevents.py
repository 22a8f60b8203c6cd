"""Signals -> CloudEvents headers, so that any Kafka client can route them unread."""

from __future__ import annotations

from datetime import UTC, datetime

from oddlot.contracts.codecs import M
from oddlot.contracts.messages import Alert, Buzz, Divergence, Message, PairTest, Spread
from oddlot.contracts.topics import Topic

Headers = list[tuple[str, bytes]]

SOURCE = b"oddlot/streams"


def headers_of(topic: Topic[M], message: M) -> Headers:
    """Give the headers of a message: CloudEvents 1.0 in binary mode on signals, else none.

    The id is made of what the signal is about, so a signal published twice has one id.

    Parameters
    ----------
    topic : where the message goes.
    message : what goes there.
    """
    if not topic.is_signal:
        return []
    event_ms = _event_ms(message)
    subject = topic.key_of(message)
    when = datetime.fromtimestamp(event_ms / 1_000, UTC).isoformat(timespec="milliseconds")
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", _identity(message, subject, event_ms)),
        ("ce_type", topic.name.encode()),
        ("ce_source", SOURCE),
        ("ce_time", when.replace("+00:00", "Z").encode()),
        ("ce_subject", subject),
        ("content-type", topic.codec.content_type.encode()),
    ]


def _event_ms(message: Message) -> int:
    if isinstance(message, Spread | PairTest | Divergence):
        return message.open_ms
    if isinstance(message, Alert):
        return message.event_ms
    if isinstance(message, Buzz):
        return message.hour_ms
    raise TypeError(f"{type(message).__name__} is not a signal")


def _identity(message: Message, subject: bytes, event_ms: int) -> bytes:
    interval = getattr(message, "interval", "").encode()
    what = _part_of_identity(message)
    return b"/".join([subject, interval, str(event_ms).encode(), *([what] if what else [])])


def _part_of_identity(message: Message) -> bytes:
    """Tell apart what one subject can say twice about one bar."""
    if isinstance(message, Alert):
        return message.crossing.encode()
    if isinstance(message, Divergence):
        return str(message.scored).encode()  # a scan made again once more closes have come
    if isinstance(message, Buzz):
        return f"{message.forum}-{message.revision}".encode()
    return b""
