"""A seed, a place and a day -> the posts written there; and those that somebody planted.

A day's posts are the same whenever it is asked for. Few and many come with the hour; a symbol that
breaks ranks on a day is talked about on that day, and one or two are always.
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import itertools
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sandbox import chatter

Float64s = npt.NDArray[np.float64]

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
PAST_DAYS = 31  # one more than a baseline wants: today's hour has 30 before it
EPOCH_MS = 1_704_067_200_000  # 2024-01-01; ids count from here, rising with time as real ones do
PLACE_BITS = 12
MAX_PLANTED = 5_000  # posts of one place that somebody planted; the oldest are forgotten

# By hour of day, UTC: New York's trading is loud, its night is not. The mean is 1.
_NIGHT, _DAY = (
    [9, 8, 7, 6, 5, 5, 5, 6, 7, 8, 9, 12],
    [16, 24, 28, 26, 24, 22, 22, 24, 21, 15, 12, 10],
)
_HOURS: Float64s = np.array(_NIGHT + _DAY, np.float64)
TIDE: Float64s = _HOURS / np.mean(_HOURS)
# Bursts of a day happen in New York's session, hardly at other hours.
SESSION: Float64s = np.array([0.1] * 13 + [1.0] * 8 + [0.1] * 3)

A_SUBREDDIT = 0.9  # posts an hour, bursts apart: a month of it fits in a listing's 1,000
LOUD = ("NVDA", "BTCUSDT")  # talked about always, so never news
LOUD_SHARE = 0.35
SILENT_SHARE = 0.15  # of a subreddit's posts name nobody
PAIRED_SHARE = 0.12
GONE_SHARE = 0.03  # are deleted again within the hour
BURST_A_SUBREDDIT = 0.25  # posts an hour about one symbol that breaks ranks
# Messages an hour of a symbol's stream, from the quietest on: the 30 that are read of it at first
# reach ten days back, which is enough to know what is usual.
QUIET_STREAM, STREAM_SPAN = 0.02, 6.0
LOUD_STREAM = 8.0
BURST_STREAM = 5.0
COINS = ("crypto", "coin", "bitcoin", "ethereum", "defi")  # subreddits with one of these in it

Moves = Callable[[int], Mapping[int, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Post:
    """One post; its words follow from `draw`.

    Attributes
    ----------
    number : its id, rising with time and unique.
    symbols : whom it is about, as the exchange and the providers name them.
    gone_ms : when its author deletes it; 0 for never.
    """

    number: int
    event_ms: int
    symbols: tuple[str, ...]
    draw: int
    gone_ms: int = 0
    is_burst: bool = False

    def is_there(self, now_ms: int) -> bool:
        """Tell whether readers see it."""
        return self.event_ms <= now_ms and not 0 < self.gone_ms <= now_ms


class Crowd:
    """Everybody who writes.

    Parameters
    ----------
    symbols : whom they know.
    seed : the same one gives the same posts.
    moves : of a day's number since 1970, the symbols that break ranks on each day up to it.
    """

    def __init__(self, symbols: Sequence[str], *, seed: int, moves: Moves | None = None) -> None:
        self._seed = seed
        self._moves = moves or (lambda _day: {})
        ordered = sorted(set(symbols), key=lambda symbol: zlib.crc32(symbol.encode()))
        self._stocks = tuple(symbol for symbol in ordered if not chatter.coin_of(symbol))
        self._coins = tuple(symbol for symbol in ordered if chatter.coin_of(symbol))
        self._planted: dict[str, list[Post]] = defaultdict(list)
        self._planting = threading.Lock()
        self._day = functools.lru_cache(maxsize=4_096)(self._written)

    def newest(self, place: str, now_ms: int) -> Iterator[Post]:
        """Give what readers of a place see, newest first."""
        today = now_ms // DAY_MS
        with self._planting:
            planted = list(self._planted.get(place, ()))
        for day in range(today, today - PAST_DAYS - 1, -1):
            posts: Sequence[Post] = self._day(place, day, self._moved(day, today))
            added = [post for post in planted if post.event_ms // DAY_MS == day]
            if added:
                posts = sorted([*posts, *added], key=lambda post: post.number)
            yield from (post for post in reversed(posts) if post.is_there(now_ms))

    def plant(self, place: str, symbol: str, times_ms: Sequence[int]) -> None:
        """Let somebody write about a symbol at these times."""
        with self._planting:
            posts = self._planted[place]
            for i, event_ms in enumerate(times_ms):
                draw = draw_of(f"{place} {symbol} {event_ms} {i}")
                last_ms = posts[-1].event_ms if posts else 0
                free_ms = event_ms + (event_ms <= last_ms) * (last_ms + 1 - event_ms)
                number = _number(place, free_ms)
                bisect.insort(
                    posts,
                    Post(number, free_ms, (symbol,), draw, is_burst=True),
                    key=lambda post: post.number,
                )
            del posts[:-MAX_PLANTED]

    def _moved(self, day: int, today: int) -> tuple[str, ...]:
        return tuple(self._moves(today).get(day, ()))

    def _written(self, place: str, day: int, moved: tuple[str, ...]) -> tuple[Post, ...]:
        """Write a day of a place."""
        rng = np.random.default_rng([self._seed, draw_of(place), day])
        kind, _, name = place.partition("/")
        drafts = (
            self._subreddit(rng, name, moved) if kind == "r" else self._stream(rng, name, moved)
        )
        posts: list[Post] = []
        last_ms = 0
        for offset_ms, symbols, is_burst in sorted(drafts, key=lambda draft: draft[0]):
            event_ms = max(day * DAY_MS + offset_ms, last_ms + 1)
            last_ms, draw = event_ms, int(rng.integers(1 << 40))
            is_gone = draw % 1_000 < 1_000 * GONE_SHARE
            gone_ms = event_ms + draw // 1_000 % HOUR_MS if is_gone else 0
            number = _number(place, event_ms)
            posts.append(Post(number, event_ms, symbols, draw // 7, gone_ms, is_burst))
        return tuple(posts)

    def _subreddit(
        self, rng: np.random.Generator, name: str, moved: tuple[str, ...]
    ) -> Iterator[tuple[int, tuple[str, ...], bool]]:
        is_coins = is_about_coins(name)
        known = self._coins if is_coins else self._stocks
        loud = LOUD[is_coins]
        for offset_ms in _times(rng, A_SUBREDDIT * TIDE):
            yield offset_ms, _subjects(rng, known, loud), False
        for symbol in moved:
            if bool(chatter.coin_of(symbol)) == is_coins:
                for offset_ms in _times(rng, BURST_A_SUBREDDIT * SESSION):
                    yield offset_ms, (symbol,), True

    def _stream(
        self, rng: np.random.Generator, symbol: str, moved: tuple[str, ...]
    ) -> Iterator[tuple[int, tuple[str, ...], bool]]:
        share = draw_of(f"stream {symbol}") % 1_000 / 1_000
        rate = LOUD_STREAM if symbol in LOUD else QUIET_STREAM * STREAM_SPAN**share
        for offset_ms in _times(rng, rate * TIDE):
            yield offset_ms, (symbol,), False
        if symbol in moved:
            for offset_ms in _times(rng, BURST_STREAM * SESSION):
                yield offset_ms, (symbol,), True


def place_of_subreddit(name: str) -> str:
    """Name a subreddit's place; Reddit does not tell capitals apart."""
    return f"r/{name.lower()}"


