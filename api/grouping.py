"""The files of peer groups -> the groups of this process, as they change while it runs."""

from __future__ import annotations

import asyncio
import logging

from api.group_changes import changes_of
from api.hub import VENUE, Hub, bar_channels
from api.live import now_ms
from api.watching import StreamedWatchlist
from oddlot import peer_groups
from oddlot.contracts.messages import ScanInterval
from oddlot.peer_groups import PeerGroup, Snapshot, Stored
from oddlot.settings import Settings

log = logging.getLogger(__name__)


class Grouping:
    """Knows the peer groups, saves and removes them; channels and watched pairs follow."""

    def __init__(self, settings: Settings, hub: Hub) -> None:
        """Start from the files; raise BadPeerGroup where there is none that can be used."""
        self._directory = settings.peer_groups_dir
        self._hub = hub
        self.snapshot = peer_groups.look(self._directory)
        if not self.snapshot.stored:
            peer_groups.load(self._directory)  # says what is wrong
        for problem in self.snapshot.problems:
            log.warning("a peer group is left out: %s", problem)
        self._index()
        self.watchlist = StreamedWatchlist(self.groups, hub)
        hub.offer(_channels(self.groups))

    async def run(self) -> None:
        """Follow the files until cancelled, whoever changes them."""
        async for snapshot in peer_groups.watch(self._directory, self.snapshot):
            self._follow(snapshot)

    async def find(self, group_id: str) -> Stored:
        """Read a group as its file is now; raises as `peer_groups.find`."""
        return await asyncio.to_thread(peer_groups.find, self._directory, group_id)

    async def save(self, group: PeerGroup, *, expected: str | None) -> Stored:
        """Save a group, and follow it at once; raises as `peer_groups.save`."""
        stored = await asyncio.to_thread(
            peer_groups.save, self._directory, group, expected=expected
        )
        await self._look()
        return stored

    async def remove(self, group_id: str, *, expected: str) -> None:
        """Remove a group, and follow that at once; raises as `peer_groups.remove`."""
        await asyncio.to_thread(peer_groups.remove, self._directory, group_id, expected=expected)
        await self._look()

    async def _look(self) -> None:
        self._follow(await asyncio.to_thread(peer_groups.look, self._directory, self.snapshot))

    def _follow(self, snapshot: Snapshot) -> None:
        if snapshot == self.snapshot:
            return
        for problem in set(snapshot.problems).difference(self.snapshot.problems):
            log.warning("a peer group stays as it was: %s", problem)
        old = _channels(self.groups)
        seen_ms = now_ms()
        changes = changes_of(self.snapshot, snapshot, changed_ms=seen_ms)
        self.snapshot = snapshot
        self._index()
        new = _channels(self.groups)
        self._hub.retire(old - new)
        self._hub.offer(new)
        self.watchlist.regroup(self.groups)
        for change in changes:
            self._hub.publish(change, arrival_ms=seen_ms, published_ms=seen_ms)
        log.info("%d peer groups", len(self.groups))

    def _index(self) -> None:
        self.groups = self.snapshot.groups
        self.by_id = {group.id: group for group in self.groups}
        self.names = {member.symbol: member.name for g in self.groups for member in g.members}
        self.venues = {
            symbol: group.venue
            for group in reversed(self.groups)
            for symbol in (group.benchmark, *group.symbols)
        }


def intervals_of(group: PeerGroup) -> tuple[ScanInterval, ...]:
    """Name the intervals that a group is scanned on: those that stream live, too."""
    return ("1d", "1m") if group.venue == VENUE else ("1d",)


def _channels(groups: tuple[PeerGroup, ...]) -> set[str]:
    scans = {f"divergence:{g.id}:{interval}" for g in groups for interval in intervals_of(g)}
    return scans | set(bar_channels(groups))
