"""Parse, codec, bars: trades/s of each in one process, against the naive way in the same run.

uv run python -m benchmarks.parts
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from benchmarks import worlds
from benchmarks.backlog import CAPTURES, fold_one
from oddlot.contracts.topics import TICKS
from oddlot.quant.bars import Folding, add_ticks
from producers import captures, frames

RUNS = 5  # the best counts: whatever else the machine does only makes a run slower
SIZE, AT_ONCE = 500, 50  # trades a batch, batches a fold
NAIVE_KEYS = ("id", "event_ms", "price", "quantity", "is_buyer_maker")


def main() -> None:
    """Print a line a part."""
    whole = worlds.recorded_trades(CAPTURES[0])
    batches = list(worlds.repeated(whole, 1, SIZE))
    encoded = [TICKS.codec.encode(batch) for batch in batches]
    trades = [
        dict(zip(NAIVE_KEYS, row, strict=True))
        for row in zip(*(getattr(whole, name).tolist() for name in COLUMNS), strict=True)
    ]
    lines = [json.dumps(trade).encode() for trade in trades]
    raw = _trade_frames(CAPTURES[0])
    n = len(whole)
    _show("parse a frame", n, lambda: [*map(frames.read, raw)], lambda: [*map(_parse, raw)])
    _show(
        f"encode, {SIZE} a record",
        n,
        lambda: [TICKS.codec.encode(batch) for batch in batches],
        lambda: [json.dumps(trade).encode() for trade in trades],
    )
    _show(
        f"decode, {SIZE} a record",
        n,
        lambda: [TICKS.codec.decode(payload) for payload in encoded],
        lambda: [json.loads(line) for line in lines],
    )
    _show("bars", n, lambda: _fold(batches), lambda: _fold_naively(trades))


COLUMNS = ("ids", "event_ms", "price", "quantity", "is_buyer_maker")


def _show(part: str, trades: int, ours: Callable[[], Any], naive: Callable[[], Any]) -> None:
    rates = [trades / min(_timed(way) for _ in range(RUNS)) for way in (ours, naive)]
    ratio = rates[0] / rates[1]
    print(f"{part:<22} {rates[0]:>12,.0f} trades/s   naive {rates[1]:>12,.0f}   {ratio:>6.1f} x")


def _timed(way: Callable[[], Any]) -> float:
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def _trade_frames(name: str) -> list[bytes]:
    capture = captures.Capture(worlds.RECORDINGS / "binance" / name)
    with contextlib.closing(capture):
        return [line.frame for line in capture.lines() if b'"e":"trade"' in line.frame]


def _parse(frame: bytes) -> dict[str, Any]:
    data = json.loads(frame)["data"]
    return {
        "symbol": data["s"],
        "id": data["t"],
        "event_ms": data["T"],
        "price": float(data["p"]),
        "quantity": float(data["q"]),
        "is_buyer_maker": data["m"],
    }


def _fold(batches: list[Any]) -> None:
    """Three intervals, duplicates dropped, bars closed."""
    state = Folding(symbol=batches[0].symbol)
    for first in range(0, len(batches), AT_ONCE):
        state = add_ticks(state, batches[first : first + AT_ONCE]).state


def _fold_naively(trades: list[dict[str, Any]]) -> None:
    """One interval, nothing checked."""
    bars: dict[int, list[float]] = {}
    for trade in trades:
        fold_one(bars, trade)


if __name__ == "__main__":
    main()
