"""The tables of posts, scans of forums and buzz -> rankings, histories, posts, how far was read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import msgspec

from oddlot import errors
from oddlot.contracts.messages import Buzz, Crowd, Forum, ForumScan, Post
from oddlot.contracts.topics import DAY_MS
from oddlot.store import posts
from oddlot.store.connected import Connected
from oddlot.store.posts import MAX_POSTS, Order, PostCursor, PostsPage, PostsWanted

T = TypeVar("T")

MAX_ROWS = 200_000  # of one window of hours: a thousand symbols, three crowds, two days
MAX_HOURS = 10_000  # of one symbol: more than a year
MAX_PLACES = 2_000  # whose last scan is given
PLACES_MS = 2 * DAY_MS  # one not even tried for so long is no longer read

_BUZZ = ", ".join(f"`{field.name}`" for field in fields(Buzz))
_SCAN = ", ".join(f"`{field.name}`" for field in fields(ForumScan))

_NEWEST = "SELECT max(hour_ms) AS at FROM buzz WHERE hour_ms < {to_ms:Int64} LIMIT 1"
_HOURS = f"""
    SELECT {_BUZZ} FROM buzz FINAL
    WHERE hour_ms >= {{from_ms:Int64}} AND hour_ms < {{to_ms:Int64}}
    ORDER BY hour_ms DESC LIMIT {{limit:UInt32}}
"""
_OF_SYMBOL = f"""
    SELECT {_BUZZ} FROM buzz FINAL
    WHERE forum = {{forum:String}} AND symbol = {{symbol:String}}
      AND hour_ms >= {{from_ms:Int64}} AND hour_ms < {{to_ms:Int64}}
    ORDER BY hour_ms DESC LIMIT {{limit:UInt32}}
"""
# The newest of every place, whatever came of it, and when it was read the last time.
_SCANS = f"""
    SELECT {_SCAN}, nullIf(last_read_ms, 0) AS read_ms FROM
    (
        SELECT *,
               maxIf(scanned_ms, state = 'read') OVER (PARTITION BY forum, place) AS last_read_ms
        FROM forum_scans FINAL
        WHERE scanned_ms >= (SELECT max(scanned_ms) FROM forum_scans) - {{since_ms:Int64}}
    )
    ORDER BY scanned_ms DESC LIMIT 1 BY forum, place
    LIMIT {{limit:UInt32}}
"""
# Scans overlap where they were tried again: what counts is their union.
_COVERED = """
    SELECT forum, place, symbol, hour_ms,
           intervalLengthSum(greatest(first_ms, hour_ms), least(end_ms, hour_ms + 3600000))
               / 3600000 AS share
    FROM
    (
        SELECT forum, place, symbol, greatest(from_ms, {from_ms:Int64}) AS first_ms,
               least(to_ms, {to_ms:Int64}) AS end_ms,
               arrayJoin(range(intDiv(first_ms, 3600000), intDiv(end_ms - 1, 3600000) + 1))
                   * 3600000 AS hour_ms
        FROM forum_scans
        WHERE to_ms > from_ms AND to_ms > {from_ms:Int64} AND from_ms < {to_ms:Int64}
          AND ({symbol:String} = '' OR coalesce(symbol, {symbol:String}) = {symbol:String})
    )
    GROUP BY forum, place, symbol, hour_ms
    LIMIT {limit:UInt32}
