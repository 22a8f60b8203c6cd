"""GET requests as Stocktwits takes them -> the newest messages about a symbol, or a no."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox import chatter, posts
from sandbox.posts import Crowd, Post
from sandbox.quotas import HOUR_MS, Quota, is_nameless
from sandbox.rest import Answer, Query

ROWS = 30
DEPTH = 800  # messages that can be reached by a cursor
COIN = ".X"
UNLISTED = ("ZZ", "XX")  # symbols that begin so are nobody's, here as at the providers
_STOCK = re.compile(r"[A-Z]{1,5}([.-][A-Z]{1,2})?")
CHALLENGE = "<!DOCTYPE html><html><title>Just a moment...</title></html>"


class Stocktwits:
    """Stocktwits without a key.

    Parameters
    ----------
    crowd : who writes.
    coins : contracts whose coins have a stream.
    an_hour : requests of an address.
    """

    def __init__(self, crowd: Crowd, coins: Iterable[str], *, an_hour: int = 200) -> None:
        self.calls = 0
        self.rejections: Counter[str] = Counter()
        self._crowd = crowd
        self._coins = {chatter.coin_of(symbol): symbol for symbol in coins}
        self._quota = Quota(an_hour, HOUR_MS)

    def stream(
        self, name: str, query: Query, headers: Mapping[str, str], *, client: str, now_ms: int
    ) -> Answer:
        """Answer a request for a symbol's stream; `client` is an address."""
        self.calls += 1
        if is_nameless(headers.get("user-agent", "")):
            self.rejections["user agent"] += 1
            return Answer(403, CHALLENGE, {"Content-Type": "text/html; charset=UTF-8"})
        charge = self._quota.charge(client, now_ms)
        told = {
            "X-RateLimit-Limit": str(self._quota.limit),
            "X-RateLimit-Remaining": str(charge.left),
            "X-RateLimit-Reset": str(now_ms // 1_000 + charge.reset_s),
        }
        if not charge.is_within:
            self.rejections["hour"] += 1
            limit = f"Client may not make more than {self._quota.limit} requests an hour."
            return _refusal(429, f"Rate limit exceeded. {limit}", told)
        symbol = self._symbol(name.upper())
        if symbol is None:
            return _refusal(404, "Symbol not found", told)
        return Answer(200, self._body(symbol, name.upper(), query, now_ms), told)

    def _symbol(self, name: str) -> str | None:
        """Give our name for what has a stream; None for what has none."""
        if name.endswith(COIN):
            return self._coins.get(name.removesuffix(COIN))
        is_listed = _STOCK.fullmatch(name) and not name.startswith(UNLISTED)
        return name if is_listed else None

    def _body(self, symbol: str, name: str, query: Query, now_ms: int) -> dict[str, Any]:
        since, newest = _id(query, "since"), _id(query, "max")
        seen = itertools.islice(self._crowd.newest(posts.place_of_stream(symbol), now_ms), DEPTH)
        wanted = (
            post
            for post in itertools.takewhile(lambda post: post.number > (since or 0), seen)
            if newest is None or post.number <= newest
        )
        found = posts.take(wanted, ROWS + 1)
        page = found[:ROWS]
        cursor = {
            "more": len(found) > ROWS,
            "since": page[0].number if page else since,
            "max": page[-1].number if page else newest,
        }
        about = _about(symbol, name)
        return {
            "response": {"status": 200},
            "symbol": about,
            "cursor": cursor,
            "messages": [_message(post, about) for post in page],
        }


def _message(post: Post, about: dict[str, Any]) -> dict[str, Any]:
    symbol, name = post.symbols[0], about["symbol"]
    tag = COIN if chatter.coin_of(symbol) else ""
    words = chatter.words_of(
        post.draw, (chatter.cashtag(symbol, suffix=tag),), is_burst=post.is_burst
    )
    made = dt.datetime.fromtimestamp(post.event_ms // 1_000, dt.UTC)
    writer = f"made_up_{post.draw % 9_999}"
    assert name in words.title, f"expected {name} in {words.title!r}"
    return {
        "id": post.number,
        "body": words.title if not words.tag else f"{words.title}\n\nHolding since 2024",
        "created_at": f"{made:%Y-%m-%dT%H:%M:%SZ}",
        "user": {"id": post.draw % 9_999, "username": writer, "name": writer, "identity": "User"},
        "source": {"id": 1149, "title": "StockTwits for iOS", "url": "http://www.stocktwits.com"},
        "symbols": [about],
        "mentioned_users": [],
        "entities": {"sentiment": {"basic": words.tag} if words.tag else None},
    }


def _about(symbol: str, name: str) -> dict[str, Any]:
    title = chatter.coin_of(symbol) or symbol
    return {"id": posts.draw_of(symbol), "symbol": name, "title": title, "aliases": []}


def _id(query: Query, name: str) -> int | None:
    text = query.get(name, "")
    return int(text) if text.isdecimal() else None


def _refusal(status: int, words: str, headers: dict[str, str]) -> Answer:
    value = {"response": {"status": status}, "errors": [{"message": words}]}
    return Answer(status, value, headers)
