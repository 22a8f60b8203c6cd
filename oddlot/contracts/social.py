"""What people write: posts that mention a symbol, how far forums were read, headlines, buzz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from oddlot.contracts.pairs import Symbol

MAX_EXCERPT = 280  # characters: enough to see what a post is about, too few to be a copy of it
MAX_TITLE = 500
MAX_URL = 2_000
MAX_MENTIONED = 50  # symbols of one headline
BASELINE_DAYS = 30

Forum = Literal["reddit", "stocktwits"]
Crowd = Literal["all", "reddit", "stocktwits"]
Mood = Literal["bullish", "bearish"]
MoodSource = Literal["tag", "vader"]
ScanState = Literal["read", "limited", "unavailable"]
NewsState = Literal["read", "limited", "unavailable", "gone"]

Excerpt = Annotated[str, msgspec.Meta(max_length=MAX_EXCERPT)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE)]
Link = Annotated[str, msgspec.Meta(max_length=MAX_URL)]
Score = Annotated[float, msgspec.Meta(ge=-1, le=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Mentioned = Annotated[tuple[Symbol, ...], msgspec.Meta(max_length=MAX_MENTIONED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One mention of one symbol: however often a post names it, it is one. No author, ever.

    Attributes
    ----------
    symbol : as the peer groups name it, whatever the forum calls it.
    forum, place : where it was written: a subreddit, or the symbol's stream of Stocktwits.
    post_id : the forum's own; with the symbol it is unique, however often it is read.
    event_ms : when it was written.
    mood : what the author thinks of the symbol; None where neither a tag nor the words tell.
    mood_by : the author's own tag, or VADER's reading of the words; None where nobody told.
    mood_score : VADER's compound score; None for tags.
    excerpt : the beginning, as plain text.
    url : where to read all of it; empty where it has no page.
    seen_ms : our clock when it was read.
    """

    symbol: Symbol
    forum: Forum
    place: str
    post_id: str
    event_ms: int
    mood: Mood | None
    mood_by: MoodSource | None
    mood_score: Score | None
    excerpt: Excerpt
    url: Link
    seen_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForumScan:
    """How far one place of a forum has been read, said after its posts.

    Hours that no scan covers are missing in every baseline; they are not hours without mentions.

    Attributes
    ----------
    forum, place : what was read.
    symbol : the only one this place tells of; None where it tells of all.
    from_ms, to_ms : every post written in [from_ms, to_ms) has been read; equal where none was.
    posts : how many were new.
    state : read; limited, where the forum makes us wait; unavailable, where it refuses us.
    detail : why, and what to do about it; empty where it was read.
    next_ms : when it is read again, None where it is not known.
    scanned_ms : our clock.
    """

    forum: Forum
    place: str
    symbol: Symbol | None
    from_ms: int
    to_ms: int
    posts: Count
    state: ScanState
    detail: str
    next_ms: int | None
    scanned_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One headline of one source.

    Attributes
    ----------
    source : the name of the feed.
    headline_id : the source's own, or a digest of the title where it has none.
    title, excerpt : plain text.
    url : http or https, or empty.
    symbols : what it names, as the peer groups do.
    published_ms : what the source says; when it was seen where the source says nothing.
    seen_ms : our clock when it was read first.
    """

    source: str
    headline_id: str
    title: Title
    excerpt: Excerpt
    url: Link
    symbols: Mentioned
    published_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsSource:
    """How one source of headlines is doing, said at every reading and at every change.

    Attributes
    ----------
    source : its name, as in its headlines.
    state : read; limited, where it makes us wait; unavailable, where it gives nothing; gone, where
        it is not among the sources any more.
    detail : why, and what to do about it; empty where it was read.
    headlines : how many were new since the producer started.
    read_ms : when it was read last; None if it never was.
    next_ms : when it is read again; None where it is not.
    sent_ms : our clock.
    """

    source: str
    state: NewsState
    detail: str
    headlines: Count
    read_ms: int | None
    next_ms: int | None
    sent_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buzz:
    """How much one symbol was mentioned in one hour, against its baseline.

    Attributes
    ----------
    symbol : as the peer groups name it.
    forum : where it was mentioned, or all of them together.
    hour_ms : the beginning of the hour, UTC.
    mentions : posts written in this hour that name it.
    covered : share of the hour that has been read, of the forums that are compared: all that are
        followed, or those known on seven days for the symbol where there are any.
    baseline : median of the mentions in the same hour of day of the days before; None without any.
    baseline_days : how many of the last 30 days were known for that.
    is_warm : whether these are enough to trust the rest.
    expected : the baseline's mentions for as much of the hour as has been read, and those of
        forums that are not compared: they are taken for usual.
    z : (mentions - expected) / scale; the scale is 1.4826 MAD or the noise of counting.
    log_ratio : ln((mentions + 1) / (expected + 1)).
    multiple : mentions / expected; None where nothing was expected.
    momentum : log_ratio less that of the hour before; None where one is missing.
    rank : 1 for the most abnormal of the hour; None where too little was said to be ranked.
    bullish, bearish : mentions with that mood; the rest have none.
    first_seen_ms : the earliest mention known.
    revision : of rows of the same hour the one with the highest is the newest; it counts the posts
        and scans that were known when it was said.
    """

    symbol: Symbol
    forum: Crowd
    hour_ms: int
    mentions: Count
    covered: Share
    baseline: float | None
    baseline_days: Count
    is_warm: bool
    expected: float | None
    z: float | None
    log_ratio: float | None
    multiple: float | None
    momentum: float | None
    rank: int | None
    bullish: Count
    bearish: Count
    first_seen_ms: int
    revision: Count
