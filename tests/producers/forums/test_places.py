"""Places: which page is wanted next, and what the pages read add up to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddlot.contracts.topics import HOUR_MS
from oddlot.errors import VenueUnavailable
from producers.forums.covers import Covers
from producers.forums.places import DEPTH_MS, LAG_MS, MAX_ANCHORS, Place
from producers.forums.written import Page, Written

NOW = 1_700_000_000_000


def written(post_id: str, event_ms: int) -> Written:
    return Written(post_id=post_id, event_ms=event_ms, title="TSLA", text="", url="")


def page(newest: int, oldest: int, *, older: bool = True) -> Page:
    """Give a page of posts an hour apart, named by their hours before now."""
    posts = tuple(written(f"h{hour}", NOW - hour * HOUR_MS) for hour in range(newest, oldest + 1))
    return Page(written=posts, older=posts[-1].post_id if older else None)


def place_read(*hours: tuple[int, int]) -> Place:
    covers = Covers()
    for start, end in hours:
        covers.add(NOW - start * HOUR_MS, NOW - end * HOUR_MS)
    return Place("stocks", covers)


def walk_of(place: Place) -> str | None:
    return place.walk.anchors[-1] if place.walk else None


def test_the_first_page_is_followed_back_to_the_end_of_the_listing() -> None:
    place = place_read()
    place.note_newest(page(1, 5), NOW)
    assert walk_of(place) == "h5"
    assert place.note_older(page(6, 9)) == (NOW - 9 * HOUR_MS, NOW - 5 * HOUR_MS)
    assert walk_of(place) == "h9"
    place.note_older(page(10, 12, older=False))
    assert place.walk is None
    assert place.covers.stretches == [(NOW - 12 * HOUR_MS, NOW - LAG_MS)]


def test_the_way_ends_where_nobody_looks_any_more() -> None:
    place = place_read()
    place.note_newest(page(1, DEPTH_MS // HOUR_MS + 1), NOW)
    assert place.walk is None


def test_a_page_that_reaches_what_was_read_is_not_followed() -> None:
    place = place_read()
    place.note_newest(page(1, 5, older=False), NOW)
    place.note_newest(page(-1, 1), NOW + 2 * HOUR_MS)
    assert place.walk is None
    assert len(place.covers.stretches) == 1


def test_a_page_that_does_not_reach_what_was_read_is_followed_until_it_does() -> None:
    place = place_read()
    place.note_newest(page(10, 15, older=False), NOW - 9 * HOUR_MS)
    place.note_newest(page(0, 4), NOW)
    assert walk_of(place) == "h4"
    place.note_older(page(5, 11))
    assert place.walk is None
    assert place.covers.stretches == [(NOW - 15 * HOUR_MS, NOW - LAG_MS)]


def test_a_way_back_goes_on_while_new_posts_come() -> None:
    place = place_read()
    place.note_newest(page(1, 5), NOW)
    place.note_newest(page(-1, 3), NOW + 2 * HOUR_MS)
    assert walk_of(place) == "h5"


def test_posts_deleted_at_the_end_of_a_page_do_not_stop_the_way() -> None:
    place = place_read()
    place.note_newest(page(1, 9), NOW)
    nothing = Page(written=(), older=None)
    for anchor in ("h9", "h8", "h7"):
        assert walk_of(place) == anchor
        assert place.note_older(nothing) is None
    assert place.note_older(page(7, 12)) == (NOW - 12 * HOUR_MS, NOW - 9 * HOUR_MS)


def test_a_listing_that_ends_without_saying_so_ends() -> None:
    place = place_read()
    place.note_newest(page(1, 9), NOW)
    for _ in range(MAX_ANCHORS):
        place.note_older(Page(written=(), older=None))
    assert place.walk is None


def test_after_a_restart_what_was_read_is_gone_through_only_if_more_may_be_behind_it() -> None:
    place = place_read((DEPTH_MS // HOUR_MS + 1, 1))
    place.note_newest(page(0, 9), NOW)
    assert place.walk is None
    place = place_read((50, 1))
    place.note_newest(page(0, 9), NOW)
    assert walk_of(place) == "h9"
    assert place.note_older(page(10, 40)) is None  # it was said before
    assert place.note_older(page(41, 60)) == (NOW - 60 * HOUR_MS, NOW - 40 * HOUR_MS)


def test_only_what_has_not_been_said_is_said() -> None:
    place = place_read((50, 1))
    place.note_newest(page(0, 9), NOW)
    assert place.unsaid(NOW) == (NOW - HOUR_MS, NOW - LAG_MS)
    place = place_read((50, 20))
    place.note_newest(page(0, 9), NOW)
    assert place.unsaid(NOW) == (NOW - 9 * HOUR_MS, NOW - LAG_MS)


def test_an_empty_place_is_read_from_the_first_look_on() -> None:
    place, nothing = place_read(), Page(written=(), older=None)
    place.note_newest(nothing, NOW)
    assert place.unsaid(NOW) == (NOW, NOW)
    place.note_newest(nothing, NOW + HOUR_MS)
    assert place.covers.stretches == [(NOW - LAG_MS, NOW + HOUR_MS - LAG_MS)]


def test_a_place_that_is_suddenly_empty_is_not_believed() -> None:
    place = place_read()
    place.note_newest(page(1, 5), NOW)
    with pytest.raises(VenueUnavailable, match="no post at all of r/stocks"):
        place.note_newest(Page(written=(), older=None), NOW + HOUR_MS)


@given(
    st.lists(st.integers(1, 400), unique=True, min_size=1),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), max_size=4),
    st.integers(1, 20),
)
def test_what_is_covered_has_been_read(
    ages: Sequence[int], before: list[tuple[int, int]], rows: int
) -> None:
    """However a listing is cut into pages: between the covered times no post is left out."""
    posts = [written(f"a{age}", NOW - LAG_MS - age) for age in sorted(ages)]
    covers = Covers()
    for start, length in before:
        covers.add(NOW - LAG_MS - start - length, NOW - LAG_MS - start)
    known = [*covers.stretches]
    place, seen, at = Place("stocks", covers), set[str](), 0
    while at < len(posts):
        part = posts[at : at + rows]
        at += rows
        older = part[-1].post_id if at < len(posts) else None
        seen |= {post.post_id for post in part}
        given_page = Page(written=tuple(part), older=older)
        if at == rows:
            place.note_newest(given_page, NOW)
        else:
            place.note_older(given_page)
        if place.walk is None:
            break
    for start, end in place.covers.stretches:
        for post in posts:
            was_known = any(a <= post.event_ms < b for a, b in known)
            if start <= post.event_ms < end and not was_known:
                assert post.post_id in seen
