"""Bars folded from recorded aggTrades agree with the venue's own bars in the same recording."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oddlot.contracts.messages import Bar, Ticks
from oddlot.quant.bars import Folding, Level, add_ticks
from producers import frames
from producers.captures import Capture
from producers.frames import Tick
from tests.builders import ticks

pytestmark = pytest.mark.real_data

SYMBOLS = ("SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT")
COVERED_NEXT = {"SUSHIUSDT", "CTKUSDT", "KEEPUSDT"}  # AKRO's next minute has no whole kline
MINUTE_MS = 60_000
SUMS = {"volume": "v", "quote_volume": "q", "taker_buy_volume": "V"}
PRICES = {"open": "o", "high": "h", "low": "l", "close": "c"}

Kline = dict[str, Any]


@pytest.fixture(scope="module")
def recording(real_data: Path) -> dict[str, list[Kline | tuple[Tick, int]]]:
    """Give the frames of each symbol in their order: ticks with their last raw id, and klines."""
    found: dict[str, list[Any]] = defaultdict(list)
    with Capture(real_data / "binance/usdm_aggtrade_kline_20210722.txt") as capture:
        for line in capture.lines():
            data = json.loads(line.frame)["data"]
            if data["e"] == "kline":
                found[data["s"]].append(data["k"])
            elif (tick := frames.read(line.frame)) is not None:
                found[tick.symbol].append((tick, data["l"]))
    return found


def klines(items: list[Any]) -> Iterator[Kline]:
    return (item for item in items if isinstance(item, dict))


def whole(items: list[Any]) -> Iterator[Kline]:
    """Give the klines that end with an aggregate: others were sent from the midst of one."""
    inside = {
        raw for i in items if isinstance(i, tuple) for raw in range(i[1] - i[0].trades + 1, i[1])
    }
    return (kline for kline in klines(items) if kline["L"] not in inside)


def batch_of(items: list[Any], after_id: int, until_id: int) -> Ticks:
    """Give the ticks whose raw trades lie in (after_id, until_id]."""
    rows = [i[0] for i in items if isinstance(i, tuple) and after_id < i[1] <= until_id]
    batch = ticks(
        symbol="",
        ids=[tick.id for tick in rows],
        event_ms=[tick.event_ms for tick in rows],
        price=[tick.price for tick in rows],
        quantity=[tick.quantity for tick in rows],
        is_buyer_maker=[tick.is_buyer_maker for tick in rows],
    )
    batch.trades[:] = [tick.trades for tick in rows]
    return batch


def bar_of(kline: Kline) -> Bar:
    return Bar(
        symbol=kline["s"],
        interval="1m",
        open_ms=kline["t"],
        **{ours: float(kline[theirs]) for ours, theirs in (PRICES | SUMS).items()},
        trades=kline["n"],
        first_id=0,
        last_id=0,
        complete=True,
    )


def assert_agrees(bar: Bar, kline: Kline) -> None:
    assert (bar.open_ms, bar.trades) == (kline["t"], kline["n"])
    for ours, theirs in PRICES.items():
        assert getattr(bar, ours) == float(kline[theirs])
    for ours, theirs in SUMS.items():
        assert getattr(bar, ours) == pytest.approx(float(kline[theirs]), rel=1e-9)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_minute_gone_on_with_from_the_first_kline_ends_as_the_closed_one(recording, symbol):
    items = recording[symbol]
    first = next(whole(items))
    closed = next(kline for kline in klines(items) if kline["x"])
    since = batch_of(items, first["L"], closed["L"])
    assert len(since), "the recording has trades between the two"
    state = Folding(
        symbol=symbol,
        last_id=int(since.ids[0]) - 1,
        levels=(Level(), Level(open_bar=bar_of(first)), Level()),
    )
    over = ticks(ids=[], event_ms=[], watermark_ms=closed["t"] + MINUTE_MS)
    (bar,) = [b for b in add_ticks(state, [since, over]).bars if b.interval == "1m"]
    assert_agrees(bar, closed)
    assert bar.complete


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_minute_seen_from_its_start_agrees_with_the_last_kline_of_it(recording, symbol):
    items = recording[symbol]
    closed = next(kline for kline in klines(items) if kline["x"])
    later = [kline for kline in whole(items) if kline["t"] > closed["t"]]
    if symbol not in COVERED_NEXT:
        assert not later, "add it to those that are covered"
        return
    seen = batch_of(items, closed["L"], later[-1]["L"])
    over = ticks(ids=[], event_ms=[], watermark_ms=later[-1]["t"] + MINUTE_MS)
    state = Folding(symbol=symbol, last_id=int(seen.ids[0]) - 1)
    (bar,) = [b for b in add_ticks(state, [seen, over]).bars if b.interval == "1m"]
    assert_agrees(bar, later[-1])
    assert bar.complete
