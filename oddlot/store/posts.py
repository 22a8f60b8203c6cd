"""The table of posts -> mentions, chosen by symbol, forum, mood and words, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from oddlot.contracts.messages import Forum, Mood, Post
from oddlot.store.views import FOREVER_MS

Order = Literal["newest", "oldest"]

MAX_POSTS = 5_000  # of one page
MAX_WORDS = 8  # looked for at a time

_COLUMNS = ", ".join(f"`{field.name}`" for field in fields(Post))
_POSTS = """
    SELECT {columns} FROM posts FINAL
    WHERE {conditions}
    ORDER BY event_ms {order}, forum {order}, post_id {order}, symbol {order}
    LIMIT {{limit:UInt32}}
"""
_CONDITIONS = {
    "symbol": "symbol = {symbol:String}",
    "forum": "forum = {forum:String}",
    "place": "place = {place:String}",
    "mood": "mood = {mood:String}",
    "words": (
        "arrayAll(word -> positionCaseInsensitiveUTF8(excerpt, word) > 0, {words:Array(String)})"
    ),
}
_STRETCH = ["event_ms >= {from_ms:Int64}", "event_ms < {to_ms:Int64}"]
_ROW = "(event_ms, toString(forum), post_id, toString(symbol))"
_MARK = "({at_ms:Int64}, {at_forum:String}, {at_post:String}, {at_symbol:String})"
_DIRECTIONS = {"newest": "DESC", "oldest": "ASC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsWanted:
    """Which mentions; what is None does not matter.

    Attributes
    ----------
    words : all of them are in the excerpt, whatever their case; at most MAX_WORDS.
    from_ms, to_ms : bounds of when it was written, the first included.
    """

    symbol: str | None = None
    forum: Forum | None = None
    place: str | None = None
    mood: Mood | None = None
    words: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCursor:
    """A mention to go on after: its time alone would not do, as many share a millisecond."""

    event_ms: int
    forum: str
    post_id: str
    symbol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsPage:
    """Some mentions.

    Attributes
    ----------
    posts : in the order asked for.
    next_after : ask again after this one for more; None where there are none.
    """

    posts: list[Post]
    next_after: PostCursor | None


def statement(
    wanted: PostsWanted, after: PostCursor | None, order: Order
) -> tuple[str, dict[str, Any]]:
    """Give what to ask the store, and the values it binds; `limit` is still to be given.

    Parameters
    ----------
    wanted : which mentions.
    after : go on after this one.
    order : the newest first, or the oldest.
    """
    assert len(wanted.words) <= MAX_WORDS
    given = {name: value for name in _CONDITIONS if (value := getattr(wanted, name))}
    conditions = [_CONDITIONS[name] for name in given] + _STRETCH
    asked: dict[str, Any] = {
        **given,
        "from_ms": -FOREVER_MS if wanted.from_ms is None else wanted.from_ms,
        "to_ms": FOREVER_MS if wanted.to_ms is None else wanted.to_ms,
    }
    if wanted.words:
        asked["words"] = list(wanted.words)
    if after is not None:
        conditions.append(f"{_ROW} {'<' if order == 'newest' else '>'} {_MARK}")
        asked |= _bounded(asked, after, order)
    sql = _POSTS.format(
        columns=_COLUMNS, conditions=" AND ".join(conditions), order=_DIRECTIONS[order]
    )
    return sql, asked


def cursor(post: Post) -> PostCursor:
    """Give what to go on after, once this one has been had.

    Parameters
    ----------
    post : the last one of a page.
    """
    return PostCursor(
        event_ms=post.event_ms, forum=post.forum, post_id=post.post_id, symbol=post.symbol
    )


def _bounded(asked: dict[str, Any], after: PostCursor, order: Order) -> dict[str, Any]:
    """Bound the time as well: a comparison of four columns spares the store no reading."""
    bound = (
        {"to_ms": min(asked["to_ms"], after.event_ms + 1)}
        if order == "newest"
        else {"from_ms": max(asked["from_ms"], after.event_ms)}
    )
    return bound | {
        "at_ms": after.event_ms,
        "at_forum": after.forum,
        "at_post": after.post_id,
        "at_symbol": after.symbol,
    }
