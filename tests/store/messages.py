"""Messages for tests of the store."""

from __future__ import annotations

from msgspec import structs

from oddlot.contracts.messages import INTERVAL_MS, Alert, Bar, Interval, PairTest, Spread

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

TEST = PairTest(
    pair="ETHUSDT~BTCUSDT",
    y="ETHUSDT",
    x="BTCUSDT",
    interval="1s",
    open_ms=START_MS,
    prices="log",
    hedge="kalman",
    n=300,
    eg_statistic=-3.5,
    eg_p=0.1 + 0.2,
    eg_critical=(-3.9, -3.3, -3.0),
    adf_statistic=-3.6,
    adf_p=0.01,
    adf_lags=2,
    adf_critical=(-3.4, -2.8, -2.5),
    half_life_bars=12.5,
    hurst=0.4,
    is_cointegrated=False,
    verdict="no sign that the spread comes back",
)
ALERT = Alert(
    kind="spread",
    subject="ETHUSDT~BTCUSDT",
    interval="1s",
    event_ms=START_MS,
    crossing="entered",
    side="high",
    value=2.1,
    threshold=2.0,
    price=2_300.1,
    hedge_ratio=0.1 + 0.2,
    spread=-0.25,
    text="z rose to 2.10, above 2",
)


def bars(seconds: range, *, symbol: str = "BTCUSDT", interval: Interval = "1s") -> list[Bar]:
    """Give one bar for each number of a range, counted in intervals."""
    step_ms = INTERVAL_MS[interval]
    return [
        structs.replace(
            BAR, symbol=symbol, interval=interval, open_ms=START_MS + i * step_ms, close=i + 0.5
        )
        for i in seconds
    ]
