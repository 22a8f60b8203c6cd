"""What the market does: ticks, bars, lulls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

Source = Literal["live", "backfill", "replay"]
Interval = Literal["1s", "1m", "5m"]

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


class Bar(msgspec.Struct, frozen=True):
    """One closed bar over [open_ms, open_ms + interval).

    A backlog is folded into millions of these: a frozen dataclass would take five times as long.

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
