"""A seeded random walk of two cointegrated symbols -> bars and spreads as the API gives them."""

from __future__ import annotations

from typing import Any

import numpy as np

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
PAIRS = ("BTCUSDT~ETHUSDT", "ETHUSDT~SOLUSDT")
INTERVAL_S = {"1s": 1, "1m": 60, "5m": 300}
HISTORY_S = 60 * 3_600
WINDOW = 300
APART = 45.0  # how far the first pair drifts apart, in the price of its leg y

Row = dict[str, Any]


class Market:
    """One-second closes of each symbol; everything else is computed from them."""

    def __init__(self, *, until_ms: int, seed: int = 7) -> None:
        self._rng = np.random.default_rng(seed)
        until_ms -= until_ms % 300_000
        self.first_ms = until_ms - HISTORY_S * 1_000
        self._bars: dict[tuple[str, str, int], Row] = {}
        self._spreads: dict[tuple[str, str, int, bool], Row] = {}
        common = np.cumsum(self._rng.normal(0, 1, HISTORY_S))
        apart = self._reverting(HISTORY_S)
        self._apart = float(apart[-1])
        self.close = {
            "BTCUSDT": 97_000 + 8 * common + APART * apart,
            "ETHUSDT": 3_430 + 0.3 * common,
            "SOLUSDT": 238 + 0.02 * common,
        }
        self.close = {symbol: np.round(path, 2).tolist() for symbol, path in self.close.items()}

    def _reverting(self, n: int) -> np.ndarray:
        noise = self._rng.normal(0, 1, n)
        level = np.zeros(n)
        for i in range(1, n):
            level[i] = self._next(level[i - 1], noise[i])
        return level

    @staticmethod
    def _next(level: float, noise: float) -> float:
        return 0.998 * level + 0.063 * noise  # a standard deviation of 1, a half-life of 350 s

    @property
    def seconds(self) -> int:
        return len(self.close["BTCUSDT"])

    def step(self) -> None:
        """Let one second of the venue's time pass."""
        move = self._rng.normal(0, 1)
        before, self._apart = self._apart, self._next(self._apart, self._rng.normal(0, 1))
        steps = {
            "BTCUSDT": 8 * move + APART * (self._apart - before),
            "ETHUSDT": 0.3 * move,
            "SOLUSDT": 0.02 * move,
        }
        for symbol, step in steps.items():
            self.close[symbol].append(round(self.close[symbol][-1] + step, 2))

    def bars(self, symbol: str, interval: str, limit: int) -> list[Row]:
        """Give the newest closed bars, oldest first."""
        length = INTERVAL_S[interval]
        closed = self.seconds // length
        return [
            self._closed_bar(symbol, interval, i) for i in range(max(0, closed - limit), closed)
        ]

    def _closed_bar(self, symbol: str, interval: str, index: int) -> Row:
        key = symbol, interval, index
        if key not in self._bars:
            self._bars[key] = self.bar(symbol, interval, index)
        return self._bars[key]

    def bar(self, symbol: str, interval: str, index: int) -> Row:
        """Give one bar as it is now; it may still be open."""
        length = INTERVAL_S[interval]
        path = self.close[symbol][max(0, index * length - 1) : (index + 1) * length]
        volume = round(length * (0.4 + 7 * abs(path[-1] / path[0] - 1) * 300), 3)
        return {
            "symbol": symbol,
            "interval": interval,
            "open_ms": self.first_ms + index * length * 1_000,
            "open": path[0],
            "high": round(max(path) + 0.01, 2),
            "low": round(min(path) - 0.01, 2),
            "close": path[-1],
            "volume": volume,
            "quote_volume": round(volume * path[-1], 2),
            "taker_buy_volume": volume / 2,
            "trades": length * 3,
            "first_id": index * length * 3,
            "last_id": (index + 1) * length * 3 - 1,
            "complete": True,
            "revision": 0,
        }

    def spreads(self, pair: str, interval: str, limit: int) -> list[Row]:
        """Give the newest spreads, oldest first."""
        closed = self.seconds // INTERVAL_S[interval]
        first = max(WINDOW, closed - limit)
        return [self.spread(pair, interval, i) for i in range(first, closed)]

    def spread(self, pair: str, interval: str, index: int, *, warm: bool = True) -> Row:
        """Give the regression of one pair over the window that ends with this bar."""
        key = pair, interval, index, warm
        if key not in self._spreads:
            self._spreads[key] = self._regressed(pair, interval, index, warm=warm)
        return self._spreads[key]

    def _regressed(self, pair: str, interval: str, index: int, *, warm: bool) -> Row:
        length = INTERVAL_S[interval]
        y_symbol, x_symbol = pair.split("~")
        ends = slice((index - WINDOW + 2) * length - 1, (index + 1) * length, length)
        y, x = (np.asarray(self.close[symbol][ends]) for symbol in (y_symbol, x_symbol))
        beta, alpha = np.polyfit(x, y, 1)
        residuals = y - alpha - beta * x
        correlation = float(np.corrcoef(np.diff(y), np.diff(x))[0, 1])
        return {
            "pair": pair,
            "y": y_symbol,
            "x": x_symbol,
            "interval": interval,
            "open_ms": self.first_ms + index * length * 1_000,
            "y_close": float(y[-1]),
            "x_close": float(x[-1]),
            "hedge_ratio": float(beta),
            "intercept": float(alpha),
            "r_squared": float(1 - residuals.var() / y.var()),
            "spread": float(residuals[-1]),
            "z": float(residuals[-1] / residuals.std(ddof=1)) if warm else None,
            "correlation": correlation,
            "n": WINDOW if warm else 123,
            "window": WINDOW,
            "warm": warm,
            "stale": False,
            "prices": "level",
            "hedge": "ols",
        }
