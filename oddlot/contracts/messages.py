"""What travels on the topics: frozen messages, validated where they are decoded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Source = Literal["live", "backfill", "replay"]
Interval = Literal["1s", "1m", "5m"]
Prices = Literal["level", "log"]

INTERVAL_MS: dict[Interval, int] = {"1s": 1_000, "1m": 60_000, "5m": 300_000}

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Float64s = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ticks:
    """A batch of trades of one symbol in venue-id order; empty, it is a pure watermark.

    Attributes
    ----------
    symbol : the name the venue trades under.
    source : where the trades come from.
    after_id : the venue id published before this batch by the same producer run, None at its
        start. Whoever has counted less than `after_id` has lost a message; a jump from `after_id`
        to `ids[0]` is the venue's own.
    watermark_ms : every trade of the symbol before this venue time has been published.
    ids : (n,) the venue's ids, increasing.
    event_ms : (n,) the venue's trade times.
    price : (n,) in quote currency, positive.
    quantity : (n,) in base currency, positive.
    is_buyer_maker : (n,) true where the seller was the taker.
    trades : (n,) raw trades behind each row; above 1 only where the venue aggregates.
    """

    symbol: str
    source: Source
    after_id: int | None
    watermark_ms: int
    ids: Int64s
    event_ms: Int64s
    price: Float64s
    quantity: Float64s
    is_buyer_maker: Bools
    trades: Int32s

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One closed bar over [open_ms, open_ms + interval).

    Attributes
    ----------
    symbol : the name the venue trades under.
    interval : its length.
    open_ms : its start, venue time.
    open, high, low, close : prices in quote currency.
    volume : base currency traded.
    quote_volume : quote currency traded.
    taker_buy_volume : base currency bought by takers.
    trades : raw trades.
    first_id, last_id : the venue's ids of its first and last tick.
    complete : false if the venue's ids jump inside it or right before it.
    revision : grows each time the same bar is published again with other content.
    """

    symbol: str
    interval: Interval
    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    taker_buy_volume: float
    trades: int
    first_id: int
    last_id: int
    complete: bool
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lull:
    """A stretch without a trade, hence without a bar, of one symbol.

    Attributes
    ----------
    symbol : the name the venue trades under.
    interval : of the bars that are not there.
    after_open_ms : open of the last bar before the stretch.
    until_ms : no bar opens between that bar and this venue time, a multiple of the interval.
    """

    symbol: str
    interval: Interval
    after_open_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The state of one pair at one bar: y = intercept + hedge_ratio * x + spread.

    Attributes
    ----------
    pair : `y~x`.
    y, x : the symbols of the legs.
    interval, open_ms : the bar that both legs have closed.
    y_close, x_close : last closes of the legs at that bar, in quote currency.
    hedge_ratio, intercept, r_squared : least squares of y on x over the window.
    spread : last residual, in the price of y (or its logarithm).
    z : spread / standard deviation of the residuals (ddof 1).
    correlation : of the legs' returns over the window.
    n : aligned closes behind the figures.
    window : aligned closes wanted.
    warm : n has reached the window.
    stale : a leg has been silent for longer than its limit; then there is no z.
    prices : whether the regression runs on prices or their logarithms.
    """

    pair: str
    y: str
    x: str
    interval: Interval
    open_ms: int
    y_close: float
    x_close: float
    hedge_ratio: float | None
    intercept: float | None
    r_squared: float | None
    spread: float | None
    z: float | None
    correlation: float | None
    n: int
    window: int
    warm: bool
    stale: bool
    prices: Prices


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


Message = Ticks | Bar | Lull | Spread | FeedHealth | DeadLetter
