"""Peer groups and config.pairs -> the watched pairs, as they change while the system runs."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable

from oddlot import peer_groups
from oddlot.contracts.messages import Pair, PairChange
from oddlot.errors import BadMessage
from oddlot.kafka import Record, Subscription
from oddlot.peer_groups import PeerGroup

log = logging.getLogger(__name__)

READ_RECORDS = 1_000
CATCH_UP_WAIT_MS, FOLLOW_WAIT_MS = 100, 1_000


class Watchlist:
    """The pairs of the peer groups, and what was changed about them since.

    Attributes
    ----------
    venue : whose groups count; the one that streams.
    """

    def __init__(self, groups: Iterable[PeerGroup], venue: str) -> None:
        """Start from the files."""
        self.venue = venue
        self._groups = tuple(groups)
        self._changes: dict[str, PairChange] = {}

    @property
    def pairs(self) -> dict[str, Pair]:
        """Every watched pair by its id: the files' first, in their order, then the added ones."""
        kept = {pair.id: pair for pair in peer_groups.watched_pairs(self._groups, self.venue)}
        for change in self._changes.values():
            if change.watched is None:
                kept.pop(change.pair, None)
            else:
                kept[change.pair] = change.watched
        return kept

    def group_of(self, pair: Pair) -> str | None:
        """Name the first group of the venue that both legs are members of."""
        for group in self._groups:
            symbols = {member.symbol for member in group.members}
            if group.venue == self.venue and {pair.y, pair.x} <= symbols:
                return group.id
        return None

    def is_added(self, pair_id: str) -> bool:
        """Tell whether a pair, or the way it is watched, comes from a change and no file."""
        return pair_id in self._changes

    def regroup(self, groups: Iterable[PeerGroup]) -> None:
        """Start from other files; what was changed since stays changed."""
        self._groups = tuple(groups)

    def apply(self, change: PairChange) -> None:
        """Take in a change: the newest one of a pair counts."""
        self._changes[change.pair] = change


async def catch_up(subscription: Subscription, watchlist: Watchlist) -> None:
    """Apply every change that is on the broker now.

    Parameters
    ----------
    subscription : to config.pairs alone, from its earliest record.
    watchlist : where to apply them.
    """
    while await subscription.lag():
        _apply(await subscription.read(limit=READ_RECORDS, wait_ms=CATCH_UP_WAIT_MS), watchlist)


async def follow(subscription: Subscription, watchlist: Watchlist) -> AsyncIterator[None]:
    """Apply changes as they come; give control back after each lot.

    Parameters
    ----------
    subscription, watchlist : as for `catch_up`.
    """
    while True:
        found = await subscription.read(limit=READ_RECORDS, wait_ms=FOLLOW_WAIT_MS)
        if _apply(found, watchlist):
            yield


def _apply(found: list[Record], watchlist: Watchlist) -> bool:
    for record in found:
        try:
            message = record.message()
        except BadMessage as e:
            log.warning("a change of a pair was refused: %s", e)
            continue
        assert isinstance(message, PairChange)
        watchlist.apply(message)
    return bool(found)
