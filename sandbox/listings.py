"""The symbols that the sandbox exchange lists, and how each of them behaves."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One symbol of the sandbox exchange.

    Attributes
    ----------
    symbol : its name.
    price : where it starts, in quote currency.
    tick_digits, tick_units : the price grid is `tick_units * 10**-tick_digits`.
    step_digits : the quantity grid is `10**-step_digits`.
    share : of the market's trades, relative to the others.
    market, alts : how far it follows the two common factors.
    own_volatility : of its own random walk, per square root of a second; 0 ties it to the factors.
    residual_sd, residual_half_life_s : the mean-reverting part of its logarithmic price.
    """

    symbol: str
    price: float
    tick_digits: int
    step_digits: int
    share: float
    tick_units: int = 1
    market: float = 1.0
    alts: float = 0.0
    own_volatility: float = 0.0
    residual_sd: float = 4e-4
    residual_half_life_s: float = 75.0

    @property
    def tick(self) -> float:
        """The smallest step of its price."""
        return float(self.tick_units / 10**self.tick_digits)

    @property
    def step(self) -> float:
        """The smallest step of its quantity."""
        return float(1 / 10**self.step_digits)


# Prices, grids and shares as on Binance Futures at the end of November 2024, rounded. BTC and ETH
# share one factor, the alts a second one: symbols without a walk of their own are cointegrated.
MAJORS = (
    Listing(
        symbol="BTCUSDT",
        price=97_000.0,
        tick_digits=1,
        step_digits=3,
        share=100.0,
        residual_sd=1e-4,
        residual_half_life_s=20.0,
    ),
    Listing(symbol="ETHUSDT", price=3_400.0, tick_digits=2, step_digits=3, share=64.0, market=1.15),
    Listing(
        symbol="SOLUSDT",
        price=238.0,
        tick_digits=2,
        step_digits=2,
        share=34.0,
        market=1.3,
        alts=1.0,
    ),
    Listing(
        symbol="XRPUSDT",
        price=1.42,
        tick_digits=4,
        step_digits=1,
        share=20.0,
        alts=0.8,
        own_volatility=9e-5,
    ),
    Listing(
        symbol="DOGEUSDT",
        price=0.4210,
        tick_digits=5,
        step_digits=0,
        share=14.0,
        market=1.4,
        alts=0.9,
        own_volatility=8e-5,
    ),
    Listing(
        symbol="BNBUSDT",
        price=652.0,
        tick_digits=2,
        step_digits=2,
        share=9.0,
        market=0.8,
        own_volatility=4e-5,
    ),
    Listing(
        symbol="ADAUSDT",
        price=0.9840,
        tick_digits=4,
        step_digits=0,
        share=5.0,
        market=1.2,
        alts=1.1,
        residual_half_life_s=100.0,
    ),
    Listing(
        symbol="LINKUSDT",
        price=17.85,
        tick_digits=3,
        step_digits=2,
        share=2.5,
        market=1.2,
        alts=0.9,
        own_volatility=6e-5,
    ),
    Listing(
        symbol="AVAXUSDT",
        price=42.60,
        tick_digits=3,
        step_digits=0,
        share=1.2,
        market=1.3,
        alts=1.05,
        residual_half_life_s=110.0,
    ),
    # Slow on purpose: most of its seconds have no trade.
    Listing(
        symbol="DOTUSDT",
        price=8.72,
        tick_digits=3,
        step_digits=1,
        share=0.3,
        market=1.2,
        alts=1.1,
        residual_half_life_s=120.0,
    ),
)
UNKNOWN_SHARE = 1.0  # as lively as AVAX: listed, but nobody's favourite


def listings_of(symbols: Iterable[str]) -> tuple[Listing, ...]:
    """List the majors and then whatever else is asked for, always with the same character."""
    known = {listing.symbol for listing in MAJORS}
    others = sorted({symbol.upper() for symbol in symbols} - known)
    return MAJORS + tuple(_made_up(symbol) for symbol in others)


def _made_up(symbol: str) -> Listing:
    draw = zlib.crc32(symbol.encode())  # a hash that is the same in every process
    return Listing(
        symbol=symbol,
        price=1.0 + draw % 10_000 / 100,
        tick_digits=3,
        step_digits=1,
        share=UNKNOWN_SHARE,
        market=0.9 + draw % 7 / 10,
        alts=draw % 11 / 10,
        own_volatility=5e-5,
    )
