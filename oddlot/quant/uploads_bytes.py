"""The bytes of a file, packed or not, in any usual encoding -> its text, read piece by piece."""

from __future__ import annotations

import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from oddlot.errors import BadUpload

SAMPLE_BYTES = 256 * 1024  # what a file is judged by
MAX_LINE_CHARACTERS = 64 * 1024  # a thousand symbols in one line fit
NULS_OF_TEXT = 0.3  # share of NULs in UTF-16 without a mark is near a half

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # starts as UTF-16 LE does
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_REST = ("__MACOSX/", ".DS_Store")  # what macOS puts in a zip


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    r"""An opened file.

    Attributes
    ----------
    stream : its text, line ends all "\n", bytes that do not decode as U+FFFD.
    encoding : of its bytes.
    packing : "gzip", "zip" or "".
    inner_name : of the file in a zip; empty otherwise.
    """

    stream: TextIO
    encoding: str
    packing: str
    inner_name: str


def open_text(file: BinaryIO, *, name: str, encoding: str | None, max_bytes: int) -> Text:
    """Open a file from its start.

    Parameters
    ----------
    file : seekable.
    name : for messages.
    encoding : of the text, if known; None to find out.
    max_bytes : how much text it may unpack to; reading more raises BadUpload.

    Raises
    ------
    BadUpload
        If it is empty, no text, or a zip with other than one file.
    """
    file.seek(0)
    head = file.read(len(_ZIP))
    file.seek(0)
    packing, inner_name, plain = "", "", file
    if head.startswith(_GZIP):
        packing, plain = "gzip", gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[assignment]
    elif head == _ZIP:
        packing = "zip"
        plain, inner_name = _only_member(file, name)
    guarded = io.BufferedReader(_Guarded(plain, name, max_bytes), SAMPLE_BYTES)
    sample = guarded.peek(SAMPLE_BYTES)
    if not sample.strip():
        raise BadUpload(f"{name}: expected rows of prices, was empty; export it again")
    found = _encoding_of(sample, name, encoding)
    stream = io.TextIOWrapper(guarded, encoding=found, errors="replace")
    return Text(
        stream=stream,
        encoding=found.removesuffix("-sig"),
        packing=packing,
        inner_name=inner_name,
    )


class _Guarded(io.RawIOBase):
    """Reads on until a limit is passed; errors of unpacking are said as ours."""

    def __init__(self, plain: BinaryIO, name: str, max_bytes: int) -> None:
        self._plain = plain
        self._name = name
        self._max_bytes = max_bytes
        self._read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            piece = self._plain.read(len(buffer))
        except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as e:
            raise BadUpload(
                f"{self._name}: expected a whole packed file, was broken ({e}); send it again"
            ) from e
        self._read_bytes += len(piece)
        if self._read_bytes > self._max_bytes:
            raise BadUpload(
                f"{self._name}: expected at most {self._max_bytes:,} bytes once unpacked, "
                "was more; split it"
            )
        buffer[: len(piece)] = piece
        return len(piece)


def _only_member(file: BinaryIO, name: str) -> tuple[BinaryIO, str]:
    """Open the one file of a zip."""
    try:
        archive = zipfile.ZipFile(file)
        members = [
            info
            for info in archive.infolist()
            if not info.is_dir() and not info.filename.startswith(_REST[0])
            and not info.filename.endswith(_REST[1])
        ]  # fmt: skip
        if len(members) != 1:
            shown = ", ".join(info.filename for info in members[:5]) or "none"
            raise BadUpload(
                f"{name}: expected one file in the zip, was {len(members)} ({shown}); "
                "send them unpacked, or a zip each"
            )
        if members[0].flag_bits & 1:
            raise BadUpload(f"{name}: expected an open zip, was encrypted; send it unpacked")
        return archive.open(members[0]), members[0].filename  # type: ignore[return-value]
    except (zipfile.BadZipFile, NotImplementedError) as e:
        raise BadUpload(f"{name}: expected a whole zip, was broken ({e}); send it again") from e


def _encoding_of(sample: bytes, name: str, asked: str | None) -> str:
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    if asked:
        try:
            "".encode(asked)  # refuses codecs that are no encodings of text
            return codecs.lookup(asked).name
        except (LookupError, UnicodeError) as e:
            raise BadUpload(
                f"encoding: expected one such as utf-8, utf-16 or cp1252, was {asked!r}"
            ) from e
    if b"\0" in sample:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if max(even, odd) > NULS_OF_TEXT * len(sample) and min(even, odd) == 0:
            return "utf-16-be" if even else "utf-16-le"
        raise BadUpload(
            f"{name}: expected text (CSV, also in gzip or zip), was binary; "
            "of a spreadsheet or Parquet file, export CSV"
        )
    try:
        # The sample may end in the middle of a character.
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
