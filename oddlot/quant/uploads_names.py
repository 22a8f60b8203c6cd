"""Names of columns in exports -> what the columns hold."""

from __future__ import annotations

import re

# Names of columns in exports, without case, spaces and marks -> what they hold.
_NAMES: dict[str, tuple[str, ...]] = {
    "time": ("time", "date", "datetime", "timestamp", "ts", "opentime", "opentimems", "openms",
             "opentimeutc", "unix", "unixtimestamp", "gmttime", "localtime", "utctime", "timeutc",
             "dateutc", "candletime", "bartime", "observationdate", "tradedate", "day", "period",
             "datum", "zeit", "fecha", "data", "datetimeutc"),
    "symbol": ("symbol", "ticker", "name", "instrument", "pair", "market", "sym", "tic", "secid",
               "code", "asset", "stock", "contract"),
    "open": ("open", "o", "openprice", "firstprice", "erster", "eröffnung"),
    "high": ("high", "h", "highprice", "max", "hi", "hoch"),
    "low": ("low", "l", "lowprice", "min", "lo", "tief"),
    "close": ("close", "c", "closeprice", "closelast", "last", "lastprice", "price", "value",
              "settle", "settlement", "nav", "closing", "closingprice", "kurs", "schlusskurs"),
    "adj_close": ("adjclose", "adjustedclose", "adjclosing", "closeadj"),
    "volume": ("volume", "vol", "v", "basevolume", "tickvol", "tickvolume", "qty", "quantity",
               "volumebase", "shares", "totalvolume", "volumen"),
    "quote_volume": ("quotevolume", "quoteassetvolume", "quotevol", "turnover", "amount"),
    "taker_buy_volume": ("takerbuyvolume", "takerbuybaseassetvolume", "takerbuybasevolume",
                         "takerbuybase", "takerbuybasevol"),
    "trades": ("trades", "count", "numberoftrades", "tradecount", "numtrades", "nooftrades"),
}  # fmt: skip
_ROLES = {name: role for role, names in _NAMES.items() for name in names}
IGNORED = {
    "closetime", "ignore", "takerbuyquotevolume", "takerbuyquoteassetvolume", "openint",
    "openinterest", "per", "change", "dividends", "stocksplits", "vwap", "spread",
}  # fmt: skip


def role_of(label: str) -> str | None:
    """Tell what a column of a name holds.

    Parameters
    ----------
    label : name of a column.

    Examples
    --------
    >>> role_of("<CLOSE>"), role_of("Adj Close"), role_of("BTC")
    ('close', 'adj_close', None)
    """
    return _ROLES.get(plain(label))


def plain(label: str) -> str:
    """Give a name without case, spaces and marks.

    Parameters
    ----------
    label : name of a column.
    """
    return re.sub(r"[\W_]+", "", label).lower()
