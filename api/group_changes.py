"""Two looks at the files of peer groups -> which groups have changed between them."""

from __future__ import annotations

from dataclasses import dataclass

from oddlot.peer_groups import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChange:
    """A peer group that was added, changed or removed, by whomever.

    Attributes
    ----------
    group : its id.
    revision : its ETag from now on; None where it is gone.
    changed_ms : when this process saw it, our clock.
    """

    group: str
    revision: str | None
    changed_ms: int


def changes_of(before: Snapshot, after: Snapshot, *, changed_ms: int) -> list[GroupChange]:
    """List the groups that are not what they were, in the order of their ids."""
    old, new = (
        {each.group.id: each.revision for each in snapshot.stored} for snapshot in (before, after)
    )
    return [
        GroupChange(group=group, revision=new.get(group), changed_ms=changed_ms)
        for group in sorted(old | new)
        if old.get(group) != new.get(group)
    ]