def is_about_coins(name: str) -> bool:
    """Tell a subreddit about coins from one about stocks."""
    return any(word in name.lower() for word in COINS)


def place_of_stream(symbol: str) -> str:
    """Name the place of a symbol's stream."""
    return f"s/{symbol}"


def day_number(date: dt.date) -> int:
    """Count days since 1970."""
    return (date - dt.date(1970, 1, 1)).days


def _subjects(rng: np.random.Generator, known: tuple[str, ...], loud: str) -> tuple[str, ...]:
    """Choose whom a post is about: nobody, the loud one, or one or two of the others."""
    what, first, second = rng.random(3)
    if what < SILENT_SHARE or not known:
        return ()
    if what < SILENT_SHARE + LOUD_SHARE and loud in known:
        return (loud,)
    # The square makes some of them favourites.
    one, other = known[int(first**2 * len(known))], known[int(second**2 * len(known))]
    return (one, other) if what > 1 - PAIRED_SHARE and one != other else (one,)


def _times(rng: np.random.Generator, rates: Float64s) -> list[int]:
    """Draw times of a day, in milliseconds, at so many an hour."""
    hours = np.repeat(np.arange(24), rng.poisson(rates))
    times: list[int] = (hours * HOUR_MS + rng.integers(0, HOUR_MS, len(hours))).tolist()
    return times


def _number(place: str, event_ms: int) -> int:
    return ((event_ms - EPOCH_MS) << PLACE_BITS) | (draw_of(place) % (1 << PLACE_BITS))


def draw_of(text: str) -> int:
    """Give a number that a text always has."""
    return zlib.crc32(text.encode())


def take(posts: Iterator[Post], limit: int) -> list[Post]:
    """Give the first so many."""
    return list(itertools.islice(posts, limit))
