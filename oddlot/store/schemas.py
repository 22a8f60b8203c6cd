"""The columns of each table as Arrow has them, in the order of the messages' fields."""

from __future__ import annotations

import pyarrow as pa

_NAME = pa.dictionary(pa.int32(), pa.string())
TICKS = pa.schema({
    "symbol": _NAME, "id": pa.int64(), "event_ms": pa.int64(), "price": pa.float64(),
    "quantity": pa.float64(), "is_buyer_maker": pa.bool_(), "trades": pa.int32(), "source": _NAME,
})  # fmt: skip
BARS = pa.schema({
    "symbol": pa.string(), "interval": pa.string(), "open_ms": pa.int64(), "open": pa.float64(),
    "high": pa.float64(), "low": pa.float64(), "close": pa.float64(), "volume": pa.float64(),
    "quote_volume": pa.float64(), "taker_buy_volume": pa.float64(), "trades": pa.int64(),
    "first_id": pa.int64(), "last_id": pa.int64(), "complete": pa.bool_(),
    "revision": pa.uint32(),
})  # fmt: skip
SPREADS = pa.schema({
    "pair": pa.string(), "y": pa.string(), "x": pa.string(), "interval": pa.string(),
    "open_ms": pa.int64(), "y_close": pa.float64(), "x_close": pa.float64(),
    "hedge_ratio": pa.float64(), "intercept": pa.float64(), "r_squared": pa.float64(),
    "spread": pa.float64(), "z": pa.float64(), "correlation": pa.float64(), "n": pa.int32(),
    "window": pa.int32(), "warm": pa.bool_(), "stale": pa.bool_(), "prices": pa.string(),
    "hedge": pa.string(),
})  # fmt: skip
PAIR_TESTS = pa.schema({
    "pair": pa.string(), "y": pa.string(), "x": pa.string(), "interval": pa.string(),
    "open_ms": pa.int64(), "prices": pa.string(), "hedge": pa.string(), "n": pa.int32(),
    "eg_statistic": pa.float64(), "eg_p": pa.float64(), "eg_critical": pa.list_(pa.float64()),
    "adf_statistic": pa.float64(), "adf_p": pa.float64(), "adf_lags": pa.int32(),
    "adf_critical": pa.list_(pa.float64()), "half_life_bars": pa.float64(),
    "hurst": pa.float64(), "is_cointegrated": pa.bool_(), "verdict": pa.string(),
})  # fmt: skip
ALERTS = pa.schema({
    "kind": pa.string(), "subject": pa.string(), "interval": pa.string(), "event_ms": pa.int64(),
    "crossing": pa.string(), "side": pa.string(), "value": pa.float64(),
    "threshold": pa.float64(), "price": pa.float64(), "hedge_ratio": pa.float64(),
    "spread": pa.float64(), "text": pa.string(),
})  # fmt: skip
CLOSES = pa.schema({
    "symbol": pa.string(), "date": pa.date32(), "open": pa.float64(), "high": pa.float64(),
    "low": pa.float64(), "close": pa.float64(), "volume": pa.float64(),
    "adjusted_close": pa.float64(), "provider": pa.string(), "fetched_ms": pa.uint64(),
    "currency": pa.string(), "exchange": pa.string(),
})  # fmt: skip
_CROSSED = {
    "symbol": pa.string(), "window": pa.uint32(), "z": pa.float64(), "own_return": pa.float64(),
    "others_return": pa.float64(), "usual_correlation": pa.float64(), "verdict": pa.string(),
    "label": pa.string(),
}  # fmt: skip
DIVERGENCE = pa.schema({
    "group": pa.string(), "interval": pa.string(), "open_ms": pa.int64(), "benchmark": pa.string(),
    "lookback": pa.uint32(), "enter_z": pa.float64(), "min_correlation": pa.float64(),
    "scored": pa.uint32(), "divergers": pa.list_(pa.string()), "loners": pa.list_(pa.string()),
    "windows": pa.string(), "members": pa.string(), "complete": pa.bool_(), "text": pa.string(),
    "computed_ms": pa.uint64(), "scan": pa.string(), "pending": pa.uint32(),
    **{f"crossed.{name}": pa.list_(kind) for name, kind in _CROSSED.items()},
})  # fmt: skip
POSTS = pa.schema({
    "symbol": pa.string(), "forum": pa.string(), "place": pa.string(), "post_id": pa.string(),
    "event_ms": pa.int64(), "mood": pa.string(), "mood_by": pa.string(),
    "mood_score": pa.float64(), "excerpt": pa.string(), "url": pa.string(),
    "seen_ms": pa.uint64(),
})  # fmt: skip
FORUM_SCANS = pa.schema({
    "forum": pa.string(), "place": pa.string(), "symbol": pa.string(), "from_ms": pa.int64(),
    "to_ms": pa.int64(), "posts": pa.uint32(), "state": pa.string(), "detail": pa.string(),
    "next_ms": pa.int64(), "scanned_ms": pa.int64(),
})  # fmt: skip
BUZZ = pa.schema({
    "symbol": pa.string(), "forum": pa.string(), "hour_ms": pa.int64(), "mentions": pa.uint32(),
    "covered": pa.float64(), "baseline": pa.float64(), "baseline_days": pa.uint32(),
    "is_warm": pa.bool_(), "expected": pa.float64(), "z": pa.float64(),
    "log_ratio": pa.float64(), "multiple": pa.float64(), "momentum": pa.float64(),
    "rank": pa.uint32(), "bullish": pa.uint32(), "bearish": pa.uint32(),
    "first_seen_ms": pa.int64(), "revision": pa.uint32(),
})  # fmt: skip
HEADLINES = pa.schema({
    "source": pa.string(), "headline_id": pa.string(), "title": pa.string(),
    "excerpt": pa.string(), "url": pa.string(), "symbols": pa.list_(pa.string()),
    "published_ms": pa.int64(), "seen_ms": pa.uint64(),
})  # fmt: skip
