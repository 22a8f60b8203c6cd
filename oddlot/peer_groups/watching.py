"""A directory of peer groups -> its groups, anew each time a file changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from oddlot.errors import BadPeerGroup, UnknownPeerGroup
from oddlot.peer_groups.files import Stored, paths, read
from oddlot.peer_groups.groups import PeerGroup

POLL_S = 1.0  # between looks; a look at 50 files takes a millisecond, on every file system

Signature = dict[str, tuple[int, int, int]]  # by file: when it changed, its size, its inode


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The groups of a directory at one moment.

    Attributes
    ----------
    stored : every group that can be used, in the order of their ids. Of a file that does not
        validate, the last good version stays.
    problems : what is wrong with files, one line each.
    """

    stored: tuple[Stored, ...]
    problems: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[PeerGroup, ...]:
        """The groups alone."""
        return tuple(each.group for each in self.stored)


def look(directory: Path, before: Snapshot | None = None) -> Snapshot:
    """Read a directory, keeping what was good of a file that is not good now.

    Somebody who edits by hand saves half a file at times; a running system must not lose a
    group over that.

    Parameters
    ----------
    directory : where the files are.
    before : the last look.
    """
    kept = {each.group.id: each for each in before.stored} if before else {}
    stored, problems = [], []
    try:
        files = paths(directory)
    except BadPeerGroup as e:
        return Snapshot(stored=before.stored if before else (), problems=(str(e),))
    for path in files:
        try:
            stored.append(read(path))
        except UnknownPeerGroup:
            continue  # removed between the list and the look
        except BadPeerGroup as e:
            problems.append(str(e))
            if path.stem in kept:
                stored.append(kept[path.stem])
    return Snapshot(stored=tuple(stored), problems=tuple(problems))


async def watch(
    directory: Path, before: Snapshot | None = None, *, poll_s: float = POLL_S
) -> AsyncIterator[Snapshot]:
    """Yield the groups each time they, or what is wrong with their files, have changed.

    Parameters
    ----------
    directory : where the files are.
    before : what the caller knows already; None yields what is there at once.
    poll_s : between looks.
    """
    seen: Signature | None = None
    while True:
        signature = await asyncio.to_thread(_signature, directory)
        if signature != seen:
            found = await asyncio.to_thread(look, directory, before)
            seen = signature
            if found != before:
                before = found
                yield found
        await asyncio.sleep(poll_s)


def _signature(directory: Path) -> Signature:
    found = {}
    for path in directory.glob("*.json"):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        found[path.name] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return found