"""
# Who told the mood: the authors by their tags, or VADER.
_MOODS = """
    SELECT symbol, forum, intDiv(event_ms, 3600000) * 3600000 AS hour_ms,
           countIf(mood_by = 'tag') AS tagged, countIf(mood_by = 'vader') AS read
    FROM posts FINAL
    WHERE event_ms >= {from_ms:Int64} AND event_ms < {to_ms:Int64} AND isNotNull(mood)
    GROUP BY symbol, forum, hour_ms
    LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceScan:
    """The last scan of one place of a forum.

    Attributes
    ----------
    scan : whatever came of it.
    read_ms : when the place was read the last time; None where it never was.
    """

    scan: ForumScan
    read_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How much of one hour of one place has been read.

    Attributes
    ----------
    symbol : the only one that the place tells of; None where it tells of all.
    share : of the hour, 0 to 1; hours of which nothing was read have no row.
    """

    forum: Forum
    place: str
    symbol: str | None
    hour_ms: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodsTold:
    """Who told the moods of one symbol in one hour.

    Attributes
    ----------
    tagged : mentions whose authors did, by a tag.
    read : mentions whose words VADER read.
    """

    symbol: str
    forum: Forum
    hour_ms: int
    tagged: int
    read: int


class _Newest(msgspec.Struct):
    at: int


class BuzzReader(Connected):
    """Answers views of posts and buzz."""

    async def newest_hour_ms(self, to_ms: int) -> int | None:
        """Give the newest hour with buzz; None where there is none.

        Parameters
        ----------
        to_ms : that began before then.
        """
        (newest,) = await self._rows(_NEWEST, _Newest, {"to_ms": to_ms})
        return newest.at or None

    async def hours(self, from_ms: int, to_ms: int) -> list[Buzz]:
        """Give the buzz of every symbol and crowd, newest hour first.

        Parameters
        ----------
        from_ms, to_ms : bounds of `hour_ms`, the first included. Of more than MAX_ROWS rows, the
            newest are given.
        """
        asked = {"from_ms": from_ms, "to_ms": to_ms, "limit": MAX_ROWS}
        return await self._rows(_HOURS, Buzz, asked)

    async def of_symbol(
        self, symbol: str, forum: Crowd, *, from_ms: int, to_ms: int, limit: int
    ) -> list[Buzz]:
        """Give the buzz of one symbol, newest hour first; hours without a mention have no row.

        Parameters
        ----------
        symbol : as the peer groups name it.
        forum : where it was mentioned.
        from_ms, to_ms : bounds of `hour_ms`, the first included.
        limit : rows at most, up to MAX_HOURS.

        Raises
        ------
        BadRequest
            If more is asked for.
        """
        _check(limit, MAX_HOURS)
        asked = {"symbol": symbol, "forum": forum, "from_ms": from_ms, "to_ms": to_ms}
        return await self._rows(_OF_SYMBOL, Buzz, asked | {"limit": limit})

    async def scans(self) -> list[PlaceScan]:
        """Give the last scan of every place that is still tried, newest first."""
        asked = {"since_ms": PLACES_MS, "limit": MAX_PLACES}
        found = await self._rows(_SCANS, dict[str, Any], asked)
        return [
            PlaceScan(read_ms=row.pop("read_ms"), scan=msgspec.convert(row, ForumScan))
            for row in found
        ]

    async def covered(self, from_ms: int, to_ms: int, symbol: str | None = None) -> list[Covered]:
        """Tell how much of each hour has been read, place by place.

        Parameters
        ----------
        from_ms, to_ms : what of the past to look at.
        symbol : leave out the places that tell only of others.
        """
        asked = {"from_ms": from_ms, "to_ms": to_ms, "symbol": symbol or "", "limit": MAX_ROWS}
        return await self._rows(_COVERED, Covered, asked)

    async def moods(self, from_ms: int, to_ms: int) -> list[MoodsTold]:
        """Tell who told the moods of whole hours; those without any have no row.

        Parameters
        ----------
        from_ms, to_ms : bounds of when it was written: beginnings of hours.
        """
        asked = {"from_ms": from_ms, "to_ms": to_ms, "limit": MAX_ROWS}
        return await self._rows(_MOODS, MoodsTold, asked)

    async def posts(
        self,
        wanted: PostsWanted,
        *,
        limit: int,
        after: PostCursor | None = None,
        order: Order = "newest",
    ) -> PostsPage:
        """Give mentions, one a post and symbol.

        Parameters
        ----------
        wanted : which.
        limit : how many at most, up to MAX_POSTS.
        after : go on after this one.
        order : the newest first, or the oldest.

        Raises
        ------
        BadRequest
            If more is asked for.
        """
        _check(limit, MAX_POSTS)
        sql, asked = posts.statement(wanted, after, order)
        # One more tells whether there are others.
        found = await self._rows(sql, Post, asked | {"limit": limit + 1})
        page = found[:limit]
        return PostsPage(posts=page, next_after=posts.cursor(page[-1]) if found[limit:] else None)

    async def _rows(self, sql: str, kind: type[T], parameters: dict[str, Any]) -> list[T]:
        lines = await self._lines(sql, parameters)
        # A window of hours is megabytes of JSON, which would hold up the loop.
        return await asyncio.to_thread(msgspec.json.Decoder(kind).decode_lines, lines)


def _check(limit: int, most: int) -> None:
    if not 0 < limit <= most:
        raise errors.BadRequest(f"limit: expected 1 to {most}, was {limit}; ask in parts")
