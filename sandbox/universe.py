"""Peer groups and a seed -> made-up daily closes, with things to find in them.

A logarithmic return is the market's, its groups' and its own. In every group somebody breaks ranks
each month; some members never move with theirs; splits, bad prints, missing days and short
histories are as common as in the real world. A symbol's past is the same whenever it is asked for.
"""

from __future__ import annotations

import datetime as dt
import functools
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64s = npt.NDArray[np.float64]

EPOCH = dt.date(2023, 1, 2)
HOLIDAYS = {(1, 1), (7, 4), (12, 25)}
MARKET_SD, GROUP_SD = 0.008, 0.009  # a day; with a member's own: it moves with its group by 0.87
OWN_SD = (0.005, 0.008)
LONER_SD = 0.03
INTRADAY_SD = 0.003
BLOCK = 20  # sessions between two divergers of a group
EVENT_SIZE = (0.12, 0.20)  # of a diverger, either way: six times what it does by itself in a month
MAX_EVENT_DAYS = 3
REVERSION = 0.985  # of crypto prices a day, so that they stay where the live market trades
MIN_GROUP = 5  # smaller groups have nothing planted
SPLITS = (2, 3, 4, 10)
YEAR = 250


@dataclass(frozen=True, slots=True)
class Planted:
    """One member's move against its group, from the session `first` on."""

    symbol: str
    group: str
    first: int
    days: int
    size: float


@dataclass(frozen=True, slots=True, eq=False)
class Daily:
    """One symbol's sessions; prices are adjusted for splits, all columns are equally long.

    Attributes
    ----------
    dates : of the sessions.
    open, high, low, close : adjusted.
    volume : adjusted.
    factors : raw price / adjusted price of each session.
    splits : the split on each session, 1.0 for none.
    bad : sessions whose close some provider has wrong.
    """

    dates: list[dt.date]
    open: Float64s
    high: Float64s
    low: Float64s
    close: Float64s
    volume: Float64s
    factors: Float64s
    splits: Float64s
    bad: frozenset[int]


