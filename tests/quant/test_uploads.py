"""Uploads: every export is understood as it was meant, and what cannot be is refused in words."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oddlot.errors import BadUpload
from oddlot.quant import uploads
from oddlot.quant.uploads import Limits, Options, Source
from tests.quant import exports
from tests.quant.exports import LIMITS, closes, read

JAN_2_2024 = 1_704_153_600_000


def refusal(content: bytes, name: str = "X.csv", **said: Any) -> str:
    with pytest.raises(BadUpload) as caught:
        read(content, name, **said)
    return str(caught.value)


@pytest.mark.parametrize("header", [b"", exports.BINANCE_HEADER])
@pytest.mark.parametrize(
    ("content", "unit", "first_ms"),
    [
        (exports.BINANCE_2024, "ms", 1_722_470_400_000),
        (exports.BINANCE_2025, "us", 1_735_689_600_000),
    ],
)
def test_dumps_of_binance(content: bytes, header: bytes, unit: str, first_ms: int) -> None:
    upload = read(header + content, "BTCUSDT-1m-2024-08.csv")
    file, table = upload.files[0], upload.tables["BTCUSDT"]
    assert (file.time_format, file.timezone, file.interval) == (f"epoch {unit}", "UTC", "1m")
    assert file.header_lines == bool(header)
    assert table.open_ms.tolist() == [first_ms, first_ms + 60_000]
    first = {name: column[0] for name, column in table.columns.items()}
    cells = [float(cell) for cell in content.split(b"\n")[0].split(b",")]
    names = ("open", "high", "low", "close", "volume")
    assert [first[name] for name in names] == cells[1:6]
    assert [first[n] for n in ("quote_volume", "trades", "taker_buy_volume")] == cells[7:10]


def test_months_of_one_symbol_are_joined_though_their_units_differ() -> None:
    sources = [
        Source(name="BTCUSDT-1m-2025-01.csv", file=io.BytesIO(exports.BINANCE_2025)),
        Source(name="BTCUSDT-1m-2024-08.csv", file=io.BytesIO(exports.BINANCE_2024)),
    ]
    upload = uploads.read(sources, options=Options(), limits=LIMITS)
    assert list(upload.tables) == ["BTCUSDT"]
    assert closes(upload, "BTCUSDT") == [64_574.98, 64_580.0, 93_656.18, 93_610.0]
    joined = read(exports.BINANCE_2024 + exports.BINANCE_HEADER + exports.BINANCE_2025)
    assert joined.files[0].time_format == "epoch ms, us"
    assert "each is read by its size" in joined.files[0].notes[0]
    assert len(joined.tables["X"]) == 4
    assert joined.bad_rows_total == 0, "a header in the middle is no bad row"


def test_yahoo() -> None:
    upload = read(exports.YAHOO, "AAPL.csv")
    assert closes(upload, "AAPL") == [185.64, 181.91]
    assert upload.files[0].ignored == ("Adj Close",)
    assert [(bad.line, bad.reason) for bad in upload.bad_rows] == [
        (3, "expected a close, was empty")
    ]
    adjusted = read(exports.YAHOO, "AAPL.csv", columns={"close": "adj close"})
    assert closes(adjusted, "AAPL") == [184.94, 181.22]
    assert adjusted.tables["AAPL"].columns["open"].tolist() == [187.15, 182.15]


def test_yfinance_and_its_three_header_lines() -> None:
    upload = read(exports.YFINANCE)
    assert upload.files[0].header_lines == 3
    assert closes(upload, "AAPL") == [184.9, 183.5]
    assert closes(upload, "MSFT") == [368.1, 367.9]
    opens = upload.tables["MSFT"].columns["open"]
    assert opens[0] == 369
    assert np.isnan(opens[1]), "an open that is missing leaves the close"
    one = read(exports.YFINANCE_OF_ONE)
    assert closes(one, "SPY") == [472.6, 468.8]
    assert one.files[0].timezone == "as written"
    assert closes(read(exports.YFINANCE_BY_SYMBOL), "QQQ") == [402.6, 398.3]


def test_tradingview() -> None:
    upload = read(exports.TRADINGVIEW, "BINANCE_BTCUSDT, 60 (1).csv")
    assert upload.files[0].time_format == "epoch s"
    assert upload.files[0].interval == "1h"
    assert upload.tables["BTCUSDT"].columns["volume"].tolist() == [100.5, 90.0]
    iso = read(exports.TRADINGVIEW_ISO, "NASDAQ_AAPL, 1D.csv")
    assert iso.tables["AAPL"].open_ms.tolist() == [1_709_908_200_000, 1_710_163_800_000]
    assert iso.files[0].timezone == "as written"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_excel_in_any_encoding(encoding: str) -> None:
    upload = read(exports.EXCEL.encode(encoding), "SAP.csv")
    file, table = upload.files[0], upload.tables["SAP"]
    assert file.encoding == encoding.removesuffix("-sig")
    assert (file.delimiter, file.decimal, file.thousands) == (";", ",", ".")
    assert {name: column.tolist() for name, column in table.columns.items()} == {
        "open": [1_234.5, 1_240.0], "high": [1_250.0, 1_260.0], "low": [1_200.1, 1_230.0],
        "close": [1_240.25, 1_255.75], "volume": [1_234_567.0, 987_654.0],
    }  # fmt: skip
    assert table.open_ms[1] == JAN_2_2024


def test_exports_of_web_pages() -> None:
    investing = read(exports.INVESTING, "ACME Historical Data.csv").tables["ACMEHISTORICALDATA"]
    assert investing.columns["close"].tolist() == [1_188.04, 1_184.4]
    assert investing.columns["volume"].tolist() == [1_200.0, 55_470_000.0]
    nasdaq = read(exports.NASDAQ)
    assert nasdaq.tables["X"].columns["close"].tolist() == [188.04, 184.4]
    assert "have been sorted" in nasdaq.files[0].notes[0]
    crypto = read(exports.CRYPTODATADOWNLOAD)
    assert crypto.files[0].columns | {"time": "unix", "volume": "Volume BTC"} == (
        crypto.files[0].columns
    )
    assert closes(crypto, "BTCUSDT") == [42_550, 42_800]


def test_a_time_of_day_in_a_column_of_its_own() -> None:
    metatrader = read(exports.METATRADER, "EURUSD.csv")
    assert metatrader.tables["EURUSD"].open_ms.tolist() == [JAN_2_2024, JAN_2_2024 + 60_000]
    assert metatrader.tables["EURUSD"].columns["volume"].tolist() == [120.0, 80.0]
    stooq = read(exports.STOOQ)
    assert stooq.tables["AAPL.US"].open_ms.tolist() == [1_704_188_100_000, 1_704_188_400_000]
    dukascopy = read(exports.DUKASCOPY)
    assert dukascopy.files[0].interval == "1m"
    assert dukascopy.files[0].notes == ()


def test_a_column_of_symbols() -> None:
    upload = read(exports.LONG)
    assert upload.files[0].columns == {"time": "timestamp", "symbol": "symbol", "close": "close"}
    assert (closes(upload, "AAA"), closes(upload, "BBB")) == ([1.0, 1.1], [2.0, 2.1])


def test_bad_rows_are_listed_with_line_and_reason() -> None:
    lines = ["time,close", "2024-01-02,1", "", "2024-01-03,abc", "2024-01-04,0", "foo,3",
             "2024-01-05,2,9", "2024-01-06", '2024-01-07,"3', "2024-01-08,4", '2024-01-09,"5"',
             "2024-01-10,inf", "2024-01-11,-1", ",,,", "1789-07-14,2", ",7"]  # fmt: skip
    upload = read("\n".join(lines).encode())
    assert closes(upload, "X") == [1.0, 4.0, 5.0]
    said = {bad.line: bad.reason for bad in upload.bad_rows}
    assert said == {
        4: "close: expected a number, was 'abc'",
        5: "close: expected above zero, was '0'",
        6: "expected a time as ISO 8601, 1900 to 2100, was 'foo'",
        7: "expected 2 cells, was 3",
        8: "expected 2 cells, was 1",
        9: "a quote is left open",
        12: "close: expected a number, was 'inf'",
        13: "close: expected above zero, was '-1'",
        15: "expected a time as ISO 8601, 1900 to 2100, was '1789-07-14'",
        16: "expected a time as ISO 8601, 1900 to 2100, was empty",
    }
    assert all(bad.text == lines[bad.line - 1] for bad in upload.bad_rows)
    assert upload.bad_rows_total == len(said)


def test_a_hundred_bad_rows_are_listed_and_all_are_counted() -> None:
    content = "time,close\n2024-01-01,1\n" + "2024-01-02,zero\n" * 500
    upload = read(content.encode())
    assert (len(upload.bad_rows), upload.bad_rows_total) == (100, 500)


def test_line_numbers_hold_in_long_files() -> None:
    lines = [f"{1_700_000_000 + 60 * n},{1 + n}" for n in range(60_000)]
    for at in (3, 40_000, 59_999):
        lines[at] = "nonsense,1"
    lines[50_000] = f'{1_700_000_000},"open'
    upload = read("\n".join(["time,close", *lines]).encode())
    assert [bad.line for bad in upload.bad_rows] == [5, 40_002, 50_002, 60_001]
    assert len(upload.tables["X"]) == 59_996


def test_equal_rows_count_once_and_of_different_ones_the_last_is_kept() -> None:
    content = (
        b"time,close\n2024-01-02,2\n2024-01-01,1\n2024-01-02,2\n2024-01-01,1.5\n2024-01-03,3\n"
    )
    upload = read(content)
    assert closes(upload, "X") == [1.5, 2.0, 3.0]
    assert [(bad.line, bad.reason) for bad in upload.bad_rows] == [
        (3, "same time as line 5, which is kept (closes 1 and 1.5)")
    ]
    assert upload.files[0].notes == (
        "rows were not in time order and have been sorted",
        "rows that were there already: 1; they count once",
    )


def test_closes_outside_of_low_and_high_are_kept_and_said() -> None:
    upload = read(b"Date,Open,High,Low,Close\n2024-01-01,1,2,0.5,3\n2024-01-02,1,2,0.5,1\n")
    assert closes(upload, "X") == [3.0, 1.0]
    assert upload.files[0].notes == ("closes outside of low and high: 1; they are kept",)


def test_packed_files() -> None:
    assert closes(read(gzip.compress(exports.YAHOO), "AAPL.csv.gz"), "AAPL") == [185.64, 181.91]
    assert closes(read(exports.zipped(AAPL_csv=exports.YAHOO)), "AAPL") == [185.64, 181.91]
    two = refusal(exports.zipped(A_csv=exports.YAHOO, B_csv=exports.YAHOO))
    assert "expected one file in the zip, was 2 (A.csv, B.csv)" in two


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected rows of prices, was empty"),
        (b" \n\n", "expected rows of prices, was empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "expected text"),
        (b"Date,Close\n", "lines below the header"),
        (b"a,b\nc,d\n", "expected a column of times"),
        (b"hello\nworld\n", "expected columns parted by"),
        (b"x" * 300_000, "expected lines of prices"),
        (b'"' * 50_000, "expected"),
        (b"2024-01-02,1\n2024-01-03," + b"9" * 3_000_000, "expected lines of at most"),
        (b"PK\x03\x04junk", "expected a whole zip"),
        (b"\x1f\x8bjunk", "expected a whole packed file"),
        (gzip.compress(exports.YAHOO)[:-20], "expected a whole packed file"),
        (b'{"a":[1,2]}', "expected a column of times"),
        (b"Date,Close\n2024-01-02,0\n", "expected at least one good row, was none of 1 (line 2"),
        (b"Date,Open,High\n2024-01-02,1,2\n", "expected a column named close"),
        (b"2024-01-02,1,2\n2024-01-03,1,2\n", "expected a header, or a time and 1"),
        (b"Date,AA,aa\n2024-01-02,1,2\n", "was AA twice"),
        (b"1,2,3\n4,5,6\n", "expected a column of times"),
        (b"time,close\n" + b"2024-01-02,1\n" * 100_001, "expected at most 100,000 rows"),
        (b"time,close\n" + b"\n" * 250_000 + b"2024-01-02,1\n", "expected"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_words(content: bytes, said: str) -> None:
    message = refusal(content)
    assert said in message
    assert len(message) < 600


def test_a_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(b"time,close\n" + b"\n" * 30_000_000)
    assert "once unpacked" in refusal(bomb) or "lines" in refusal(bomb)
    zipped = exports.zipped(X_csv=b"2024-01-02," + b"1" * 30_000_000)
    assert "expected" in refusal(zipped)


@pytest.mark.parametrize("columns", [{"time": "Nope"}, {"close": "9"}, {"oven": "Close"}])
def test_columns_that_are_not_there_are_refused_by_name(columns: dict[str, str]) -> None:
    message = refusal(exports.YAHOO, columns=columns)
    assert next(iter(columns.values())) in message or next(iter(columns)) in message


def test_columns_can_be_said_by_name_or_number() -> None:
    content = b"2024-01-02,187.15,188.44\n2024-01-03,187.5,188.0\n"
    by_number = read(content, columns={"close": "2", "volume": "3"})
    assert by_number.tables["X"].columns["volume"].tolist() == [188.44, 188.0]
    two = read(content, columns={"AA close": "2", "BB close": "3"})
    assert (closes(two, "AA"), closes(two, "BB")) == ([187.15, 187.5], [188.44, 188.0])
    words = b"when,n,p\n2024-01-02,foo,1\n2024-01-03,bar,2\n"
    assert list(read(words, columns={"symbol": "n"}).tables) == ["FOO", "BAR"]
    assert closes(read(words, columns={"symbol": "n", "close": "p"}), "BAR") == [2.0]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("aapl.csv", "AAPL"), ("BTC-USD.csv", "BTC-USD"), ("GSPC.csv (1)", "GSPC.CSV"),
     ("ETHUSDT-1h-2024-01-31.csv", "ETHUSDT"), ("/x/y/SPY.csv.gz", "SPY")],
)  # fmt: skip
def test_a_symbol_is_read_off_the_name_of_its_file(name: str, symbol: str) -> None:
    assert list(read(b"time,close\n2024-01-02,1\n", name).tables) == [symbol]
    assert list(read(b"time,close\n2024-01-02,1\n", name, symbol="own").tables) == ["OWN"]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "symbols", "rows", "interval"),
    [
        ("pairs/etf_prices.csv.gz", 23, 23 * 2_141, "1d"),
        ("pairs/XLF-XLK.csv", 2, 2 * 726, "1d"),
        ("pairs/gld_gdx_data.csv", 2, 150, "1d"),
        ("pairs/ANZ-ADB.csv", 2, 842, "1d"),
        ("pairs/aligned_20240808_1s.csv.gz", 2, 688, "1s"),
        ("pairs/aligned_20240808_5s.csv.gz", 2, 138, "5s"),
        ("equities/semiconductors.csv.gz", 15, 18_407, "1d"),
        ("equities/skfolio_sp500_20_tickers.csv.gz", 20, 166_260, "1d"),
        ("oracles/bars/btcusdt_20240808_1s.csv.gz", 1, 344, "1s"),
    ],
)
def test_recordings_are_understood_whole(
    real_data: Path, name: str, symbols: int, rows: int, interval: str
) -> None:
    path = real_data / name
    with path.open("rb") as file:
        upload = uploads.read(
            [Source(name=path.name, file=file)],
            options=Options(),
            limits=Limits(rows=1_000_000, unpacked_bytes=100_000_000),
        )
    understood = upload.files[0]
    assert len(understood.symbols) == symbols
    assert (understood.rows, understood.interval) == (rows, interval)
    assert upload.bad_rows_total == 0
    assert sum(len(table) for table in upload.tables.values()) == rows
