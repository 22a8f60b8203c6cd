"""Short ways to make what the API shows."""

from __future__ import annotations

from typing import Any

from oddlot.contracts.messages import Bar, FeedHealth, Spread

OPEN_MS = 1_700_000_000_000


def bar(second: int = 0, **changed: Any) -> Bar:
    """Make a 1s bar of BTCUSDT, so many seconds after OPEN_MS."""
    fields: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "interval": "1s",
        "open_ms": OPEN_MS + 1_000 * second,
        "open": 100.0,
        "high": 102.0,
        "low": 99.0,
        "close": 101.0,
        "volume": 1.5,
        "quote_volume": 151.0,
        "taker_buy_volume": 0.5,
        "trades": 3,
        "first_id": 10 * second,
        "last_id": 10 * second + 2,
        "complete": True,
    }
    return Bar(**fields | changed)


def spread(second: int = 0, **changed: Any) -> Spread:
    """Make a spread of BTCUSDT~ETHUSDT on 1s bars, so many seconds after OPEN_MS."""
    fields: dict[str, Any] = {
        "pair": "BTCUSDT~ETHUSDT",
        "y": "BTCUSDT",
        "x": "ETHUSDT",
        "interval": "1s",
        "open_ms": OPEN_MS + 1_000 * second,
        "y_close": 101.0,
        "x_close": 50.0,
        "hedge_ratio": 2.0,
        "intercept": 1.0,
        "r_squared": 0.9,
        "spread": 0.1,
        "z": 1.5,
        "correlation": 0.8,
        "n": 300,
        "window": 300,
        "warm": True,
        "stale": False,
        "prices": "level",
    }
    return Spread(**fields | changed)


def health(sent_ms: int = OPEN_MS, **changed: Any) -> FeedHealth:
    """Make a report of a feed that is well."""
    fields: dict[str, Any] = {
        "feed": "binance",
        "connected": True,
        "simulated": False,
        "symbols": 10,
        "last_frame_ms": sent_ms,
        "silence_ms": 100,
        "lag_ms": 20,
        "trades_total": 1,
        "rejected_total": 0,
        "reconnects_total": 0,
        "detail": "10 streams",
        "sent_ms": sent_ms,
    }
    return FeedHealth(**fields | changed)
