"""Requests of readers -> what Reddit, Stocktwits and news sites of the sandbox answer."""

from __future__ import annotations

import datetime as dt
import functools
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from oddlot.settings import Settings
from sandbox import bursts, chatter, newsroom, posts, wire
from sandbox.posts import DAY_MS, PAST_DAYS, Crowd
from sandbox.reddit import TOKEN_S, Reddit
from sandbox.rest import Answer
from sandbox.stocktwits import Stocktwits
from sandbox.universe import Universe

FORUMS = ("reddit", "stocktwits")
MAX_BURST = 2_000  # posts
BURST_S = 10
MAX_BODY_BYTES = 4_096
DOWN = "<html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What forums give; the defaults are what they give everybody.

    Attributes
    ----------
    token_s : how long a token of Reddit is good.
    """

    reddit_per_minute: int = 100
    reddit_feeds_per_minute: int = 1
    stocktwits_per_hour: int = 200
    token_s: int = TOKEN_S


class Forums:
    """The forums, who writes there, and the trouble they are in.

    Parameters
    ----------
    universe : whom people write about, and who of them breaks ranks.
    subreddits : where a planted burst goes.
    seed : the same one gives the same posts and news.
    clock : gives the time, milliseconds since 1970.
    """

    def __init__(
        self,
        universe: Universe,
        subreddits: Sequence[str],
        *,
        seed: int,
        quotas: Quotas | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        quotas = quotas or Quotas()
        self.clock = clock
        self._seed = seed
        self._universe = universe
        self._subreddits = tuple(subreddits)
        self._moved = functools.lru_cache(maxsize=4)(self._find_moves)
        symbols = universe.symbols()
        self.crowd = Crowd(symbols, seed=seed, moves=self._moved)
        self.reddit = Reddit(
            self.crowd,
            a_minute=quotas.reddit_per_minute,
            feeds_a_minute=quotas.reddit_feeds_per_minute,
            token_s=quotas.token_s,
        )
        coins = filter(universe.is_live, symbols)
        self.stocktwits = Stocktwits(self.crowd, coins, an_hour=quotas.stocktwits_per_hour)
        self._failing: Counter[str] = Counter()

    @property
    def rejections(self) -> int:
        """Calls beyond a quota, of all forums: none, if readers count right."""
        return self.reddit.rejections.total() + self.stocktwits.rejections.total()

    def burst(
        self, symbol: str, count: int, *, lasts_ms: int, forums: Iterable[str] = FORUMS
    ) -> dict[str, int]:
        """Let people write about a symbol from now on; give how many posts each forum gets."""
        chosen = [forum for forum in FORUMS if forum in forums]
        when = bursts.times(count, from_ms=self.clock(), lasts_ms=lasts_ms)
        shares = {forum: when[i :: len(chosen)] for i, forum in enumerate(chosen)}
        places = self._places(symbol)
        for i, place in enumerate(places):
            self.crowd.plant(place, symbol, shares.get("reddit", [])[i :: len(places)])
        self.crowd.plant(posts.place_of_stream(symbol), symbol, shares.get("stocktwits", []))
        return {forum: len(times) for forum, times in shares.items()}

    def fail(self, forum: str, times: int) -> None:
        """Make a forum's next calls fail."""
        self._failing[forum] = times

    def report(self) -> dict[str, Any]:
        """Give what was seen, for whoever tests a reader."""
        return {
            name: {"calls": forum.calls, "rejections": dict(forum.rejections)}
            for name, forum in (("reddit", self.reddit), ("stocktwits", self.stocktwits))
        }

    def app(self) -> Starlette:
        """Give the forums as an application."""
        return Starlette(
            routes=[
                Route("/reddit/api/v1/access_token", self._token, methods=["POST"]),
                Route("/reddit/r/{name}/new/.rss", self._feed),
                Route("/reddit/r/{name}/new.rss", self._feed),
                Route("/reddit/r/{name}/new", self._listing),
                Route("/reddit/r/{name}/new.json", self._listing),
                Route("/stocktwits/api/2/streams/symbol/{name}.json", self._stream),
                Route("/news/{path:path}", self._news),
                Route("/sandbox/forums", self._report),
                Route("/sandbox/burst", self._burst, methods=["POST"]),
                Route("/sandbox/fail", self._fail, methods=["POST"]),
            ]
        )

    async def _token(self, request: Request) -> Response:
        if self._is_down("reddit"):
            return _response(Answer(503, DOWN, {}))
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                return _response(Answer(413, "Request Entity Too Large", {}))
        form = dict(urllib.parse.parse_qsl(body.decode(errors="replace")))
        return _response(self.reddit.token(request.headers, form, self.clock()))

    async def _listing(self, request: Request) -> Response:
        if self._is_down("reddit"):
            return _response(Answer(503, DOWN, {}))
        if "authorization" not in request.headers:
            return _response(self.reddit.refuse_anonymous())
        name, query = request.path_params["name"], dict(request.query_params)
        return _response(self.reddit.listing(name, query, request.headers, self.clock()))

    async def _feed(self, request: Request) -> Response:
        if self._is_down("reddit"):
            return _response(Answer(503, DOWN, {}))
        name, query = request.path_params["name"], dict(request.query_params)
        client, now_ms = _client(request), self.clock()
        return _response(
            self.reddit.feed(name, query, request.headers, client=client, now_ms=now_ms)
        )

    async def _stream(self, request: Request) -> Response:
        if self._is_down("stocktwits"):
            return _response(Answer(503, DOWN, {}))
        name, query = request.path_params["name"], dict(request.query_params)
        client, now_ms = _client(request), self.clock()
        return _response(
            self.stocktwits.stream(name, query, request.headers, client=client, now_ms=now_ms)
        )

    async def _news(self, request: Request) -> Response:
        now_ms = self.clock()
        today = dt.datetime.fromtimestamp(now_ms / 1_000, dt.UTC).date()
        moves = self._universe.moved(today, 2).get(today, {})
        status, headers, body = newsroom.answer(
            request.url.path, request.headers, now_ms=now_ms, seed=self._seed, moves=moves
        )
        return Response(body, status, headers)

    async def _report(self, _request: Request) -> Response:
        return _response(Answer(200, self.report(), {}))

    async def _burst(self, request: Request) -> Response:
        """Plant a burst: `symbol`, `posts`, and optionally `seconds` and `forum`."""
        query = request.query_params
        symbol, count = query.get("symbol", ""), _count(query.get("posts", ""), MAX_BURST)
        seconds = _count(query.get("seconds", str(BURST_S)), 3_600)
        forums = (query["forum"],) if "forum" in query else FORUMS
        if not symbol or not count or not seconds or not set(forums) <= set(FORUMS):
            expected = f"expected ?symbol=NVDA&posts=1 to {MAX_BURST}&seconds=1 to 3600"
            words = f"{expected}, and forum={' or '.join(FORUMS)} for one of them alone"
            return _response(Answer(400, {"msg": words}, {}))
        planted = self.burst(symbol, count, lasts_ms=1_000 * seconds, forums=forums)
        return _response(Answer(200, planted, {}))

    async def _fail(self, request: Request) -> Response:
        forum, count = request.query_params.get("forum", ""), request.query_params.get("count", "1")
        times = _count(count, 10_000)
        if forum not in FORUMS or not times:
            return _response(Answer(400, {"msg": f"expected ?forum={'|'.join(FORUMS)}"}, {}))
        self.fail(forum, times)
        return _response(Answer(200, {}, {}))

    def _is_down(self, forum: str) -> bool:
        fails = self._failing[forum] > 0
        self._failing[forum] -= fails
        return fails

    def _places(self, symbol: str) -> list[str]:
        """Give the subreddits where a symbol is on topic."""
        is_coin = bool(chatter.coin_of(symbol))
        fitting = [name for name in self._subreddits if posts.is_about_coins(name) == is_coin]
        return [posts.place_of_subreddit(name) for name in fitting or self._subreddits]

    def _find_moves(self, day: int) -> dict[int, tuple[str, ...]]:
        """Give who breaks ranks on each day up to one, days counted since 1970."""
        last = dt.datetime.fromtimestamp(day * DAY_MS / 1_000, dt.UTC).date()
        moved = self._universe.moved(last, PAST_DAYS + 2)
        return {posts.day_number(date): tuple(sorted(moves)) for date, moves in moved.items()}


def quotas_of(knobs: Settings) -> Quotas:
    """Give the limits that our readers believe to have."""
    return Quotas(
        reddit_per_minute=knobs.reddit_per_minute, stocktwits_per_hour=knobs.stocktwits_per_hour
    )


def subreddits_of(knobs: Settings) -> list[str]:
    """Give the subreddits that our readers read."""
    return [name.strip() for name in knobs.reddit_subreddits.split(",") if name.strip()]


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _count(text: str, most: int) -> int:
    """Read a number; 0 if it is none, or more than the most."""
    return int(text) if text.isdecimal() and int(text) <= most else 0


def _response(answer: Answer) -> Response:
    is_text = isinstance(answer.value, str)
    body = answer.value if is_text else wire.to_json(answer.value)
    kind = "text/html; charset=UTF-8" if is_text else "application/json; charset=UTF-8"
    return Response(body, answer.status, {"Content-Type": kind, **answer.headers})
