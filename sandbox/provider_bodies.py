"""Made-up sessions -> bodies as each provider of daily closes writes them, errors included."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.universe import Daily

BAD_PRINT = 0.1  # a decimal point too far left
LIMIT_REACH = (
    "Limit Reach . Please upgrade your plan or visit our documentation for more details at "
    "https://site.financialmodelingprep.com/"
)
NOT_IN_FMP_PLAN = (
    "Premium Query Parameter: 'Special Endpoint : This value set for 'symbol' is not available "
    "under your current subscription please visit our subscription page to upgrade your plan"
)
NO_FMP_NEWS = (
    "Restricted Endpoint: This endpoint is not available under your current subscription please "
    "visit our subscription page to upgrade your plan"
)
NO_TWELVE_SYMBOL = (
    "**symbol** or **figi** parameter is missing or invalid. Please provide a valid symbol "
    "according to API documentation: https://twelvedata.com/docs#reference-data"
)


def twelve_series(symbol: str, daily: Daily, rows: Sequence[int], *, raw: bool) -> dict[str, Any]:
    """Give one symbol's values, newest first, as text.

    Parameters
    ----------
    symbol : as it was asked for.
    daily : its sessions.
    rows : the ones to give, oldest first.
    raw : leave prices before a split as they were: what an adapter has to notice.
    """
    factors = daily.factors if raw else daily.factors * 0 + 1

    def value(i: int) -> dict[str, str]:
        close = daily.close[i] * (BAD_PRINT if i in daily.bad else 1.0) * factors[i]
        return {
            "datetime": daily.dates[i].isoformat(),
            "open": f"{daily.open[i] * factors[i]:.5f}",
            "high": f"{daily.high[i] * factors[i]:.5f}",
            "low": f"{daily.low[i] * factors[i]:.5f}",
            "close": f"{close:.5f}",
            "volume": f"{daily.volume[i] / factors[i]:.0f}",
        }

    meta = {
        "symbol": symbol,
        "interval": "1day",
        "currency": "USD",
        "exchange_timezone": "America/New_York",
        "exchange": "NASDAQ",
        "mic_code": "XNGS",
        "type": "Common Stock",
    }
    return {"meta": meta, "values": [value(i) for i in reversed(rows)], "status": "ok"}


def twelve_error(code: int, message: str) -> dict[str, Any]:
    """Give an error, of a call or of one of its symbols."""
    return {"code": code, "message": message, "status": "error"}


def twelve_spent(window: str, used: int, limit: int) -> dict[str, Any]:
    """Give what comes instead of values once too many credits are used."""
    when = "the day" if window == "day" else "the current minute"
    return twelve_error(
        429,
        f"You have run out of API credits for {when}. {used} API credits were used, with the "
        f"current limit being {limit}.",
    )


def fmp_days(symbol: str, daily: Daily, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Give one symbol's days, newest first, adjusted for splits."""

    def day(i: int) -> dict[str, Any]:
        opened, close = float(daily.open[i]), float(daily.close[i])
        return {
            "symbol": symbol,
            "date": daily.dates[i].isoformat(),
            "open": round(opened, 4),
            "high": round(float(daily.high[i]), 4),
            "low": round(float(daily.low[i]), 4),
            "close": round(close, 4),
            "volume": int(daily.volume[i]),
            "change": round(close - opened, 4),
            "changePercent": round(100 * (close / opened - 1), 5),
            "vwap": round((opened + close) / 2, 4),
        }

    return [day(i) for i in reversed(rows)]


def stack_rows(symbol: str, daily: Daily, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Give one symbol's days, newest first: raw prices beside adjusted ones."""

    def row(i: int) -> dict[str, Any]:
        factor = float(daily.factors[i])
        prices = {name: float(getattr(daily, name)[i]) for name in ("open", "high", "low", "close")}
        volume = float(daily.volume[i])
        return {
            **{name: round(price * factor, 4) for name, price in prices.items()},
            "volume": round(volume / factor),
            **{f"adj_{name}": round(price, 4) for name, price in prices.items()},
            "adj_volume": round(volume),
            "split_factor": float(daily.splits[i]),
            "dividend": 0.0,
            "name": symbol,
            "exchange_code": "NASDAQ",
            "asset_type": "Stock",
            "price_currency": "usd",
            "symbol": symbol,
            "exchange": "XNAS",
            "date": f"{daily.dates[i].isoformat()}T00:00:00+0000",
        }

    return [row(i) for i in reversed(rows)]


def stack_body(rows: list[dict[str, Any]], *, limit: int, total: int) -> dict[str, Any]:
    """Give one page."""
    pagination = {"limit": limit, "offset": 0, "count": len(rows), "total": total}
    return {"pagination": pagination, "data": rows}


def stack_error(code: str, message: str) -> dict[str, Any]:
    """Give an error."""
    return {"error": {"code": code, "message": message}}


def binance_days(daily: Daily, rows: Sequence[int]) -> list[list[Any]]:
    """Give one symbol's days as Binance does, oldest first, in columns."""

    def row(i: int) -> list[Any]:
        open_ms = int(dt.datetime.combine(daily.dates[i], dt.time(), dt.UTC).timestamp() * 1_000)
        prices = [f"{float(getattr(daily, n)[i]):.6f}" for n in ("open", "high", "low", "close")]
        volume, close = float(daily.volume[i]), float(daily.close[i])
        traded = [f"{volume:.3f}", open_ms + 86_400_000 - 1, f"{volume * close:.3f}", int(volume)]
        return [open_ms, *prices, *traded, f"{volume / 2:.3f}", f"{volume * close / 2:.3f}", "0"]

    return [row(i) for i in rows]


def within(daily: Daily, query: Mapping[str, str], names: tuple[str, str]) -> list[int]:
    """Give the sessions between two dates of a query, both included, oldest first."""
    start, end = (query.get(name, "") for name in names)
    return [
        i
        for i, date in enumerate(daily.dates)
        if (not start or date.isoformat() >= start) and (not end or date.isoformat() <= end)
    ]
