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


def _coin(symbol: str, price: float, digits: tuple[int, int], **character: float) -> Listing:
    tick_digits, step_digits = digits
    return Listing(
        symbol=symbol,
        price=price,
        tick_digits=tick_digits,
        step_digits=step_digits,
        **character,  # type: ignore[arg-type]  # the fields that are numbers
    )


# As the majors: of the end of November 2024, rounded. Shares are small, so that a demo's Bitcoin
# stays as lively as it is. Within a group the factors weigh alike; the walk is each symbol's own.
LAYER_1S = (
    _coin("SUIUSDT", 3.45, (4, 1), share=6.0, market=1.25, alts=1.05, own_volatility=7e-5),
    _coin("NEARUSDT", 6.90, (3, 0), share=2.0, market=1.25, alts=1.05, own_volatility=5e-5),
    _coin("TRXUSDT", 0.2040, (5, 0), share=1.5, market=1.1, alts=0.9, own_volatility=6e-5),
    _coin("APTUSDT", 12.90, (3, 1), share=1.2, market=1.25, alts=1.1, own_volatility=5e-5),
    _coin("TONUSDT", 6.60, (4, 1), share=1.0, market=1.15, alts=0.95, own_volatility=6e-5),
    _coin("ATOMUSDT", 8.60, (3, 2), share=0.8, market=1.2, alts=1.1, own_volatility=4e-5),
    _coin("SEIUSDT", 0.6200, (4, 0), share=0.8, market=1.3, alts=1.1, own_volatility=6e-5),
)
DEFI = (
    _coin("UNIUSDT", 12.90, (3, 0), share=1.8, market=1.2, alts=1.4, own_volatility=6e-5),
    _coin("AAVEUSDT", 210.0, (2, 1), share=1.5, market=1.15, alts=1.3, own_volatility=5e-5),
    _coin("ENAUSDT", 0.7200, (4, 0), share=1.5, market=1.3, alts=1.45, own_volatility=8e-5),
    _coin("CRVUSDT", 0.6600, (4, 1), share=1.2, market=1.25, alts=1.4, own_volatility=7e-5),
    _coin("LDOUSDT", 1.7500, (4, 0), share=1.0, market=1.25, alts=1.4, own_volatility=6e-5),
    _coin("JUPUSDT", 1.1500, (4, 0), share=0.8, market=1.25, alts=1.3, own_volatility=7e-5),
    _coin("PENDLEUSDT", 5.7000, (4, 0), share=0.6, market=1.25, alts=1.4, own_volatility=7e-5),
    _coin("COMPUSDT", 75.0, (2, 3), share=0.4, market=1.1, alts=1.3, own_volatility=6e-5),
)
MEMES = (
    _coin("1000PEPEUSDT", 0.0203000, (7, 0), share=6.0, market=1.6, alts=0.9, own_volatility=9e-5),
    _coin("WIFUSDT", 3.1000, (4, 1), share=3.0, market=1.6, alts=1.0, own_volatility=9e-5),
    _coin("1000SHIBUSDT", 0.026200, (6, 0), share=2.5, market=1.45, alts=0.8, own_volatility=6e-5),
    _coin("1000BONKUSDT", 0.046000, (6, 0), share=2.5, market=1.6, alts=0.9, own_volatility=9e-5),
    _coin("PNUTUSDT", 1.1500, (4, 0), share=2.0, market=1.6, alts=0.9, own_volatility=1.2e-4),
    _coin("1000FLOKIUSDT", 0.24500, (5, 0), share=1.2, market=1.5, alts=0.9, own_volatility=8e-5),
    _coin("BOMEUSDT", 0.009400, (6, 0), share=1.0, market=1.55, alts=0.9, own_volatility=1e-4),
)
UNKNOWN_SHARE = 1.0  # as lively as AVAX: listed, but nobody's favourite


def listings_of(symbols: Iterable[str]) -> tuple[Listing, ...]:
    """List the majors and then whatever else is asked for, always with the same character."""
    known = {listing.symbol: listing for listing in LAYER_1S + DEFI + MEMES}
    majors = {listing.symbol for listing in MAJORS}
    others = sorted({symbol.upper() for symbol in symbols} - majors)
    return MAJORS + tuple(known.get(symbol) or _made_up(symbol) for symbol in others)


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
