"""peer_groups/*.json -> validated peer groups and pairs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from oddlot import errors
from oddlot.contracts.closes import Venue
from oddlot.contracts.pairs import Pair, Symbol

MIN_MEMBERS, MAX_MEMBERS = 3, 80
MAX_GROUP_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One symbol of a group."""

    symbol: Symbol
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerGroup:
    """A curated basket with a benchmark.

    Attributes
    ----------
    id : the file's name without its ending.
    title, sector : for people.
    venue : where its members trade; `binance` streams.
    benchmark : the symbol that stands for the group.
    members : 3 to 80 of them.
    pairs : watched pairs among the members.
    notes : anything worth knowing.
    """

    id: str
    title: str
    sector: str
    venue: Venue
    benchmark: Symbol
    members: Annotated[
        tuple[Member, ...], msgspec.Meta(min_length=MIN_MEMBERS, max_length=MAX_MEMBERS)
    ]
    pairs: tuple[Pair, ...] = ()
    notes: str = ""


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
    groups = tuple(read(path) for path in sorted(directory.glob("*.json")))
    if not groups:
        raise errors.BadPeerGroup(
            f"expected peer groups as *.json in {directory}, found none; set ODDLOT_PEER_GROUPS_DIR"
        )
    return groups


def read(path: Path) -> PeerGroup:
    """Read and check one group.

    Parameters
    ----------
    path : its file.

    Raises
    ------
    BadPeerGroup
        Naming the file, the field, and what to change.
    """
    if path.stat().st_size > MAX_GROUP_BYTES:
        raise errors.BadPeerGroup(f"{path.name}: expected at most {MAX_GROUP_BYTES} bytes")
    try:
        group = msgspec.convert(json.loads(path.read_bytes()), PeerGroup)
    except (ValueError, msgspec.ValidationError) as e:
        raise errors.BadPeerGroup(f"{path.name}: {e}") from e
    if group.id != path.stem:
        raise errors.BadPeerGroup(f"{path.name}: id: expected {path.stem!r}, was {group.id!r}")
    symbols = [member.symbol for member in group.members]
    if twice := sorted({symbol for symbol in symbols if symbols.count(symbol) > 1}):
        raise errors.BadPeerGroup(f"{path.name}: members: listed twice: {', '.join(twice)}")
    for pair in group.pairs:
        for leg in (pair.y, pair.x):
            if leg not in symbols:
                raise errors.BadPeerGroup(f"{path.name}: pairs: {leg} is not among the members")
        if pair.y == pair.x:
            raise errors.BadPeerGroup(f"{path.name}: pairs: {pair.y} paired with itself")
    return group


def streaming_symbols(groups: tuple[PeerGroup, ...], venue: str) -> tuple[str, ...]:
    """Give the members of every group at a venue, sorted, each once.

    Parameters
    ----------
    groups : as loaded.
    venue : whose symbols are wanted.
    """
    return tuple(sorted({m.symbol for g in groups if g.venue == venue for m in g.members}))


def watched_pairs(groups: tuple[PeerGroup, ...], venue: str) -> tuple[Pair, ...]:
    """Give the pairs of every group at a venue, each once, in the order of the files.

    Parameters
    ----------
    groups : as loaded.
    venue : whose pairs are wanted.
    """
    return tuple({pair.id: pair for g in groups if g.venue == venue for pair in g.pairs}.values())
