"""Frames: what is a tick, what is somebody else's, and what is refused."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any

import pytest

from oddlot.errors import BadMessage
from producers import frames
from producers.captures import Capture
from tests import builders

AGG_TRADE: dict[str, Any] = {
    "e": "aggTrade",
    "E": 1_750_000_000_120,
    "s": "BTCUSDT",
    "a": 2_500_000_001,
    "p": "97000.10",
    "q": "0.025",
    "nq": "0.025",
    "f": 5_900_000_003,
    "l": 5_900_000_005,
    "T": 1_750_000_000_000,
    "m": True,
    "st": 1,
}
TRADE: dict[str, Any] = {
    "e": "trade",
    "E": 1_750_000_000_002,
    "T": 1_750_000_000_000,
    "s": "BTCUSDT",
    "t": 5_900_000_003,
    "p": "97000.10",
    "q": "0.025",
    "X": "MARKET",
    "m": False,
}


def enveloped(data: dict[str, Any], **changes: Any) -> bytes:
    """Put changed data into a combined stream's envelope; None takes a field out."""
    changed = {name: value for name, value in (data | changes).items() if value is not None}
    return json.dumps({"stream": f"btcusdt@{data['e']}", "data": changed}).encode()


def ticks_of(path: Path) -> list[frames.Tick]:
    with Capture(path) as capture:
        return [tick for line in capture.lines() if (tick := frames.read(line.frame))]


def test_an_aggregate_trade_is_a_tick_with_its_raw_trades_counted() -> None:
    assert frames.read(enveloped(AGG_TRADE)) == frames.Tick(
        symbol="BTCUSDT",
        id=2_500_000_001,
        event_ms=1_750_000_000_000,
        price=97_000.1,
        quantity=0.025,
        is_buyer_maker=True,
        trades=3,
        sent_ms=1_750_000_000_120,
    )


def test_a_trade_is_a_tick_of_one_raw_trade() -> None:
    tick = frames.read(enveloped(TRADE))
    assert tick is not None
    assert (tick.id, tick.trades, tick.is_buyer_maker) == (5_900_000_003, 1, False)


@pytest.mark.parametrize("data", [AGG_TRADE, TRADE], ids=["aggTrade", "trade"])
def test_a_frame_without_an_envelope_says_the_same(data: dict[str, Any]) -> None:
    assert frames.read(json.dumps(data)) == frames.read(enveloped(data))


@pytest.mark.parametrize("missing", ["nq", "st"])
def test_optional_fields_may_be_missing(missing: str) -> None:
    assert frames.read(enveloped(AGG_TRADE, **{missing: None})) == frames.read(enveloped(AGG_TRADE))


def test_a_trade_without_its_kind_counts() -> None:
    assert frames.read(enveloped(TRADE, X=None)) is not None


@pytest.mark.parametrize(
    "frame",
    [
        enveloped(AGG_TRADE, st=2),
        enveloped(TRADE, X="INSURANCE_FUND"),
        enveloped(TRADE, X="ADL"),
        b'{"result":null,"id":1}',
        b'{"error":{"code":2,"msg":"Invalid request"},"id":1}',
        b'{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","s":"BTCUSDT","b":"1","a":"2"}}',
        b'{"lastUpdateId":5123107852948,"E":1723161256501,"bids":[["61800.20","2.909"]]}',
    ],
)
def test_what_is_no_market_trade_of_ours_is_passed_over(frame: bytes) -> None:
    assert frames.read(frame) is None


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "JSON"),
        (b"nonsense", "JSON"),
        (b"\xff\xfe{", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[1,2]", "JSON object"),
        (b'"trade"', "JSON object"),
        (b'{"stream":"btcusdt@aggTrade","data":{}}', "`e`"),
        (b'{"stream":"btcusdt@aggTrade"}', "`data`"),
        (b'{"stream":7,"data":{"e":"trade"}}', "stream"),
        (enveloped(AGG_TRADE)[:-20], "JSON"),
        (enveloped(AGG_TRADE, p="0"), "p: expected a positive number"),
        (enveloped(AGG_TRADE, p="-1.5"), "p: expected a positive number"),
        (enveloped(AGG_TRADE, p="nan"), "p: expected a positive number"),
        (enveloped(AGG_TRADE, p="inf"), "p: expected a positive number"),
        (enveloped(AGG_TRADE, p="1e999"), "p: expected a positive number"),
        (enveloped(AGG_TRADE, p=""), "p: expected a number"),
        (enveloped(AGG_TRADE, p="cheap"), "p: expected a number"),
        (enveloped(AGG_TRADE, p=97_000.1), "data.p"),
        (enveloped(AGG_TRADE, p=None), "`p`"),
        (enveloped(AGG_TRADE, q="0.000"), "q: expected a positive number"),
        (enveloped(AGG_TRADE, q="-1"), "q: expected a positive number"),
        (enveloped(AGG_TRADE, q=1), "data.q"),
        (enveloped(AGG_TRADE, a="7"), "data.a"),
        (enveloped(AGG_TRADE, a=-1), "data.a"),
        (enveloped(AGG_TRADE, a=1.5), "data.a"),
        (enveloped(AGG_TRADE, a=2**63), "data.a"),
        (enveloped(AGG_TRADE, a=True), "data.a"),
        (enveloped(AGG_TRADE, T=0), "data.T"),
        (enveloped(AGG_TRADE, T=1_750_000_000_000_000_000), "data.T"),
        (enveloped(AGG_TRADE, m="true"), "data.m"),
        (enveloped(AGG_TRADE, s=""), "data.s"),
        (enveloped(AGG_TRADE, s="X" * 40), "data.s"),
        (enveloped(AGG_TRADE, l=1), "l >= f"),
        (enveloped(AGG_TRADE, l=5_900_000_003 + 10_000_000), "l >= f"),
        (enveloped(TRADE, t=None), "`t`"),
        (enveloped(TRADE, q="0"), "q: expected a positive number"),
    ],
)
def test_a_frame_that_is_wrong_is_refused_with_what_is_wrong(frame: bytes, reason: str) -> None:
    with pytest.raises(BadMessage) as refused:
        frames.read(frame)
    assert reason in str(refused.value)
    assert len(str(refused.value)) < 1_500, "a reason, not the payload"


@pytest.mark.real_data
def test_a_recorded_capture_gives_the_trades_that_an_independent_reader_finds(
    real_data: Path,
) -> None:
    path = real_data / "binance" / "usdm_ethusdt_20240808.gz"
    found = ticks_of(path)
    expected = builders.trades_of_capture(path)
    assert [tick.id for tick in found] == expected.ids.tolist()
    assert [tick.event_ms for tick in found] == expected.event_ms.tolist()
    assert [tick.price for tick in found] == expected.price.tolist()
    assert [tick.quantity for tick in found] == expected.quantity.tolist()
    assert [tick.is_buyer_maker for tick in found] == expected.is_buyer_maker.tolist()


@pytest.mark.real_data
def test_recorded_aggregates_are_read_among_other_streams(real_data: Path) -> None:
    path = real_data / "binance" / "usdm_aggtrade_kline_20210722.txt"
    found = ticks_of(path)
    assert len(found) == 91
    assert {tick.symbol for tick in found} == {"SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT"}
    assert any(tick.trades > 1 for tick in found)


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(frames).failed == 0
