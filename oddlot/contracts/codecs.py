"""Messages <-> bytes: JSON for all but ticks, MessagePack columns for ticks."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np

from oddlot.contracts.messages import Message, Ticks
from oddlot.errors import BadMessage

M = TypeVar("M", bound=Message)

# One row of ticks on the wire, column by column, little-endian.
TICK_COLUMNS: tuple[tuple[str, str], ...] = (
    ("ids", "<i8"),
    ("event_ms", "<i8"),
    ("price", "<f8"),
    ("quantity", "<f8"),
    ("is_buyer_maker", "|b1"),
)
SHOWN_BYTES = 200  # of a refused payload in an error message


class Codec(Protocol[M]):
    """Turns one kind of message into bytes and back."""

    content_type: str

    def encode(self, message: M) -> bytes:
        """Give the bytes of a message."""

    def decode(self, payload: bytes) -> M:
        """Give the message of the bytes; raise BadMessage on any other shape."""


class JsonCodec(Codec[M]):
    """One JSON object a message; unknown fields are ignored, missing ones refused."""

    content_type = "application/json"

    def __init__(self, kind: type[M]) -> None:
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(kind)

    def encode(self, message: M) -> bytes:
        """Give the message as one JSON object; NaN and infinity become null."""
        return self._encoder.encode(message)

    def decode(self, payload: bytes) -> M:
        """Read one JSON object, checking every field's presence and type."""
        try:
            return self._decoder.decode(payload)
        except msgspec.DecodeError as e:
            raise BadMessage(f"{e}, was {payload[:SHOWN_BYTES]!r}") from e


class _TickWire(msgspec.Struct, frozen=True):
    symbol: str
    source: str
    after_id: int | None
    watermark_ms: int
    ids: bytes
    event_ms: bytes
    price: bytes
    quantity: bytes
    is_buyer_maker: bytes
    trades: bytes = b""  # left out where every row is one raw trade: four bytes a row saved


class TickCodec(Codec[Ticks]):
    """A map of packed columns: 33 bytes a trade, decoded without copying.

    Columns are views of the payload and therefore read-only.
    """

    content_type = "application/msgpack"

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_TickWire)

    def encode(self, message: Ticks) -> bytes:
        """Pack the columns; raise ValueError if their lengths differ."""
        columns: dict[str, Any] = {}
        for name, dtype in TICK_COLUMNS:
            column = getattr(message, name)
            if len(column) != len(message.ids):
                raise ValueError(f"{name} has {len(column)} rows, ids {len(message.ids)}")
            columns[name] = np.ascontiguousarray(column, dtype).tobytes()
        if (message.trades != 1).any():
            columns["trades"] = np.ascontiguousarray(message.trades, "<i4").tobytes()
        return self._encoder.encode(
            _TickWire(
                symbol=message.symbol,
                source=message.source,
                after_id=message.after_id,
                watermark_ms=message.watermark_ms,
                **columns,
            )
        )

    def decode(self, payload: bytes) -> Ticks:
        """Unpack the columns, checking that they are equally long."""
        try:
            wire = self._decoder.decode(payload)
            columns: dict[str, Any] = {
                name: np.frombuffer(getattr(wire, name), dtype) for name, dtype in TICK_COLUMNS
            }
            rows = len(columns["ids"])
            columns["trades"] = (
                np.frombuffer(wire.trades, "<i4") if wire.trades else np.ones(rows, np.int32)
            )
        except (msgspec.DecodeError, ValueError) as e:
            raise BadMessage(f"not a batch of ticks: {e}, was {payload[:SHOWN_BYTES]!r}") from e
        if any(len(column) != rows for column in columns.values()):
            lengths = {name: len(column) for name, column in columns.items()}
            raise BadMessage(f"columns of ticks differ in length: {lengths}")
        if wire.source not in {"live", "backfill", "replay"}:
            raise BadMessage(f"source of ticks: live, backfill or replay, was {wire.source!r}")
        return Ticks(
            symbol=wire.symbol,
            source=wire.source,  # type: ignore[arg-type]  # checked above
            after_id=wire.after_id,
            watermark_ms=wire.watermark_ms,
            **columns,
        )
