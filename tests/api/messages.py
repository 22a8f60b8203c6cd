"""Short ways to make what the API shows."""

from __future__ import annotations

from typing import Any

from oddlot.contracts.messages import Alert, Bar, FeedHealth, Pair, PairChange, PairTest, Spread

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


def pair_test(minute: int = 0, **changed: Any) -> PairTest:
    """Make a test of BTCUSDT~ETHUSDT on 1s bars, so many minutes after OPEN_MS."""
    fields: dict[str, Any] = {
        "pair": "BTCUSDT~ETHUSDT",
        "y": "BTCUSDT",
        "x": "ETHUSDT",
        "interval": "1s",
        "open_ms": OPEN_MS + 60_000 * minute,
        "prices": "level",
        "hedge": "ols",
        "n": 300,
        "eg_statistic": -3.6,
        "eg_p": 0.02,
        "eg_critical": (-3.9, -3.3, -3.0),
        "adf_statistic": -3.6,
        "adf_p": 0.001,
        "adf_lags": 1,
        "adf_critical": (-3.4, -2.9, -2.6),
        "half_life_bars": 12.5,
        "hurst": 0.4,
        "is_cointegrated": True,
        "verdict": "the spread comes back",
    }
    return PairTest(**fields | changed)


def alert(second: int = 0, **changed: Any) -> Alert:
    """Make an alert of BTCUSDT~ETHUSDT on 1s bars, so many seconds after OPEN_MS."""
    fields: dict[str, Any] = {
        "kind": "spread",
        "subject": "BTCUSDT~ETHUSDT",
        "interval": "1s",
        "event_ms": OPEN_MS + 1_000 * second,
        "crossing": "entered",
        "side": "high",
        "value": 2.1,
        "threshold": 2.0,
        "price": 101.0,
        "hedge_ratio": 2.0,
        "spread": 0.1,
        "text": "z rose to 2.10, above 2",
    }
    return Alert(**fields | changed)


def change(pair: Pair | str, changed_ms: int = OPEN_MS) -> PairChange:
    """Make the change by which a pair is watched, or by its name alone, no longer is."""
    if isinstance(pair, str):
        return PairChange(pair=pair, watched=None, changed_ms=changed_ms)
    return PairChange(pair=pair.id, watched=pair, changed_ms=changed_ms)


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
