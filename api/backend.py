"""What every view draws on, made once for an app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.buzz_store import BuzzStore
from api.buzzing import Buzzing
from api.divergence_store import ClosesStore
from api.diverging import Diverging
from api.exports import Exports
from api.grouping import Grouping
from api.hub import Hub
from api.live import Live
from api.news_sources import NewsSources
from api.scans import Scans
from api.store import Store
from api.uploads_work import Uploads
from api.watching import Watching
from oddlot.peer_groups import PeerGroup
from oddlot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Settings, peer groups, the store, and what is live."""

    settings: Settings
    grouping: Grouping
    store: Store
    closes: ClosesStore
    buzz: BuzzStore
    exports: Exports
    scans: Scans
    hub: Hub
    live: Live
    watching: Watching
    uploads: Uploads
    diverging: Diverging
    buzzing: Buzzing
    news_sources: NewsSources
    heartbeat_s: float

    @property
    def groups(self) -> tuple[PeerGroup, ...]:
        """The peer groups as they are now."""
        return self.grouping.groups


def _backend(request: Request) -> Backend:
    backend: Backend = request.app.state.backend
    return backend


BackendDep = Annotated[Backend, Depends(_backend)]
