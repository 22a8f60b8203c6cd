"""What a peer group is; who streams and which pairs are watched in a set of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from oddlot.contracts.closes import Venue
from oddlot.contracts.divergence import MAX_MEMBERS, MIN_MEMBERS, Name
from oddlot.contracts.pairs import Pair, Symbol

MAX_PAIRS = 100

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Members = Annotated[
    tuple["Member", ...], msgspec.Meta(min_length=MIN_MEMBERS, max_length=MAX_MEMBERS)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One symbol of a group."""

    symbol: Symbol
    name: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerGroup:
    """A curated basket with a benchmark.

    Attributes
    ----------
    id : the file's name without its ending.
    title, sector : for people.
    venue : where its members trade; `binance` streams, the others have daily closes.
    benchmark : the symbol that stands for the group.
    members : 3 to 80 of them.
    pairs : watched pairs among the members.
    notes : anything worth knowing.
    """

    id: Name
    title: Words
    sector: Words
    venue: Venue
    benchmark: Symbol
    members: Members
    pairs: Annotated[tuple[Pair, ...], msgspec.Meta(max_length=MAX_PAIRS)] = ()
    notes: Annotated[str, msgspec.Meta(max_length=2_000)] = ""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Its members' symbols, in order."""
        return tuple(member.symbol for member in self.members)


def schema() -> dict[str, Any]:
    """Give the JSON Schema of a peer-group file.

    Examples
    --------
    >>> schema()["$defs"]["PeerGroup"]["required"]
    ['id', 'title', 'sector', 'venue', 'benchmark', 'members']
    """
    found = msgspec.json.schema(PeerGroup)
    for definition in found["$defs"].values():
        definition["additionalProperties"] = False  # as `parse` refuses them
        if "description" in definition:
            definition["description"] = definition["description"].partition("\n")[0]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


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
