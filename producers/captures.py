"""Recorded raw captures, gzip or not -> frames, each with the number of its line.

Two formats are known: `<local clock, ns> <frame>` on every line, and a first line with the
subscription's URL, then `<epoch s>: <frame>`. Both clocks are the recorder's: times come from the
frames.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, Self

from oddlot.errors import BadCapture

GZIP_MAGIC = b"\x1f\x8b"
MAX_LINE_BYTES = 1024 * 1024  # a depth snapshot of 1,000 levels has 60 KB
SHOWN_BYTES = 80
FORMATS = "lines of `<ns> <frame>`, or a URL and then lines of `<seconds>: <frame>`, gzip or not"
_PREFIX = re.compile(rb"\d{16,20} |\d{9,11}(?:\.\d+)?: ")
_URL = re.compile(rb"wss?://\S+")


class Line(NamedTuple):
    """One recorded frame; `error` says why the line has none."""

    number: int
    frame: bytes
    error: str = ""


class Capture:
    """One open file of recorded frames; `bytes_read` of `bytes_total` tells how far it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as e:
            raise BadCapture(f"{path}: expected a readable file: {e.strerror}") from e
        self.bytes_total = path.stat().st_size
        magic = self._file.peek(len(GZIP_MAGIC))[: len(GZIP_MAGIC)]
        self._lines: IO[bytes] | gzip.GzipFile = self._file
        if magic == GZIP_MAGIC:
            self._lines = gzip.GzipFile(fileobj=self._file)
        self._check_format()

    @property
    def bytes_read(self) -> int:
        """How much of the file, as it lies on disk, has been read."""
        return min(self._file.tell(), self.bytes_total)

    def close(self) -> None:
        """Close the file."""
        self._lines.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lines(self) -> Iterator[Line]:
        """Give every line's frame; a line that is none tells why, and reading goes on."""
        self._lines.seek(0)
        number = 0
        while True:
            number += 1
            try:
                line = self._lines.readline(MAX_LINE_BYTES)
            except (EOFError, zlib.error, gzip.BadGzipFile) as e:
                # A recorder that was killed leaves a torn end; what came before it counts.
                yield Line(number, b"", f"the compressed data is damaged from here on: {e}")
                return
            if not line:
                return
            text = line.rstrip()
            if not text or (number == 1 and _URL.match(text)):
                continue
            prefix = _PREFIX.match(text)
            if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                self._skip_line()
                yield Line(number, text, f"expected at most {MAX_LINE_BYTES} bytes on a line")
            elif prefix is None:
                yield Line(number, text, "expected the recorder's clock, then a frame")
            else:
                yield Line(number, text[prefix.end() :])

    def _skip_line(self) -> None:
        while (rest := self._lines.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            continue

    def _check_format(self) -> None:
        try:
            first = self._lines.readline(MAX_LINE_BYTES).rstrip()
        except (OSError, EOFError, zlib.error) as e:
            self.close()
            raise BadCapture(f"{self.path}: expected {FORMATS}; found damaged gzip: {e}") from e
        if not (_PREFIX.match(first) or _URL.match(first)):
            self.close()
            found = repr(first[:SHOWN_BYTES]) if first else "an empty line or file"
            raise BadCapture(f"{self.path}: expected {FORMATS}; found {found}")
