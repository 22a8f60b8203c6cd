"""Every topic, declared once: name, message, key, partitions, retention, codec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from oddlot.contracts import messages
from oddlot.contracts.codecs import Codec, JsonCodec, M, TickCodec

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Generic[M]):
    """A named stream of one kind of message.

    Attributes
    ----------
    name : `<domain>.<plural noun>.v<major>`.
    kind : class of its messages.
    key : field of the message that is the key: equal keys keep their order.
    partitions : how far readers of the topic can be spread.
    retention_ms : how long messages are kept at least.
    codec : message <-> bytes.
    about : one line for the docs.
    is_compacted : the newest message of every key is kept for good, older ones go.
    """

    name: str
    kind: type[M]
    key: str
    partitions: int
    retention_ms: int
    codec: Codec[M]
    about: str
    is_compacted: bool = False

    def __post_init__(self) -> None:
        if self.key not in messages.names_of(self.kind):
            raise ValueError(f"{self.name}: {self.kind.__name__} has no field {self.key!r}")

    @property
    def is_signal(self) -> bool:
        """Whether values carry CloudEvents headers, so that any client can route them."""
        return self.name.startswith("signals.")

    def key_of(self, message: M) -> bytes:
        """Give the key of a message as bytes."""
        return str(getattr(message, self.key)).encode()


TICKS = Topic(
    name="market.ticks.v1",
    kind=messages.Ticks,
    key="symbol",
    partitions=4,
    retention_ms=DAY_MS,
    codec=TickCodec(),
    about="a batch of trades of one symbol in venue-id order, or a watermark",
)
# One partition: a pair needs both of its legs in one place (docs/decisions/0005).
BARS = Topic(
    name="market.bars.v1",
    kind=messages.Bar,
    key="symbol",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.Bar),
    about="one closed bar: 1s, 1m, 5m",
)
LULLS = Topic(
    name="market.lulls.v1",
    kind=messages.Lull,
    key="symbol",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.Lull),
    about="a stretch without a trade, hence without a bar",
)
# One partition: a scan needs every member of a group in one place.
CLOSES = Topic(
    name="market.closes.v1",
    kind=messages.DailyClose,
    key="symbol",
    partitions=1,
    retention_ms=30 * DAY_MS,
    codec=JsonCodec(messages.DailyClose),
    about="one official daily close: OHLCV, adjusted close, provider",
)
CLOSE_REQUESTS = Topic(
    name="market.close-requests.v1",
    kind=messages.CloseRequest,
    key="symbol",
    partitions=1,
    retention_ms=DAY_MS,
    codec=JsonCodec(messages.CloseRequest),
    about="somebody needs the daily closes of a symbol",
)
SCAN_REQUESTS = Topic(
    name="market.scan-requests.v1",
    kind=messages.ScanRequest,
    key="scan",
    partitions=1,
    retention_ms=DAY_MS,
    codec=JsonCodec(messages.ScanRequest),
    about="somebody wants groups scanned by their daily closes",
)
# One partition each: the symbols of an hour are ranked against each other. What was read before is
# known from these topics at the next start, and so are the thirty days of the baseline.
POSTS = Topic(
    name="social.posts.v1",
    kind=messages.Post,
    key="symbol",
    partitions=1,
    retention_ms=35 * DAY_MS,
    codec=JsonCodec(messages.Post),
    about="one post mentioning a symbol: forum, id, time, mood, excerpt",
)
FORUM_SCANS = Topic(
    name="social.scans.v1",
    kind=messages.ForumScan,
    key="place",
    partitions=1,
    retention_ms=35 * DAY_MS,
    codec=JsonCodec(messages.ForumScan),
    about="how far one place of a forum has been read",
)
HEADLINES = Topic(
    name="news.headlines.v1",
    kind=messages.Headline,
    key="source",
    partitions=1,
    retention_ms=30 * DAY_MS,
    codec=JsonCodec(messages.Headline),
    about="one headline of one source, and the symbols it names",
)
SPREADS = Topic(
    name="signals.spreads.v1",
    kind=messages.Spread,
    key="pair",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.Spread),
    about="hedge ratio, spread, z and correlation of one pair at one bar",
)
PAIR_TESTS = Topic(
    name="signals.pair-tests.v1",
    kind=messages.PairTest,
    key="pair",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.PairTest),
    about="whether the spread of one pair comes back: Engle-Granger, ADF, half-life, Hurst",
)
DIVERGENCE = Topic(
    name="signals.divergence.v1",
    kind=messages.Divergence,
    key="group",
    partitions=1,
    retention_ms=30 * DAY_MS,
    codec=JsonCodec(messages.Divergence),
    about="one scan of one peer group: every member's score, label, verdict",
)
BUZZ = Topic(
    name="signals.buzz.v1",
    kind=messages.Buzz,
    key="symbol",
    partitions=1,
    retention_ms=30 * DAY_MS,
    codec=JsonCodec(messages.Buzz),
    about="mentions of one symbol in one hour, against their baseline",
)
ALERTS = Topic(
    name="signals.alerts.v1",
    kind=messages.Alert,
    key="subject",
    partitions=1,
    retention_ms=30 * DAY_MS,
    codec=JsonCodec(messages.Alert),
    about="a threshold crossed or left, once, with what crossed it",
)
PAIRS = Topic(
    name="config.pairs.v1",
    kind=messages.PairChange,
    key="pair",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.PairChange),
    about="a pair added, changed or removed while the system runs",
    is_compacted=True,
)
BUDGETS = Topic(
    name="ops.budgets.v1",
    kind=messages.Budget,
    key="provider",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.Budget),
    about="what a provider of daily closes still gives: limits, used, left, when they return",
    is_compacted=True,
)
CLOSE_STATES = Topic(
    name="ops.close-states.v1",
    kind=messages.CloseState,
    key="symbol",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.CloseState),
    about="how far the daily closes of a symbol have come, and why no further",
    is_compacted=True,
)
NEWS_SOURCES = Topic(
    name="ops.news-sources.v1",
    kind=messages.NewsSource,
    key="source",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.NewsSource),
    about="whether a source of headlines can be read, and if not, why",
    is_compacted=True,
)
DEAD_LETTERS = Topic(
    name="ops.dead-letters.v1",
    kind=messages.DeadLetter,
    key="origin",
    partitions=1,
    retention_ms=7 * DAY_MS,
    codec=JsonCodec(messages.DeadLetter),
    about="a refused message, its reason, its raw bytes",
)
FEED_HEALTH = Topic(
    name="ops.feed-health.v1",
    kind=messages.FeedHealth,
    key="feed",
    partitions=1,
    retention_ms=HOUR_MS,
    codec=JsonCodec(messages.FeedHealth),
    about="connected, last frame, silence, lag",
)

ALL: tuple[Topic[messages.Message], ...] = (
    TICKS,
    BARS,
    LULLS,
    CLOSES,
    CLOSE_REQUESTS,
    SCAN_REQUESTS,
    POSTS,
    FORUM_SCANS,
    HEADLINES,
    SPREADS,
    PAIR_TESTS,
    DIVERGENCE,
    BUZZ,
    ALERTS,
    PAIRS,
    BUDGETS,
    CLOSE_STATES,
    NEWS_SOURCES,
    DEAD_LETTERS,
    FEED_HEALTH,
)  # type: ignore[assignment]  # a tuple of topics of different messages
BY_NAME = {topic.name: topic for topic in ALL}
