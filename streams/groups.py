"""Files of peer groups -> the groups, as they are now, for every part of a worker."""

from __future__ import annotations

from mode import Service

from oddlot import peer_groups
from oddlot.peer_groups import PeerGroup
from oddlot.settings import Settings
from streams.worker import Worker


class Groups:
    """Follows the directory of peer groups.

    Attributes
    ----------
    all : the groups; another object after each change, so that parts notice by identity.
    """

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.peer_groups_dir
        self.all: tuple[PeerGroup, ...] = peer_groups.load(self._directory)

    async def run(self) -> None:
        """Follow until cancelled."""
        async for snapshot in peer_groups.watch(self._directory):
            if snapshot.groups != self.all:
                self.all = snapshot.groups


def groups_of(app: Worker) -> Groups:
    """Give the groups of the worker; the first part to ask lets it follow."""
    if app.groups is None:
        app.groups = groups = Groups(app.settings)

        @app.service
        class FollowingGroups(Service):
            """Starts and stops with the worker."""

            @Service.task
            async def _run(self) -> None:
                await groups.run()

    return app.groups
