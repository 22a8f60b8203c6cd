"""What travels on the topics: frozen messages, validated where they are decoded."""

from __future__ import annotations

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

__all__ = [
    "INTERVAL_MS",
    "Alert",
    "Bar",
    "Bools",
    "Crossing",
    "DeadLetter",
    "FeedHealth",
    "Float64s",
    "Hedge",
    "Int32s",
    "Int64s",
    "Interval",
    "Lull",
    "Message",
    "Pair",
    "PairChange",
    "PairTest",
    "Prices",
    "Side",
    "Source",
    "Spread",
    "Ticks",
]

Message = Ticks | Bar | Lull | Spread | PairTest | Alert | PairChange | FeedHealth | DeadLetter
