"""Binance Futures frames -> ticks: `aggTrade` and `trade` events, checked field by field."""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec

from oddlot.errors import BadMessage

KINDS = ("aggTrade", "trade")
USDM = 1  # `st` of USD-M contracts; the other stream types are not ours
MARKET = "MARKET"  # `X` of a market trade; others are insurance fund and ADL prints
MAX_RAW_TRADES = 1_000_000  # behind one aggregate; more means that `f` or `l` is garbage
SHOWN_BYTES = 200  # of a refused frame in a message

_Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Ms = Annotated[int, msgspec.Meta(gt=0, le=253_402_300_799_999)]  # to the end of the year 9999
_Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class Tick(msgspec.Struct, frozen=True, gc=False):
    """One trade as the venue printed it.

    `sent_ms` is the venue's event time, at which it sent the frame; `event_ms` the trade's own.
    """

    symbol: str
    id: int
    event_ms: int
    price: float
    quantity: float
    is_buyer_maker: bool
    trades: int
    sent_ms: int


class _AggTrade(msgspec.Struct, tag="aggTrade", tag_field="e", gc=False):
    s: _Symbol
    a: _Id
    f: _Id
    l: _Id  # noqa: E741  # the venue's name
    p: str
    q: str
    m: bool
    T: _Ms
    E: _Ms
    st: int = USDM


class _Trade(msgspec.Struct, tag="trade", tag_field="e", gc=False):
    s: _Symbol
    t: _Id
    p: str
    q: str
    m: bool
    T: _Ms
    E: _Ms
    X: str = MARKET
    st: int = USDM


class _Combined(msgspec.Struct, gc=False):
    stream: str
    data: _AggTrade | _Trade


_combined = msgspec.json.Decoder(_Combined)
_raw = msgspec.json.Decoder(_AggTrade | _Trade)


def read(frame: str | bytes) -> Tick | None:
    """Read one frame, raw or in the envelope of a combined stream.

    Returns None for what is no market trade of a USD-M contract: answers to control frames, other
    streams, other stream types, prints that are not market trades.

    Raises
    ------
    BadMessage
        If the frame is no JSON object, or a trade whose fields are missing, of the wrong type, or
        impossible.

    Examples
    --------
    >>> read('{"result":null,"id":1}') is None
    True
    """
    try:
        data: _AggTrade | _Trade | None = _combined.decode(frame).data
    except (msgspec.DecodeError, ValueError, RecursionError):
        data = _read_otherwise(frame)
    if data is None or data.st != USDM:
        return None
    price, quantity = _positive("p", data.p, frame), _positive("q", data.q, frame)
    if isinstance(data, _AggTrade):
        trades = data.l - data.f + 1
        if not 0 < trades <= MAX_RAW_TRADES:
            raise _refusal(f"expected l >= f, was f={data.f} l={data.l}", frame)
        return Tick(data.s, data.a, data.T, price, quantity, data.m, trades, data.E)
    if data.X != MARKET:
        return None
    return Tick(data.s, data.t, data.T, price, quantity, data.m, 1, data.E)


def _read_otherwise(frame: str | bytes) -> _AggTrade | _Trade | None:
    """Read what is no well-formed trade in an envelope; None if it does not claim to be one."""
    try:
        anything = msgspec.json.decode(frame)
    except (msgspec.DecodeError, ValueError, RecursionError) as e:
        raise _refusal(f"expected JSON: {e}", frame) from e
    if not isinstance(anything, dict):
        raise _refusal("expected a JSON object", frame)
    try:
        if _claims_a_trade(anything):
            _combined.decode(frame)  # says which field is wrong
        if anything.get("e") in KINDS:
            trade: _AggTrade | _Trade = _raw.decode(frame)
            return trade
    except msgspec.DecodeError as e:
        raise _refusal(str(e), frame) from e
    return None


def _claims_a_trade(envelope: dict[str, Any]) -> bool:
    stream, data = envelope.get("stream"), envelope.get("data")
    named = isinstance(stream, str) and stream.rpartition("@")[2] in KINDS
    return named or (isinstance(data, dict) and data.get("e") in KINDS)


def _positive(name: str, text: str, frame: str | bytes) -> float:
    try:
        number = float(text)
    except ValueError as e:
        raise _refusal(f"{name}: expected a number, was {text[:40]!r}", frame) from e
    if not 0.0 < number < math.inf:
        raise _refusal(f"{name}: expected a positive number, was {text[:40]!r}", frame)
    return number


def _refusal(reason: str, frame: str | bytes) -> BadMessage:
    return BadMessage(f"not a trade frame: {reason}, in {frame[:SHOWN_BYTES]!r}")
