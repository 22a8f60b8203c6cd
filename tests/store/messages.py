"""Messages for tests of the store."""

from __future__ import annotations

from dataclasses import replace

from oddlot.contracts.messages import INTERVAL_MS, Bar, Interval, Spread

START_MS = 1_700_000_000_000

BAR = Bar(
    symbol="BTCUSDT",
    interval="1s",
    open_ms=START_MS,
    open=65_000.1,
    high=65_000.30000000001,
    low=0.1 + 0.2,  # not 0.3: a float that survives only where none is rounded
    close=65_000.2,
    volume=1e-8,
    quote_volume=1.7976931348623157e308,
    taker_buy_volume=0.0,
    trades=3,
    first_id=(1 << 62) + 1,
    last_id=(1 << 62) + 3,
    complete=True,
    revision=0,
)
SPREAD = Spread(
    pair="ETHUSDT~BTCUSDT",
    y="ETHUSDT",
    x="BTCUSDT",
    interval="1s",
    open_ms=START_MS,
    y_close=2_300.1,
    x_close=65_000.2,
    hedge_ratio=0.1 + 0.2,
    intercept=-5.5,
    r_squared=0.9,
    spread=-0.25,
    z=-1.25,
    correlation=0.75,
    n=300,
    window=300,
    warm=True,
    stale=False,
    prices="level",
)


def bars(seconds: range, *, symbol: str = "BTCUSDT", interval: Interval = "1s") -> list[Bar]:
    """Give one bar for each number of a range, counted in intervals."""
    step_ms = INTERVAL_MS[interval]
    return [
        replace(
            BAR, symbol=symbol, interval=interval, open_ms=START_MS + i * step_ms, close=i + 0.5
        )
        for i in seconds
    ]
