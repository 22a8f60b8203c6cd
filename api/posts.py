"""The view of posts: what was written of a symbol, newest first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.buzz_views import PostsView, PostView
from api.formats import FormatDep
from api.problems import SHOWN_CHARACTERS, documented
from api.stretches import StretchDep
from api.tables import table_of
from oddlot import errors
from oddlot.contracts.messages import Forum, Mood, Post
from oddlot.store.posts import MAX_POSTS, MAX_WORDS, PostCursor, PostsWanted

router = APIRouter(tags=["social"])

DEFAULT_POSTS = 50
MAX_LOOKED_FOR = 100  # characters
MAX_NAME = 100  # characters of a symbol or a place
MAX_CURSOR = 300

_CURSOR = re.compile(r"(\d{1,15})~([a-z]{1,20})~([^~]{0,32})~(.{1,200})", re.DOTALL)
_LINK = re.compile(r"https?://", re.IGNORECASE)


@router.get(
    "/posts",
    summary="What was written",
    response_model=PostsView,
    responses={**formats.documented(PostsView), **documented(422, 503)},
)
async def posts(
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    symbol: Annotated[
        str | None, Query(max_length=MAX_NAME, description="That name it.", examples=["NVDA"])
    ] = None,
    forum: Annotated[Forum | None, Query(description="Written there.")] = None,
    place: Annotated[
        str | None,
        Query(max_length=MAX_NAME, description="A subreddit, or a symbol's stream of Stocktwits."),
    ] = None,
    mood: Annotated[Mood | None, Query(description="With that mood.")] = None,
    q: Annotated[
        str | None,
        Query(max_length=MAX_LOOKED_FOR, description="With all of these words in the excerpt."),
    ] = None,
    limit: Annotated[
        int, Query(ge=1, le=MAX_POSTS, description="How many at most.")
    ] = DEFAULT_POSTS,
    before: Annotated[
        str | None, Query(max_length=MAX_CURSOR, description="The `next` of the answer before.")
    ] = None,
) -> Response:
    """Return mentions, one a post and symbol, newest first.

    As a file, all, oldest first.
    """
    wanted = PostsWanted(
        symbol=symbol or None,
        forum=forum,
        place=place or None,
        mood=mood,
        words=_words_of(q or ""),
        from_ms=stretch.from_ms,
        to_ms=stretch.to_ms,
    )
    if format_ != "json":
        name = "-".join(["posts", *(each for each in (symbol, forum, place, mood) if each)])
        tables = _tables(backend, wanted)
        return await backend.exports.of_tables(tables, name=name, format_=format_)
    after = None if before is None else _cursor_of(before)
    page = await backend.buzz.ask(lambda reader: reader.posts(wanted, limit=limit, after=after))
    return json_of(
        PostsView(
            posts=[_view_of(post, backend) for post in page.posts],
            next=None if page.next_after is None else _text_of(page.next_after),
        )
    )


async def _tables(backend: Backend, wanted: PostsWanted) -> AsyncIterator[pa.Table]:
    """Read from the oldest on, a page when the one before is gone."""
    after: PostCursor | None = None
    while True:
        mark = after
        page = await backend.buzz.ask(
            lambda reader: reader.posts(wanted, limit=MAX_POSTS, after=mark, order="oldest")  # noqa: B023
        )
        yield table_of([_view_of(post, backend) for post in page.posts], PostView)
        after = page.next_after
        if after is None:
            return


def _view_of(post: Post, backend: Backend) -> PostView:
    return PostView(
        symbol=post.symbol,
        name=backend.grouping.names.get(post.symbol, post.symbol),
        forum=post.forum,
        place=post.place,
        post_id=post.post_id,
        event_ms=post.event_ms,
        mood=post.mood,
        mood_by=post.mood_by,
        mood_score=post.mood_score,
        excerpt=post.excerpt,
        # Whoever follows it trusts us: a link that is a script would run as ours.
        url=post.url if _LINK.match(post.url) else "",
    )


def _words_of(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(text.split()))
    if len(words) > MAX_WORDS:
        raise errors.BadRequest(f"q: expected at most {MAX_WORDS} words, was {len(words)}")
    return words


def _text_of(mark: PostCursor) -> str:
    return f"{mark.event_ms}~{mark.forum}~{mark.symbol}~{mark.post_id}"


def _cursor_of(text: str) -> PostCursor:
    found = _CURSOR.fullmatch(text)
    if found is None:
        shown = text[:SHOWN_CHARACTERS]
        raise errors.BadRequest(f"before: expected the next of an answer, was {shown!r}")
    event_ms, forum, symbol, post_id = found.groups()
    return PostCursor(event_ms=int(event_ms), forum=forum, symbol=symbol, post_id=post_id)
