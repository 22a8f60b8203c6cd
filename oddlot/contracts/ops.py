"""How the system is doing: feed health, dead letters."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """How a source is doing, said once a second and at every change.

    Attributes
    ----------
    feed : its name.
    connected : frames are expected to arrive.
    simulated : the outside world is the sandbox.
    symbols : how many are subscribed.
    last_frame_ms : arrival time of the last frame, None before the first.
    silence_ms : since then.
    lag_ms : arrival time minus venue event time of the last frame; clocks may differ.
    trades_total, rejected_total, reconnects_total : since the producer started.
    detail : in plain words, what is wrong and what is being done about it.
    sent_ms : our clock.
    optional : whether the system is well without it, as it is without posts and headlines.
    """

    feed: str
    connected: bool
    simulated: bool
    symbols: int
    last_frame_ms: int | None
    silence_ms: int | None
    lag_ms: int | None
    trades_total: int
    rejected_total: int
    reconnects_total: int
    detail: str
    sent_ms: int
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A refused message, kept with its reason.

    Attributes
    ----------
    origin : who refused it: a feed, or a topic and its reader.
    reason : what was expected and what was found.
    payload : its bytes (base64 in JSON), cut at 64 KiB.
    sent_ms : our clock.
    """

    origin: str
    reason: str
    payload: bytes = field(repr=False)
    sent_ms: int
