"""config.pairs -> the watchlist and its channels; what clients change about it -> config.pairs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager

from api import following
from api.channels import pair_channels
from api.following import FIRST_BACKOFF_S
from api.hub import VENUE, Hub
from api.live import now_ms
from oddlot import errors, watchlist
from oddlot.contracts import topics
from oddlot.contracts.messages import Pair, PairChange
from oddlot.kafka import Publisher, Subscription
from oddlot.peer_groups import PeerGroup
from oddlot.watchlist import Watchlist

log = logging.getLogger(__name__)

MAX_ADDED_PAIRS = 200  # seven channels each: with those of the groups, below hub.MAX_CHANNELS
CHANGE_S = 10.0  # how long a browser waits for the broker to acknowledge a change

FollowChanges = Callable[[], AbstractAsyncContextManager[Subscription]]
Publishing = Callable[[], AbstractAsyncContextManager[Publisher]]


class StreamedWatchlist(Watchlist):
    """A watchlist whose changes are streamed, and make and retire channels."""

    def __init__(self, groups: tuple[PeerGroup, ...], hub: Hub) -> None:
        super().__init__(groups, VENUE)
        self._hub = hub
        for pair in self.pairs.values():
            hub.offer(pair_channels(pair))

    def regroup(self, groups: Iterable[PeerGroup]) -> None:
        """Watch the pairs of other files, and what was changed since."""
        old = self._channels()
        super().regroup(groups)
        new = self._channels()
        self._hub.retire(old - new)
        self._hub.offer(new)

    def apply(self, change: PairChange) -> None:
        """Take in a change: the newest one of a pair counts."""
        before = self.pairs.get(change.pair)
        super().apply(change)
        old = set() if before is None else pair_channels(before)
        new = set() if change.watched is None else pair_channels(change.watched)
        self._hub.retire(old - new)
        self._hub.offer(new)
        self._hub.publish(change, arrival_ms=change.changed_ms, published_ms=now_ms())

    def _channels(self) -> set[str]:
        return set().union(*map(pair_channels, self.pairs.values()))


class Watching:
    """Knows the watched pairs, and changes them for all processes."""

    def __init__(
        self,
        pairs: Watchlist,
        follow: FollowChanges,
        publishing: Publishing,
        *,
        backoff_s: float = FIRST_BACKOFF_S,
    ) -> None:
        self.watchlist = pairs
        self._follow = follow
        self._publishing = publishing
        self._backoff_s = backoff_s
        self._changing = asyncio.Lock()

    @property
    def pairs(self) -> dict[str, Pair]:
        """Every watched pair by its id."""
        return self.watchlist.pairs

    async def run(self) -> None:
        """Follow what is changed, here or elsewhere, until cancelled."""
        await following.keep(self._read, lost=_lost, backoff_s=self._backoff_s)

    async def watch(self, pair: Pair) -> bool:
        """Watch a pair from now on; give whether it is new.

        Raises BrokerUnavailable unless the broker has it, BadRequest beyond the limit.
        """
        async with self._changing:
            is_new = pair.id not in self.pairs
            if is_new and self._added() >= MAX_ADDED_PAIRS:
                raise errors.BadRequest(
                    f"expected at most {MAX_ADDED_PAIRS} added pairs, there are as many; "
                    f"DELETE /pairs/{{pair}} makes room"
                )
            await self._publish(PairChange(pair=pair.id, watched=pair, changed_ms=now_ms()))
            return is_new

    async def unwatch(self, pair_id: str) -> bool:
        """Watch a pair no longer; give whether it was. Raises as `watch` does."""
        async with self._changing:
            if pair_id not in self.pairs:
                return False
            await self._publish(PairChange(pair=pair_id, watched=None, changed_ms=now_ms()))
            return True

    async def _publish(self, change: PairChange) -> None:
        try:
            async with asyncio.timeout(CHANGE_S), self._publishing() as publisher:
                await publisher.publish(topics.PAIRS, [change], arrival_ms=change.changed_ms)
        except TimeoutError as e:
            raise errors.BrokerUnavailable(
                f"expected Kafka to take the change within {CHANGE_S:.0f} s, it did not; try again"
            ) from e
        # Whoever asks next asks about this; following brings it again, which changes nothing.
        self.watchlist.apply(change)

    async def _read(self) -> None:
        async with self._follow() as subscription:
            await watchlist.catch_up(subscription, self.watchlist)
            async for _ in watchlist.follow(subscription, self.watchlist):
                log.info("%d pairs are watched", len(self.pairs))

    def _added(self) -> int:
        return sum(self.watchlist.is_added(pair_id) for pair_id in self.pairs)


def _lost(error: BaseException) -> None:
    log.warning("lost the changes of pairs: %s; trying again", error)
