"""Short ways to make messages for tests."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from oddlot.contracts.messages import Ticks

START_MS = 1_700_000_000_000


def ticks(
    *,
    ids: Sequence[int] | Any,
    event_ms: Sequence[int] | Any,
    price: Any = 100.0,
    quantity: Any = 1.0,
    is_buyer_maker: Any = False,
    symbol: str = "BTCUSDT",
    after_id: int | None = None,
    watermark_ms: int | None = None,
) -> Ticks:
    """Make a batch; single values stand for a whole column."""
    n = len(ids)
    times = np.asarray(event_ms, np.int64)
    if watermark_ms is None:
        watermark_ms = int(times.max()) if n else 0
    return Ticks(
        symbol=symbol,
        source="live",
        after_id=after_id,
        watermark_ms=watermark_ms,
        ids=np.asarray(ids, np.int64),
        event_ms=times,
        price=np.broadcast_to(np.asarray(price, np.float64), n).copy(),
        quantity=np.broadcast_to(np.asarray(quantity, np.float64), n).copy(),
        is_buyer_maker=np.broadcast_to(np.asarray(is_buyer_maker, np.bool_), n).copy(),
        trades=np.ones(n, np.int32),
    )


def cut(whole: Ticks, at: Iterable[int]) -> list[Ticks]:
    """Cut a batch at some rows, the pieces connected as a producer would."""
    bounds = sorted({0, len(whole), *(i for i in at if i < len(whole))})
    pieces = []
    after_id = whole.after_id
    for first, last in itertools.pairwise(bounds):
        part = slice(first, last)
        pieces.append(
            Ticks(
                symbol=whole.symbol,
                source=whole.source,
                after_id=after_id,
                watermark_ms=int(np.maximum.accumulate(whole.event_ms)[last - 1]),
                ids=whole.ids[part],
                event_ms=whole.event_ms[part],
                price=whole.price[part],
                quantity=whole.quantity[part],
                is_buyer_maker=whole.is_buyer_maker[part],
                trades=whole.trades[part],
            )
        )
        after_id = int(whole.ids[last - 1])
    return pieces


def trades_of_capture(path: Path) -> Ticks:
    """Read the trades of one recorded capture, apart from the product's own parser."""
    frames = []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if '"e":"trade"' in line:
                frames.append(json.loads(line.split(" ", 1)[1])["data"])
    return ticks(
        symbol=frames[0]["s"],
        ids=[frame["t"] for frame in frames],
        event_ms=[frame["T"] for frame in frames],
        price=[float(frame["p"]) for frame in frames],
        quantity=[float(frame["q"]) for frame in frames],
        is_buyer_maker=[frame["m"] for frame in frames],
    )
