"""A directory of peer groups: load, save, remove; nobody overwrites what he has not seen."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from oddlot.contracts.divergence import ID_PATTERN
from oddlot.errors import BadPeerGroup, EditConflict, UnknownPeerGroup
from oddlot.peer_groups.faults import FIXES
from oddlot.peer_groups.groups import PeerGroup
from oddlot.peer_groups.texts import parse, written

MAX_GROUPS = 500  # files of one directory
REVISION_DIGITS = 16  # of a SHA-256: enough to tell edits of one file apart
ANY: Final = "*"  # whatever is there now, as in `If-Match: *`


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A group and which version of its file it is.

    Attributes
    ----------
    group : as validated.
    revision : changes with every change of the file's text; an ETag.
    """

    group: PeerGroup
    revision: str


def load(directory: Path) -> tuple[PeerGroup, ...]:
    """Read and check every group of a directory, in the order of their ids.

    Parameters
    ----------
    directory : holds one JSON file per group.

    Raises
    ------
    BadPeerGroup
        If a file does not validate, or the directory holds none.
    """
    groups = tuple(read(path).group for path in paths(directory))
    if not groups:
        raise BadPeerGroup(
            f"expected peer groups as *.json in {directory}, found none; set ODDLOT_PEER_GROUPS_DIR"
        )
    return groups


def paths(directory: Path) -> list[Path]:
    """List the files of groups, sorted by name.

    Parameters
    ----------
    directory : where they are.

    Raises
    ------
    BadPeerGroup
        If there are more than a directory may hold.
    """
    found = sorted(path for path in directory.glob("*.json") if not path.name.startswith("."))
    if len(found) > MAX_GROUPS:
        raise BadPeerGroup(
            f"{directory}: expected at most {MAX_GROUPS} files, was {len(found)}; take some out"
        )
    return found


def read(path: Path) -> Stored:
    """Read and check one group.

    Parameters
    ----------
    path : its file.

    Raises
    ------
    BadPeerGroup
        Naming the file, the field, and what to change.
    UnknownPeerGroup
        If there is no such file.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError as e:
        raise UnknownPeerGroup(f"{path.stem}: expected a peer group, there is none") from e
    except OSError as e:
        raise BadPeerGroup(
            f"{path.name}: expected a file to read, was {e.strerror}; see to its rights"
        ) from e
    return Stored(group=parse(text, file=path.name), revision=revision_of(text))


def find(directory: Path, group_id: str) -> Stored:
    """Read one group by its id; raise as `read` does.

    Parameters
    ----------
    directory : where the files are.
    group_id : anything that somebody asks for.
    """
    if not re.fullmatch(ID_PATTERN, group_id):
        raise UnknownPeerGroup(f"expected the id of a peer group, was {group_id[:80]!r}")
    return read(_path(directory, group_id))


def save(directory: Path, group: PeerGroup, *, expected: str | None) -> Stored:
    """Write a group to its file: whole or not at all, and only over what the writer has seen.

    Parameters
    ----------
    directory : where the files are.
    group : what to write; it is checked again, as a file is.
    expected : revision of the file that is replaced; None if there must not be one yet, `ANY`
        to write whatever is there.

    Raises
    ------
    BadPeerGroup
        If the group does not validate.
    EditConflict
        If the file is not what was expected: somebody else was quicker.
    """
    if not re.fullmatch(ID_PATTERN, group.id):
        raise BadPeerGroup(f"id: expected {FIXES['id']}, was {group.id[:80]!r}")
    path = _path(directory, group.id)
    text = written(group)
    parse(text, file=path.name)
    with _alone(directory):
        _require(path, expected)
        if not path.exists():
            _require_room(directory)
        with _writing(path):
            _replace(path, text)
    return Stored(group=group, revision=revision_of(text))


def remove(directory: Path, group_id: str, *, expected: str) -> None:
    """Delete a group's file.

    Parameters
    ----------
    directory : where the files are.
    group_id : whose.
    expected : revision of the file that is deleted, or `ANY`.

    Raises
    ------
    UnknownPeerGroup
        If there is no such group.
    EditConflict
        If the file is not what was expected.
    BadPeerGroup
        If it is the last one: a system without groups does not start.
    """
    if not re.fullmatch(ID_PATTERN, group_id):
        raise UnknownPeerGroup(f"expected the id of a peer group, was {group_id[:80]!r}")
    path = _path(directory, group_id)
    with _alone(directory):
        if not path.exists():
            raise UnknownPeerGroup(f"{group_id}: expected a peer group, there is none")
        _require(path, expected)
        if len(paths(directory)) == 1:
            raise BadPeerGroup(f"{group_id}: is the last peer group; add another one first")
        with _writing(path):
            path.unlink()
            _settle(directory)


def revision_of(text: bytes) -> str:
    """Name a version of a file by its content.

    Examples
    --------
    >>> revision_of(b"")
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(text).hexdigest()[:REVISION_DIGITS]


def _path(directory: Path, group_id: str) -> Path:
    return directory / f"{group_id}.json"


def _require(path: Path, expected: str | None) -> None:
    if expected == ANY:
        return
    now = revision_of(path.read_bytes()) if path.exists() else None
    if now == expected:
        return
    if now is None:
        raise EditConflict(f"{path.stem}: expected revision {expected}, was removed meanwhile")
    if expected is None:
        raise EditConflict(f"{path.stem}: expected none yet, was there already; edit that one")
    raise EditConflict(
        f"{path.stem}: expected revision {expected}, was {now}: somebody else changed it; "
        "read it again and repeat your change"
    )


def _require_room(directory: Path) -> None:
    if len(paths(directory)) >= MAX_GROUPS:
        raise BadPeerGroup(f"expected at most {MAX_GROUPS} peer groups; remove one first")


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other processes that change groups out while the block lasts."""
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError as e:
        raise BadPeerGroup(
            f"expected a directory of peer groups, was {directory}: {e.strerror}; "
            "set ODDLOT_PEER_GROUPS_DIR"
        ) from e
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say what to do where the directory cannot be written to."""
    try:
        yield
    except OSError as e:
        raise BadPeerGroup(
            f"{path.name}: expected {path.parent} to be writable, was not: {e.strerror}; "
            "see to its rights"
        ) from e


def _replace(path: Path, text: bytes) -> None:
    """Put a file in place with one rename, so that a reader sees the old text or the new one."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(directory: Path) -> None:
    """Make a rename or a removal survive a loss of power."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
