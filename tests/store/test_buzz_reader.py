"""What the API reads of forums: hours of buzz, how far was read, posts a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from oddlot import errors
from oddlot.contracts.topics import DAY_MS, HOUR_MS
from oddlot.settings import Settings
from oddlot.store.buzz_reader import MAX_HOURS, BuzzReader, PlaceScan
from oddlot.store.posts import MAX_POSTS, Order, PostsWanted
from oddlot.store.writer import Writer
from tests.posts import BUZZ, HOUR, SCAN, mention

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def writer(database: Settings) -> Iterator[Writer]:
    with Writer(database) as writer:
        yield writer


@pytest.fixture
async def reader(database: Settings) -> AsyncIterator[BuzzReader]:
    reader = await BuzzReader.connect(database)
    yield reader
    await reader.close()


async def test_hours_come_newest_first_in_their_last_revision(
    writer: Writer, reader: BuzzReader
) -> None:
    assert await reader.newest_hour_ms(HOUR + 1) is None
    before = replace(BUZZ, hour_ms=HOUR - HOUR_MS)
    last = replace(BUZZ, mentions=BUZZ.mentions + 1, revision=BUZZ.revision + 1)
    writer.insert_buzz([last, before])
    writer.insert_buzz([BUZZ])
    assert await reader.newest_hour_ms(HOUR + 1) == HOUR
    assert await reader.newest_hour_ms(HOUR) == HOUR - HOUR_MS
    assert await reader.hours(HOUR - HOUR_MS, HOUR + 1) == [last, before]
    assert await reader.hours(HOUR - HOUR_MS, HOUR) == [before]


async def test_the_hours_of_a_symbol_are_of_one_crowd_and_limited(
    writer: Writer, reader: BuzzReader
) -> None:
    own = [replace(BUZZ, hour_ms=HOUR - i * HOUR_MS) for i in range(3)]
    others = [replace(BUZZ, symbol="AMD"), replace(BUZZ, forum="reddit")]
    writer.insert_buzz(own + others)
    found = await reader.of_symbol("NVDA", "all", from_ms=0, to_ms=HOUR + 1, limit=2)
    assert found == own[:2]
    for limit in (0, MAX_HOURS + 1):
        with pytest.raises(errors.BadRequest, match="limit: expected 1 to"):
            await reader.of_symbol("NVDA", "all", from_ms=0, to_ms=HOUR, limit=limit)


async def test_the_last_scan_of_a_place_says_when_it_was_read_last(
    writer: Writer, reader: BuzzReader
) -> None:
    later_ms = SCAN.scanned_ms + 60_000
    refused = replace(
        SCAN, scanned_ms=later_ms, from_ms=later_ms, to_ms=later_ms, state="unavailable"
    )
    never = replace(refused, place="options", next_ms=None)
    given_up = replace(SCAN, place="old", scanned_ms=SCAN.scanned_ms - 3 * DAY_MS)
    writer.insert_forum_scans([SCAN, refused, never, given_up])
    found = sorted(await reader.scans(), key=lambda each: each.scan.place)
    assert found == [
        PlaceScan(scan=never, read_ms=None),
        PlaceScan(scan=refused, read_ms=SCAN.scanned_ms),
    ]


async def test_what_was_read_of_an_hour_is_the_union_of_its_scans(
    writer: Writer, reader: BuzzReader
) -> None:
    quarter = HOUR_MS // 4
    writer.insert_forum_scans(
        [
            replace(SCAN, from_ms=HOUR - 40 * DAY_MS, to_ms=HOUR + quarter),
            replace(SCAN, from_ms=HOUR, to_ms=HOUR + 2 * quarter, scanned_ms=SCAN.scanned_ms + 1),
            replace(SCAN, from_ms=HOUR + HOUR_MS, to_ms=HOUR + HOUR_MS, place="nothing"),
        ]
    )
    found = await reader.covered(HOUR - 2 * HOUR_MS, HOUR + HOUR_MS)
    shares = {(row.place, row.symbol, row.hour_ms - HOUR): row.share for row in found}
    assert shares == {
        ("stocks", None, -2 * HOUR_MS): 1.0,
        ("stocks", None, -HOUR_MS): 1.0,
        ("stocks", None, 0): 0.5,
    }


async def test_moods_say_who_told_them(writer: Writer, reader: BuzzReader) -> None:
    told = mention(1, post_id="told", mood_by="tag", mood_score=None)
    silent = mention(2, post_id="silent", mood=None, mood_by=None, mood_score=None)
    writer.insert_posts([mention(0), told, silent, mention(61)])
    writer.insert_posts([mention(0)])
    (row,) = await reader.moods(HOUR, HOUR + HOUR_MS)
    assert (row.symbol, row.forum, row.hour_ms) == ("NVDA", "reddit", HOUR)
    assert (row.tagged, row.read) == (1, 1)


async def test_posts_are_chosen_by_what_is_asked(writer: Writer, reader: BuzzReader) -> None:
    first = mention(0, excerpt="Diamond HÄNDS on $NVDA")
    second = mention(1, symbol="AMD", place="options", mood="bearish", excerpt="diamond dust")
    third = mention(2, forum="stocktwits", place="NVDA", mood=None, mood_by=None)
    writer.insert_posts([first, second, third])

    async def found(**wanted: object) -> list[object]:
        page = await reader.posts(PostsWanted(**wanted), limit=10)  # type: ignore[arg-type]
        return list(page.posts)

    assert await found() == [third, second, first]
    assert await found(symbol="NVDA") == [third, first]
    assert await found(forum="reddit") == [second, first]
    assert await found(place="options") == [second]
    assert await found(mood="bearish") == [second]
    assert await found(words=("diamond",)) == [second, first]
    assert await found(words=("händs", "nvda")) == [first]
    assert await found(words=("%",)) == []
    assert await found(from_ms=first.event_ms + 1, to_ms=third.event_ms) == [second]


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_pages_of_posts_follow_each_other_without_loss(
    writer: Writer, reader: BuzzReader, order: Order
) -> None:
    # Seven of one moment: two of one post, the rest differ by their ids.
    rows = [mention(5, post_id=f"t3_{i}") for i in range(6)] + [mention(5, symbol="AMD")]
    rows += [mention(4), mention(6)]
    writer.insert_posts(rows)
    seen, after = [], None
    while True:
        page = await reader.posts(PostsWanted(), limit=2, after=after, order=order)
        assert len(page.posts) <= 2
        seen += page.posts
        if (after := page.next_after) is None:
            break
    assert len(seen) == len(rows)
    assert all(row in seen for row in rows)
    times = [post.event_ms for post in seen]
    assert times == sorted(times, reverse=order == "newest")


async def test_pages_of_posts_have_a_limit(reader: BuzzReader) -> None:
    for limit in (0, MAX_POSTS + 1):
        with pytest.raises(errors.BadRequest, match="limit: expected 1 to"):
            await reader.posts(PostsWanted(), limit=limit)


async def test_what_is_looked_for_is_a_value_and_no_statement(
    writer: Writer, reader: BuzzReader
) -> None:
    writer.insert_posts([mention(0)])
    wanted = PostsWanted(symbol="' OR 1=1 --", words=("') OR 1=1 --", "\\", "{x:String}"))
    assert (await reader.posts(wanted, limit=5)).posts == []
