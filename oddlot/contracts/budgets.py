"""What providers of daily closes still give: their quotas, and how far each symbol has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Window = Literal["second", "minute", "day", "month"]
FetchState = Literal["fetched", "queued", "waiting", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWindow:
    """How much of one limit is spent.

    Attributes
    ----------
    window : days and months are UTC; seconds and minutes slide.
    limit, used, left : in the provider's own unit.
    resets_ms : when there will be more: the next day or month, or, where the window slides, when
        the next unit becomes free; None where nothing is spent.
    """

    window: Window
    limit: int
    used: int
    left: int
    resets_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a provider of daily closes still gives.

    Attributes
    ----------
    provider, title : its name, for machines and for people.
    unit : what it counts: credits, requests, weight.
    windows : its limits.
    has_key : whether it can be asked at all.
    blocked_until_ms : it is left alone until then; None where it may be asked.
    detail : in plain words, what is wrong; empty if nothing is.
    fetched_total, rejected_total : symbols delivered, and calls it turned down for its quota, since
        the producer started.
    sent_ms : our clock.
    """

    provider: str
    title: str
    unit: str
    windows: tuple[BudgetWindow, ...]
    has_key: bool
    blocked_until_ms: int | None
    detail: str
    fetched_total: int
    rejected_total: int
    sent_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseState:
    """How far the daily closes of one symbol have come, said at every change.

    Attributes
    ----------
    symbol : the name the venue trades under.
    state : fetched: published; queued: being fetched, or its turn comes within minutes; waiting:
        for a quota; refused: nobody can give them.
    provider : who gave them, or who will; empty if nobody.
    reason : in plain words; empty where there is nothing to explain.
    until_ms : when that may change: fetched anew at the earliest, or the quota returns; None where
        it cannot be said.
    fetched_ms : when what is known was fetched; None if nothing is.
    sent_ms : our clock.
    """

    symbol: str
    state: FetchState
    provider: str
    reason: str
    until_ms: int | None
    fetched_ms: int | None
    sent_ms: int
