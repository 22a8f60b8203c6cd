"""Small files in the shapes of real exports, and a short way to read them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from oddlot.quant import uploads
from oddlot.quant.uploads import Limits, Options, Source, Upload

LIMITS = Limits(rows=100_000, unpacked_bytes=20_000_000)

BINANCE_2024 = (
    b"1722470400000,64628.00,64628.01,64573.02,64574.98,22.52855,1722470459999,1455318.80,2015,"
    b"8.31,537000.1,0\n"
    b"1722470460000,64574.98,64600.00,64570.00,64580.00,10.50000,1722470519999,678000.10,1000,"
    b"4.20,271000.5,0\n"
)
BINANCE_2025 = (
    b"1735689600000000,93576.00,93702.15,93489.03,93656.18,35.53,1735689659999999,3325000.1,4000,"
    b"20.1,1880000.2,0\n"
    b"1735689660000000,93656.18,93660.00,93600.00,93610.00,10.00,1735689719999999,936000.1,900,"
    b"4.0,374000.0,0\n"
)
BINANCE_HEADER = (
    b"open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    b"taker_buy_quote_volume,ignore\n"
)
YAHOO = (
    b"Date,Open,High,Low,Close,Adj Close,Volume\n"
    b"2024-01-02,187.15,188.44,183.89,185.64,184.94,82488700\n"
    b"2024-01-03,null,null,null,null,null,null\n"
    b"2024-01-04,182.15,183.09,180.88,181.91,181.22,71983600\n"
)
YFINANCE = (
    b"Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\n"
    b"Ticker,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT\n"
    b"Date,,,,,,,,,,\n"
    b"2024-01-02,184.9,368.1,187,370,183,366,186,369,82488700,25258600\n"
    b"2024-01-03,183.5,367.9,185,370,182,366,184,,58414500,23083500\n"
)
YFINANCE_OF_ONE = (
    b"Price,Adj Close,Close,High,Low,Open,Volume\nTicker,SPY,SPY,SPY,SPY,SPY,SPY\nDate,,,,,,\n"
    b"2024-01-02 00:00:00+00:00,460.1,472.6,473.6,470.4,472.1,123623700\n"
    b"2024-01-03 00:00:00+00:00,457.0,468.8,471.2,468.2,470.4,103585900\n"
)
YFINANCE_BY_SYMBOL = (
    b"Ticker,SPY,SPY,QQQ,QQQ\nPrice,Open,Close,Open,Close\nDate,,,,\n"
    b"2024-01-02,472.1,472.6,405.8,402.6\n2024-01-03,470.4,468.8,400.2,398.3\n"
)
TRADINGVIEW = (
    b"time,open,high,low,close,Volume,Volume MA\n"
    b"1722470400,64628,64700,64500,64600,100.5,99\n1722474000,64600,64800,64550,64700,90,98\n"
)
TRADINGVIEW_ISO = (
    b"time,open,high,low,close,Volume\n"
    b"2024-03-08T09:30:00-05:00,1,2,0.5,1.5,10\n2024-03-11T09:30:00-04:00,1,2,0.5,1.75,10\n"
)
EXCEL = (
    "Datum;Eröffnung;Hoch;Tief;Schlusskurs;Volumen\r\n"
    "30.12.2023;1.234,50;1.250,00;1.200,10;1.240,25;1.234.567\r\n"
    "02.01.2024;1.240,00;1.260,00;1.230,00;1.255,75;987.654\r\n"
)
INVESTING = (
    b'\xef\xbb\xbf"Date","Price","Open","High","Low","Vol.","Change %"\n'
    b'"01/31/2024","1,184.40","1,187.04","1,187.10","1,184.35","55.47M","-1.94%"\n'
    b'"01/30/2024","1,188.04","1,190.94","1,191.80","1,187.47","1.2K","-1.92%"\n'
)
NASDAQ = (
    b"Date,Close/Last,Volume,Open,High,Low\n"
    b"01/31/2024,$184.40,55467800,$187.04,$187.095,$184.35\n"
    b"01/30/2024,$188.04,55859370,$190.94,$191.80,$187.47\n"
)
METATRADER = (
    b"2024.01.02,00:00,1.1039,1.1041,1.1038,1.1040,120\n"
    b"2024.01.02,00:01,1.1040,1.1042,1.1039,1.1041,80\n"
)
STOOQ = (
    b"<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
    b"AAPL.US,5,20240102,093500,187.1,187.2,187,187.05,1000,0\n"
    b"AAPL.US,5,20240102,094000,187.1,187.2,187,187.15,1000,0\n"
)
CRYPTODATADOWNLOAD = (
    b"https://www.CryptoDataDownload.com\n"
    b"unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT,tradecount\n"
    b"1706745600000,2024-02-01 00:00:00,BTC/USDT,42500,42900,42400,42800,10,15,3\n"
    b"1706742000000,2024-01-31 23:00:00,BTC/USDT,42600,42700,42500,42550,11,16,4\n"
)
DUKASCOPY = (
    b"Gmt time,Open,High,Low,Close,Volume\n"
    b"31.01.2024 22:00:00.000,1.10427,1.10429,1.10425,1.10429,110\n"
    b"31.01.2024 22:01:00.000,1.10427,1.10431,1.10425,1.10430,110\n"
)
LONG = (
    b"symbol,timestamp,close\nAAA,1700000000,1\nBBB,1700000000,2\nAAA,1700000060,1.1\n"
    b"BBB,1700000060,2.1\n"
)


def zipped(**members: bytes) -> bytes:
    """Pack files as a zip, as `name_csv` for name.csv."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("_csv", ".csv"), content)
    return archive.getvalue()


def read(content: bytes, name: str = "X.csv", *, symbol: str | None = None, **said: Any) -> Upload:
    source = Source(name=name, file=io.BytesIO(content), symbol=symbol)
    return uploads.read([source], options=Options(**said), limits=LIMITS)


def closes(upload: Upload, symbol: str) -> list[float]:
    return upload.tables[symbol].columns["close"].tolist()
