"""peer_groups/*.json <-> validated peer groups: load, save, watch."""

from __future__ import annotations

from oddlot.contracts.divergence import MAX_MEMBERS, MIN_MEMBERS
from oddlot.peer_groups.files import ANY, MAX_GROUPS, Stored, find, load, paths, read, remove, save
from oddlot.peer_groups.groups import (
    Member,
    PeerGroup,
    schema,
    streaming_symbols,
    watched_pairs,
)
from oddlot.peer_groups.texts import parse, written
from oddlot.peer_groups.watching import Snapshot, look, watch

__all__ = [
    "ANY",
    "MAX_GROUPS",
    "MAX_MEMBERS",
    "MIN_MEMBERS",
    "Member",
    "PeerGroup",
    "Snapshot",
    "Stored",
    "find",
    "load",
    "look",
    "parse",
    "paths",
    "read",
    "remove",
    "save",
    "schema",
    "streaming_symbols",
    "watch",
    "watched_pairs",
    "written",
]
