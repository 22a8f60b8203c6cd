"""Uploads: whatever dialect a table is written in, it is understood back the same."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.errors import BadUpload
from oddlot.quant import uploads
from oddlot.quant.uploads import Limits, Options, Source

LIMITS = Limits(rows=10_000, unpacked_bytes=10_000_000)
NAMES = ("open", "high", "low", "close", "volume")

TIMES: dict[str, Any] = {
    "s": lambda ms: str(ms // 1_000),
    "ms": str,
    "us": lambda ms: f"{ms}000",
    "ns": lambda ms: f"{ms}000000",
    "iso": lambda ms: _utc(ms).strftime("%Y-%m-%d %H:%M:%S"),
    "zulu": lambda ms: _utc(ms).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "points": lambda ms: _utc(ms).strftime("%d.%m.%Y %H:%M:%S"),
    "american": lambda ms: _utc(ms).strftime("%m/%d/%Y %I:%M:%S %p"),
    "named": lambda ms: _utc(ms).strftime("%d-%b-%Y %H:%M"),
}

prices = st.floats(1e-6, 1e9).map(lambda price: float(f"{price:.8g}"))
bars = st.lists(st.tuples(prices, prices, prices, prices, prices), min_size=2, max_size=40)


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)


def number(value: float, decimal: str, thousands: str) -> str:
    """Write a number so that nothing is lost."""
    text = np.format_float_positional(value, trim="-")
    whole, _, fraction = text.partition(".")
    if thousands:
        whole = f"{int(whole):,}".replace(",", thousands)
    return whole + (decimal + fraction if fraction else "")


@given(
    rows=bars,
    start=st.integers(26_000_000, 34_000_000),  # minutes since 1970: 2019 to 2034
    times=st.sampled_from(sorted(TIMES)),
    dialect=st.sampled_from([(",", ".", ""), (";", ",", ""), (";", ",", "."), ("\t", ".", ","),
                             ("|", ".", "'"), (",", ".", ","), (";", ".", ""), (",", ",", "")]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    order=st.permutations(NAMES),
    shape=st.sampled_from(["plain", "symbols", "packed"]),
)  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_a_table_comes_back_from_any_dialect(
    rows: list[tuple[float, ...]], start: int, times: str, dialect: tuple[str, str, str],
    encoding: str, line_end: str, order: list[str], shape: str,
) -> None:  # fmt: skip
    delimiter, decimal, thousands = dialect
    # Days apart, so that some day of the month is above twelve.
    open_ms = [(start + 1_440 * n) * 60_000 for n in range(len(rows))]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    symbol = ["Symbol"] if shape == "symbols" else []
    writer.writerow(["Time", *symbol, *order])
    for at, row in zip(open_ms, rows, strict=True):
        cells = dict(zip(NAMES, row, strict=True))
        own = ["ACME"] if symbol else []
        writer.writerow(
            [TIMES[times](at), *own, *(number(cells[name], decimal, thousands) for name in order)]
        )
    content = text.getvalue().encode(encoding)
    if shape == "packed":
        content = gzip.compress(content)
    said: dict[str, Any] = {"decimal": decimal, "thousands": thousands, "date_order": "dmy"}
    if times == "american":
        said["date_order"] = "mdy"
    source = Source(name="ACME.csv", file=io.BytesIO(content))
    upload = uploads.read([source], options=Options(**said), limits=LIMITS)
    table = upload.tables["ACME"]
    assert upload.bad_rows_total == 0
    assert upload.files[0].delimiter == delimiter
    assert table.open_ms.tolist() == open_ms
    for number_of, name in enumerate(NAMES):
        assert table.columns[name].tolist() == [row[number_of] for row in rows], name


@given(content=st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_understood_or_refused_in_words(content: bytes) -> None:
    understood_or_refused(content)


PIECES = ["time", "close", "2024-01-02", "1", "1,5", "-3", "nan", '"', ",", ";", "\n", "\r", "\t",
          "\0", "é", "01/02/2024", "1700000000", " ", "AAA", "inf", "1e999", "99999999999999999999",
          "True", "\ufeff", "12:30", "''", "|"]  # fmt: skip


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=60), header=st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_text_is_understood_or_refused_in_words(pieces: list[str], header: bool) -> None:
    text = ("time,close\n2024-01-01,1\n" if header else "") + "".join(pieces)
    understood_or_refused(text.encode())


def understood_or_refused(content: bytes) -> None:
    source = Source(name="X.csv", file=io.BytesIO(content))
    try:
        upload = uploads.read([source], options=Options(), limits=LIMITS)
    except BadUpload as e:
        refused = str(e)
    else:
        refused = ""
    if refused:
        assert "expected" in refused
        return
    for table in upload.tables.values():
        close = table.columns["close"]
        assert np.isfinite(close).all()
        assert (close > 0).all()
        assert (np.diff(table.open_ms) > 0).all()


@pytest.mark.parametrize("quoted", [True, False])
def test_cells_may_stand_in_quotes(quoted: bool) -> None:
    mark = '"' if quoted else ""
    lines = [f"{mark}2024-01-0{n}{mark},{mark}{n}.5{mark}" for n in range(1, 5)]
    content = "\n".join([f"{mark}Date{mark},{mark}Close{mark}", *lines]).encode()
    source = Source(name="X.csv", file=io.BytesIO(content))
    upload = uploads.read([source], options=Options(), limits=LIMITS)
    assert upload.tables["X"].columns["close"].tolist() == [1.5, 2.5, 3.5, 4.5]
