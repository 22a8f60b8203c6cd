"""Content codings of HTTP bodies -> plain bytes, every frame of them; and back."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import lz4.frame

from oddlot.local import clickhouse_errors

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE_BYTES = 1 << 20  # of plain bytes at a time, however well a body was packed
_GZIP = 16 + zlib.MAX_WBITS  # zlib's own way to ask for a gzip header
_UNCODED = ("", "identity")
_BROKEN = (RuntimeError, ValueError, EOFError, OSError, zlib.error, zstd.ZstdError)


class Encoder(Protocol):
    """Packs one body, piece by piece."""

    def begin(self) -> bytes:
        """Give what comes before the first piece."""

    def compress(self, data: bytes) -> bytes:
        """Pack a piece."""

    def flush(self) -> bytes:
        """Give what comes after the last piece."""


class Decoder:
    """Unpacks one body that may be several frames, one after the other."""

    def __init__(self, coding: str) -> None:
        if coding not in _DECODERS:
            raise clickhouse_errors.failed(
                "NOT_IMPLEMENTED",
                f"Expected content-encoding {', '.join(sorted(_DECODERS))} or none, "
                f"was {coding[:40]!r}; send the body as it is",
            )
        self._coding = coding
        self._frame: Any = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Unpack what has arrived.

        Parameters
        ----------
        data : the next bytes of the body, cut anywhere.

        Raises
        ------
        StatementFailed
            If they are not what the coding says.
        """
        try:
            while data or (self._frame is not None and not self._frame.needs_input):
                if self._frame is None:
                    self._frame = _DECODERS[self._coding]()
                piece = self._frame.decompress(data, PIECE_BYTES)
                data = b""
                if self._frame.eof:
                    # The next frame follows at once: stopping here would drop it in silence.
                    data, self._frame = self._frame.unused_data or b"", None
                if piece:
                    yield piece
        except _BROKEN as e:
            raise clickhouse_errors.failed(
                "INCORRECT_DATA", f"Expected a body in {self._coding}, was broken: {e}"
            ) from e

    def finish(self) -> None:
        """Check that the last frame was complete.

        Raises
        ------
        StatementFailed
            If the body ends inside a frame.
        """
        if self._frame is not None and self._coding not in _UNCODED:
            raise clickhouse_errors.failed(
                "INCORRECT_DATA", f"Expected the end of a frame in {self._coding}, was cut off"
            )


def encoder(accepted: str) -> tuple[str, Encoder] | None:
    """Choose the coding of an answer.

    Parameters
    ----------
    accepted : an Accept-Encoding header; the first coding known is taken, weights are ignored.
    """
    for item in accepted.split(","):
        coding = item.partition(";")[0].strip().lower()
        if coding in _ENCODERS:
            return coding, _ENCODERS[coding]()
    return None


class _Plain:
    eof = False
    needs_input = True
    unused_data = b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return data


class _Inflate:
    """zlib with the interface of the other two."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        plain = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = len(plain) < max_length
        return plain


class _ZstdEncoder:
    def __init__(self) -> None:
        self._zstd = zstd.ZstdCompressor(level=1)

    def begin(self) -> bytes:
        return b""

    def compress(self, data: bytes) -> bytes:
        packed: bytes = self._zstd.compress(data)
        return packed

    def flush(self) -> bytes:
        last: bytes = self._zstd.flush()
        return last


class _Deflate:
    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.compressobj(level=1, wbits=wbits)

    def begin(self) -> bytes:
        return b""

    def compress(self, data: bytes) -> bytes:
        return self._zlib.compress(data)

    def flush(self) -> bytes:
        return self._zlib.flush()


_DECODERS: dict[str, Callable[[], Any]] = {
    "": _Plain,
    "identity": _Plain,
    "lz4": lz4.frame.LZ4FrameDecompressor,
    "zstd": zstd.ZstdDecompressor,
    "gzip": lambda: _Inflate(_GZIP),
    "deflate": lambda: _Inflate(zlib.MAX_WBITS),
}
_ENCODERS: dict[str, Callable[[], Encoder]] = {
    "lz4": lz4.frame.LZ4FrameCompressor,
    "zstd": _ZstdEncoder,
    "gzip": lambda: _Deflate(_GZIP),
    "deflate": lambda: _Deflate(zlib.MAX_WBITS),
}
