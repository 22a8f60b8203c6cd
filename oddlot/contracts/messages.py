"""What travels on the topics: frozen messages, validated where they are decoded."""

from __future__ import annotations

from typing import Any, get_type_hints

from oddlot.contracts.budgets import Budget, BudgetWindow, CloseState, FetchState, Window
from oddlot.contracts.closes import CloseRequest, DailyClose, Venue
from oddlot.contracts.divergence import (
    Basket,
    Divergence,
    MemberScore,
    ScanInterval,
    ScanRequest,
    Verdict,
    WindowScore,
    WindowSpread,
)
from oddlot.contracts.market import (
    INTERVAL_MS,
    Bar,
    Bools,
    Float64s,
    Int32s,
    Int64s,
    Interval,
    Lull,
    Source,
    Ticks,
)
from oddlot.contracts.ops import DeadLetter, FeedHealth
from oddlot.contracts.pairs import Pair, PairChange
from oddlot.contracts.signals import Alert, Crossing, Hedge, PairTest, Prices, Side, Spread
from oddlot.contracts.social import (
    Buzz,
    Crowd,
    Forum,
    ForumScan,
    Headline,
    Mood,
    MoodSource,
    NewsSource,
    NewsState,
    Post,
    ScanState,
)

__all__ = [
    "INTERVAL_MS",
    "Alert",
    "Bar",
    "Basket",
    "Bools",
    "Budget",
    "BudgetWindow",
    "Buzz",
    "CloseRequest",
    "CloseState",
    "Crossing",
    "Crowd",
    "DailyClose",
    "DeadLetter",
    "Divergence",
    "FeedHealth",
    "FetchState",
    "Float64s",
    "Forum",
    "ForumScan",
    "Headline",
    "Hedge",
    "Int32s",
    "Int64s",
    "Interval",
    "Lull",
    "MemberScore",
    "Message",
    "Mood",
    "MoodSource",
    "NewsSource",
    "NewsState",
    "Pair",
    "PairChange",
    "PairTest",
    "Post",
    "Prices",
    "ScanInterval",
    "ScanRequest",
    "ScanState",
    "Side",
    "Source",
    "Spread",
    "Ticks",
    "Venue",
    "Verdict",
    "Window",
    "WindowScore",
    "WindowSpread",
    "names_of",
]

Message = (
    Ticks
    | Bar
    | Lull
    | DailyClose
    | CloseRequest
    | CloseState
    | ScanRequest
    | Budget
    | Spread
    | PairTest
    | Divergence
    | Alert
    | Post
    | ForumScan
    | Headline
    | NewsSource
    | Buzz
    | PairChange
    | FeedHealth
    | DeadLetter
)


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """Name the fields of a kind of message, in order.

    >>> names_of(Lull)
    ('symbol', 'interval', 'after_open_ms', 'until_ms')
    """
    return tuple(get_type_hints(kind))
