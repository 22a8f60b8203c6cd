"""Pages of a subreddit -> how far it has been read, and which page is wanted next.

The newest page is read again and again; where it does not reach what was read before, older pages
follow. Nothing is asked for by `before`: where its post was deleted the answer is as empty as where
nothing new was written.
"""

from __future__ import annotations

from dataclasses import dataclass

from oddlot.contracts.social import BASELINE_DAYS, ScanState
from oddlot.contracts.topics import DAY_MS
from oddlot.errors import VenueUnavailable
from producers.forums.covers import Covers, Stretch
from producers.forums.written import Page

LAG_MS = 10_000  # a post may show that late; clocks differ by less
DEPTH_MS = BASELINE_DAYS * DAY_MS  # nobody looks at what is older
MAX_ANCHORS = 4  # posts to go on from, as those nearest to the end may have been deleted


@dataclass(slots=True)
class Walk:
    """The way back through older pages.

    Attributes
    ----------
    anchors : names of posts to go on from, the best last.
    edge_ms : all that is newer has been read.
    until_ms : where the way ends.
    """

    anchors: list[str]
    edge_ms: int
    until_ms: int


class Place:
    """One subreddit."""

    def __init__(self, name: str, covers: Covers) -> None:
        self.name = name
        self.covers = covers
        self.walk: Walk | None = None
        self.next_ms = 0
        self.failures = 0
        self.state: ScanState | None = None
        self.detail = ""
        self.said_to_ms = covers.end_ms
        self.newest_said_ms = 0
        self.unsaid_posts = 0
        self._is_complete = False  # the listing has been followed to its end in this life
        self._had_posts = False
        self._looked_to_ms = covers.end_ms

    def note_newest(self, page: Page, asked_ms: int) -> None:
        """Note the newest page, and that older ones are wanted where it does not reach far enough.

        Raises VenueUnavailable where nothing came though there were posts before.
        """
        to_ms = asked_ms - LAG_MS
        before_ms = self.covers.end_ms
        if not page.written:
            if self._had_posts:
                raise VenueUnavailable(
                    f"Reddit gave no post at all of r/{self.name}, where there were some before"
                )
            self.covers.add(self._looked_to_ms or to_ms, to_ms)
            self._looked_to_ms = to_ms
            return
        self._had_posts, self._looked_to_ms = True, to_ms
        from_ms = min(to_ms, *(post.event_ms for post in page.written))
        self.covers.add(from_ms, to_ms)
        is_joined = before_ms is not None and before_ms >= from_ms
        if is_joined and self.walk is not None:
            return
        until_ms = to_ms - DEPTH_MS
        if self._is_complete and before_ms is not None:
            until_ms = max(until_ms, before_ms)
        if self.walk is not None:
            until_ms = min(until_ms, self.walk.until_ms)
        self._go_on(page, from_ms, until_ms)

    def note_older(self, page: Page) -> Stretch | None:
        """Note the page that the walk asked for; give the stretch that it adds, if it adds any."""
        walk = self.walk
        assert walk is not None, "expected a walk: it asked for the page"
        oldest_ms = min((post.event_ms for post in page.written), default=walk.edge_ms)
        if oldest_ms >= walk.edge_ms:
            walk.anchors.pop()  # deleted, or the end of the listing
            if not walk.anchors:
                self._arrive()
            return None
        edge_ms = walk.edge_ms
        is_new = self.covers.add(oldest_ms, edge_ms)
        self._go_on(page, oldest_ms, walk.until_ms)
        return (oldest_ms, edge_ms) if is_new else None

    def unsaid(self, now_ms: int) -> Stretch:
        """Give what has been read up to now and not been said; empty where that is nothing."""
        to_ms = self.covers.end_ms
        if to_ms is None:
            return now_ms, now_ms
        start_ms = self.covers.start_of(to_ms)
        assert start_ms is not None, "expected the end of a stretch to be in it"
        return min(to_ms, max(start_ms, self.said_to_ms or 0)), to_ms

    def _go_on(self, page: Page, edge_ms: int, until_ms: int) -> None:
        start_ms = self.covers.start_of(edge_ms)
        if page.older is None or (start_ms is not None and start_ms <= until_ms):
            self._arrive()
            return
        names = [post.post_id for post in page.written if post.post_id != page.older]
        anchors = [*names[-MAX_ANCHORS + 1 :], page.older]
        self.walk = Walk(anchors, edge_ms, until_ms)

    def _arrive(self) -> None:
        self.walk = None
        self._is_complete = True
