"""Messages of one subject -> numbered, encoded once, kept in a bounded ring."""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from api.divergence_views import ScanView
from api.group_changes import GroupChange
from oddlot.contracts.messages import (
    Alert,
    Bar,
    Budget,
    Buzz,
    Divergence,
    FeedHealth,
    Headline,
    Message,
    NewsSource,
    Pair,
    PairChange,
    PairTest,
    Spread,
)

if TYPE_CHECKING:
    from api.clients import Client

RING_MESSAGES = 600  # ten minutes of 1s bars: more than any history by REST is behind
RING_SCANS = 2  # a scan of 80 members takes 100 KB, and only the last one is of interest
MAX_WAITING = 300  # messages of one channel that a slow client may be behind

HEALTH = "health"
BUDGETS = "budgets"
ALERTS = "alerts"
PAIRS = "pairs"
PEER_GROUPS = "peer-groups"
BUZZ = "buzz"
HEADLINES = "headlines"
NEWS_SOURCES = "news-sources"
PATTERNS = (
    "bars:SYMBOL:INTERVAL",
    "spreads:PAIR:INTERVAL",
    "pair-tests:PAIR:INTERVAL",
    "alerts:PAIR",
    ALERTS,
    PAIRS,
    PEER_GROUPS,
    "divergence:GROUP:INTERVAL",
    "scans:ID",
    BUDGETS,
    BUZZ,
    HEADLINES,
    NEWS_SOURCES,
    HEALTH,
)

_encoder = msgspec.json.Encoder()
_Key = tuple[str, int]
Streamed = Message | ScanView | GroupChange
# What has one channel for all subjects.
_SHARED: dict[type, str] = {
    PairChange: PAIRS,
    GroupChange: PEER_GROUPS,
    FeedHealth: HEALTH,
    Budget: BUDGETS,
    Buzz: BUZZ,
    Headline: HEADLINES,
    NewsSource: NEWS_SOURCES,
}


# What tells messages apart where one field names the subject. Headlines of one reading share both:
# they differ in the rest.
_NAMED_BY: dict[type, tuple[str, str]] = {
    PairChange: ("pair", "changed_ms"),
    GroupChange: ("group", "changed_ms"),
    FeedHealth: ("feed", "sent_ms"),
    Budget: ("provider", "sent_ms"),
    Headline: ("source", "seen_ms"),
    NewsSource: ("source", "sent_ms"),
}


def channels_of(message: Streamed) -> tuple[str, ...]:
    """Name the channels that a message belongs on; none for those that are not streamed."""
    if shared := _SHARED.get(type(message)):
        return (shared,)
    match message:
        case Bar():
            return (f"bars:{message.symbol}:{message.interval}",)
        case Spread():
            return (f"spreads:{message.pair}:{message.interval}",)
        case PairTest():
            return (f"pair-tests:{message.pair}:{message.interval}",)
        case Alert():
            return (ALERTS, f"alerts:{message.subject}")
        case Divergence():
            return (f"divergence:{message.group}:{message.interval}",)
        case ScanView():
            return (f"scans:{message.scan}",)
        case _:
            return ()


def pair_channels(pair: Pair) -> set[str]:
    """Name the channels that a watched pair makes."""
    spreads = {f"spreads:{pair.id}:{interval}" for interval in pair.intervals}
    tests = {f"pair-tests:{pair.id}:{interval}" for interval in pair.intervals}
    return spreads | tests | {f"alerts:{pair.id}"}


class Channel:
    """The newest messages of one subject; `seq` is the number of the last one.

    A client is no copy of the messages that wait for it, only the number it has come to.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.quoted = _encoder.encode(name).decode()
        self.seq = 0
        self.latest: Streamed | None = None
        self.clients: set[Client] = set()
        self._room = RING_SCANS if name.startswith(("divergence:", "scans:")) else RING_MESSAGES
        self._ring: deque[bytes] = deque()
        self._keys: deque[_Key] = deque()
        self._seen: dict[_Key, Streamed] = {}
        self._forgotten_ms: dict[str, int] = {}  # by subject, where several share the channel
        self._frame: tuple[int, int, str] | None = None

    def add(self, message: Streamed, *, arrival_ms: int, published_ms: int) -> bool:
        """Number a message; give False, and leave it out, where it was here before."""
        key = _key_of(message)
        if not self._is_news(key, message):
            return False
        body = _encoder.encode(message)
        self._ring.append(
            b'%b,"arrival_ms":%d,"published_ms":%d}' % (body[:-1], arrival_ms, published_ms)
        )
        self._keys.append(key)
        self._seen[key] = message
        self.seq += 1
        if self.latest is None or key[1] >= _key_of(self.latest)[1]:
            self.latest = message
        if len(self._ring) > self._room:
            self._forget_oldest()
        return True

    def snapshot(self, epoch: str) -> str:
        """Give the frame that holds the whole ring."""
        data = b",".join(self._ring).decode()
        return (
            f'{{"type":"snapshot","channel":{self.quoted},"epoch":"{epoch}",'
            f'"seq":{self.seq},"data":[{data}]}}'
        )

    def update(self, after: int) -> str:
        """Give the frame that holds all messages after a number, at most MAX_WAITING."""
        if self._frame is None or self._frame[:2] != (after, self.seq):
            # Nearly every client asks for the same messages: they get the same string.
            first = len(self._ring) - (self.seq - after)
            data = b",".join(itertools.islice(self._ring, first, None)).decode()
            frame = f'{{"type":"update","channel":{self.quoted},"seq":{self.seq},"data":[{data}]}}'
            self._frame = (after, self.seq, frame)
        return self._frame[2]

    def skipped(self, after: int) -> int:
        """Count the messages after a number that a client is too slow for."""
        return max(0, self.seq - after - min(MAX_WAITING, self._room))

    def _is_news(self, key: _Key, message: Streamed) -> bool:
        """Tell a message from its repetition: topics deliver at least once.

        A bar again in a newer revision is news, as is one that comes late; one older than
        all that is remembered is taken for a repetition unless it has been revised.
        """
        before = self._seen.get(key)
        if before is None:
            is_new = key[1] > self._forgotten_ms.get(key[0], -1)
            return is_new or _revision_of(message) > 0
        if isinstance(before, Bar | Buzz):
            return _revision_of(message) > before.revision
        return message != before

    def _forget_oldest(self) -> None:
        self._ring.popleft()
        key = self._keys.popleft()
        self._forgotten_ms[key[0]] = max(self._forgotten_ms.get(key[0], -1), key[1])
        if key not in self._keys:  # a revision of it may still be in the ring
            del self._seen[key]


def _key_of(message: Streamed) -> _Key:
    match message:
        case Bar() | Spread() | PairTest():
            return ("", message.open_ms)
        case Alert():
            name = f"{message.kind}:{message.subject}:{message.interval}:{message.crossing}"
            return (name, message.event_ms)
        case Divergence():
            return ("", message.computed_ms)
        case ScanView():
            return ("", message.said_ms)
        case Buzz():
            return (f"{message.forum}:{message.symbol}", message.hour_ms)
    if type(message) not in _NAMED_BY:
        raise TypeError(f"{type(message).__name__} is not streamed")
    subject, time = _NAMED_BY[type(message)]
    return (getattr(message, subject), getattr(message, time))


def _revision_of(message: Streamed) -> int:
    return message.revision if isinstance(message, Bar | Buzz) else 0
