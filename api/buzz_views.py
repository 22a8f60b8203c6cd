"""What buzz looks like over HTTP: a ranking, the hours of one symbol, places and posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from oddlot.contracts.messages import Buzz, Crowd, Forum, Mood, MoodSource, ScanState

_Mentions = Field(description="Null: too little of the hour was read to say that nobody did.")
_Name = Field(description="In the peer groups; the symbol itself where it is in none.")
_Balance = Field(description="(bullish - bearish) / (bullish + bearish); null: nobody said.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HourMentions:
    """One point of a sparkline."""

    hour_ms: int
    mentions: Annotated[int | None, _Mentions]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuzzRow(Buzz):
    """One symbol of a ranking. The sparkline is of 24 hours, oldest first."""

    name: Annotated[str, _Name]
    balance: Annotated[float | None, _Balance]
    tagged: Annotated[int, Field(description="Moods that authors told by a tag.")]
    read: Annotated[int, Field(description="Moods that VADER read from the words.")]
    spark: list[HourMentions]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuzzFileRow(Buzz):
    """The same as a row of a file."""

    name: str
    balance: float | None
    tagged: int
    read: int
    spark: list[int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineView:
    """How many days the hour is compared with."""

    days: int
    of: int
    text: Annotated[str, Field(examples=["baseline 3 of 30 days"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """How one place of a forum is read."""

    forum: Forum
    place: str
    symbol: Annotated[str | None, Field(description="The only one it tells of; null: of all.")]
    state: ScanState
    detail: Annotated[str, Field(description="Why it is not read, and what to do about it.")]
    scanned_ms: Annotated[int, Field(description="The last attempt.")]
    read_ms: Annotated[int | None, Field(description="The last that came to something.")]
    next_ms: Annotated[int | None, Field(description="The next attempt; null: not known.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuzzView:
    """Who is talked about in one hour, the most abnormal first."""

    forum: Crowd
    hour_ms: Annotated[int | None, Field(description="Null: nothing is known yet.")]
    newest_hour_ms: Annotated[int | None, Field(description="The newest hour with anything.")]
    as_of_ms: Annotated[int | None, Field(description="When a place was read the last time.")]
    age_ms: Annotated[int | None, Field(description="Since then, by our clock.")]
    baseline: BaselineView
    detail: Annotated[str, Field(description="Why this may be old; empty: it is not.")]
    symbols: Annotated[int, Field(description="Mentioned in the hour.")]
    mentions: Annotated[int, Field(description="Of all of them; a post may name several.")]
    rows: list[BuzzRow]
    scans: list[PlaceView]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourView:
    """One hour of one symbol; what needs a mention is null where there was none."""

    hour_ms: int
    mentions: Annotated[int | None, _Mentions]
    covered: Annotated[float, Field(description="Share of the hour that was read.")]
    baseline: float | None
    baseline_days: int | None
    is_warm: bool | None
    expected: float | None
    z: float | None
    log_ratio: float | None
    multiple: float | None
    momentum: float | None
    rank: int | None
    bullish: int | None
    bearish: int | None
    revision: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolBuzzView:
    """The hours of one symbol, oldest first, one an hour."""

    symbol: str
    name: Annotated[str, _Name]
    forum: Crowd
    first_seen_ms: Annotated[int | None, Field(description="The earliest mention known.")]
    detail: Annotated[str, Field(description="Why hours may be missing; empty: none are.")]
    hours: list[HourView]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """One mention of one symbol in one post."""

    symbol: str
    name: Annotated[str, _Name]
    forum: Forum
    place: str
    post_id: str
    event_ms: int
    mood: Mood | None
    mood_by: Annotated[MoodSource | None, Field(description="Who told: a tag, or VADER.")]
    mood_score: Annotated[float | None, Field(description="VADER's, -1 to 1.")]
    excerpt: Annotated[str, Field(description="Plain text, as it was written.")]
    url: Annotated[str, Field(description="http or https, or empty.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsView:
    """Mentions, newest first."""

    posts: list[PostView]
    next: Annotated[
        str | None,
        Field(description="Ask again with before=next for older ones; null: there are none."),
    ]