class Universe:
    """Every symbol there is: the members and benchmarks of groups, and whatever else is asked for.

    Parameters
    ----------
    groups : symbols by group; a benchmark that is no member moves as its group does.
    seed : the same one gives the same closes.
    prices : where symbols of a live market trade; their closes stay near.
    """

    def __init__(
        self,
        groups: Mapping[str, Sequence[str]],
        *,
        seed: int,
        benchmarks: Mapping[str, str] | None = None,
        prices: Mapping[str, float] | None = None,
    ) -> None:
        self._groups = {name: tuple(map(_dotted, members)) for name, members in groups.items()}
        self._benchmarks = {name: _dotted(each) for name, each in (benchmarks or {}).items()}
        self._seed = seed
        self._prices = dict(prices or {})
        self.loners = frozenset(filter(None, map(self._loner, self._groups)))
        self._daily = functools.lru_cache(maxsize=2_000)(self._make)
        self._events = functools.lru_cache(maxsize=500)(self._plant)
        self._noise = functools.lru_cache(maxsize=500)(self._draw)

    def symbols(self) -> list[str]:
        """Give the symbols of all groups, sorted."""
        members = {symbol for members in self._groups.values() for symbol in members}
        return sorted(members | set(self._benchmarks.values()))

    def daily(self, symbol: str, last: dt.date) -> Daily | None:
        """Give a symbol's sessions up to a date; None if nobody lists it."""
        if symbol.startswith(("ZZ", "XX")):
            return None
        return self._daily(_dotted(symbol), last)

    def is_live(self, symbol: str) -> bool:
        """Tell whether a symbol trades at the live market."""
        return symbol in self._prices

    def planted(self, last: dt.date, sessions: int = BLOCK) -> list[Planted]:
        """Give the divergers of the newest sessions up to a date."""
        found = []
        for group in self._groups:
            end = len(self._calendar(group, last))
            events = self._events(group, end)
            found += [e for e in events if end - sessions <= e.first + e.days - 1 < end]
        return found

    def moved(self, last: dt.date, sessions: int) -> dict[dt.date, dict[str, float]]:
        """Give who broke ranks on each of the newest days up to a date, and by how much."""
        found: dict[dt.date, dict[str, float]] = {}
        for group in self._groups:
            dates = self._calendar(group, last)
            for event in self._events(group, len(dates)):
                for session in range(event.first, min(event.first + event.days, len(dates))):
                    if session >= len(dates) - sessions:
                        moves = found.setdefault(dates[session], {})
                        moves[event.symbol] = event.size / event.days
        return found

    def _calendar(self, group: str, last: dt.date) -> list[dt.date]:
        is_crypto = any(member in self._prices for member in self._groups[group])
        return _days(last) if is_crypto else _weekdays(last)

    def _make(self, symbol: str, last: dt.date) -> Daily:
        is_crypto = symbol in self._prices
        dates = _days(last) if is_crypto else _weekdays(last)
        n, draw = len(dates), zlib.crc32(symbol.encode())
        logs = self._path(symbol, n)
        noise = self._rng("intraday", symbol).normal(0, INTRADAY_SD, (n, 3))
        close = np.exp(logs)
        opens = np.exp(np.concatenate([logs[:1], logs[:-1]]) + noise[:, 0])
        high = np.maximum(opens, close) * np.exp(np.abs(noise[:, 1]))
        low = np.minimum(opens, close) * np.exp(-np.abs(noise[:, 2]))
        moves = np.abs(np.diff(logs, prepend=logs[0]))
        usual = 10.0 ** (6 + draw % 20 / 10)
        tides = self._rng("volume", symbol).normal(0, 0.25, n)
        volume = np.rint(usual * np.exp(tides) * (1 + 100 * moves))
        splits = np.ones(n)
        if not is_crypto and draw % 29 == 0:
            splits[draw % YEAR :: YEAR] = SPLITS[draw % len(SPLITS)]
        factors = np.append(np.cumprod(splits[::-1])[::-1][1:], 1.0)
        kept = self._kept(symbol, n) if not is_crypto else np.arange(n)
        bad = np.arange(draw % 97, n, 97) if not is_crypto and draw % 23 == 7 else kept[:0]
        return Daily(
            dates=[dates[i] for i in kept],
            open=opens[kept],
            high=high[kept],
            low=low[kept],
            close=close[kept],
            volume=volume[kept],
            factors=factors[kept],
            splits=splits[kept],
            bad=frozenset(np.flatnonzero(np.isin(kept, bad)).tolist()),
        )

    def _path(self, symbol: str, n: int) -> Float64s:
        """Give the logarithmic price of every session."""
        draw = zlib.crc32(symbol.encode())
        mine = [name for name, members in self._groups.items() if symbol in members]
        tracked = [name for name, benchmark in self._benchmarks.items() if benchmark == symbol]
        own = self._draw("own", symbol, n)
        if symbol in self.loners:
            returns = LONER_SD * own
        else:
            spread = 0.3 if tracked and not mine else 1.0  # a fund holds them all
            sd = OWN_SD[0] + (OWN_SD[1] - OWN_SD[0]) * (draw % 100) / 100
            returns = spread * sd * own + MARKET_SD * self._noise("market", "", n)
            for name in mine or tracked:
                weight = GROUP_SD / np.sqrt(len(mine or tracked))
                returns += weight * self._noise("group", name, n)
        for name in mine:
            for event in self._events(name, n):
                if event.symbol == symbol:
                    returns[event.first : event.first + event.days] += event.size / event.days
        if symbol in self._prices:
            # Returns fade: 400 days later a five-hundredth of one is left.
            drift = np.convolve(returns, REVERSION ** np.arange(400))[:n]
            return np.asarray(np.log(self._prices[symbol]) + drift)
        return np.asarray(np.log(20.0 + draw % 4_000 / 10) + np.cumsum(returns))

    def _plant(self, group: str, n: int) -> list[Planted]:
        """Plant one diverger a month, each time somebody else."""
        members = [m for m in self._groups[group] if m not in self.loners]
        if len(self._groups[group]) < MIN_GROUP:
            return []
        rng = self._rng("events", group)
        events = []
        for first in range(0, n, BLOCK):
            who, days, sign = rng.integers(len(members)), rng.integers(MAX_EVENT_DAYS), rng.random()
            offset, size = rng.integers(BLOCK - MAX_EVENT_DAYS), rng.uniform(*EVENT_SIZE)
            size = size if sign < 0.5 else -size
            events.append(
                Planted(members[int(who)], group, first + int(offset), 1 + int(days), float(size))
            )
        return events

    def _loner(self, group: str) -> str | None:
        """Give the member that never moves with its group, in every other group."""
        draw, members = zlib.crc32(group.encode()), self._groups[group]
        if draw % 2 or len(members) < MIN_GROUP:
            return None
        return members[draw % len(members)]

    def _kept(self, symbol: str, n: int) -> npt.NDArray[np.int64]:
        """Give the sessions that are there: some are missing, some symbols are young."""
        draw = zlib.crc32(symbol.encode())
        kept = np.arange(n)
        if draw % 67 == 9:
            return kept[-90:]
        is_there = (kept + draw) % 41 != 0 if draw % 19 == 4 else kept >= 0
        return np.flatnonzero(is_there)

    def _draw(self, what: str, name: str, n: int) -> Float64s:
        return self._rng(what, name).normal(size=n)

    def _rng(self, what: str, name: str) -> np.random.Generator:
        return np.random.default_rng([self._seed, zlib.crc32(f"{what}:{name}".encode())])


def _dotted(symbol: str) -> str:
    """Give one name to a class of shares that some write with a dash."""
    return symbol.replace("-", ".")


@functools.lru_cache(maxsize=8)
def _weekdays(last: dt.date) -> list[dt.date]:
    return [
        day for day in _days(last) if day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS
    ]


@functools.lru_cache(maxsize=8)
def _days(last: dt.date) -> list[dt.date]:
    return [EPOCH + dt.timedelta(days=i) for i in range((last - EPOCH).days + 1)]
