"""The files of the peer groups -> what is known by which word, and whose streams are read first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from oddlot import peer_groups
from oddlot.peer_groups import PeerGroup
from oddlot.quant.mentions import Lexicon, forum_tag_of, lexicon_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbols:
    """What the peer groups say to a reader of forums.

    Attributes
    ----------
    lexicon : of all members.
    tags : by what Stocktwits calls it, every member.
    in_use : those that stream or are a leg of a watched pair.
    """

    lexicon: Lexicon
    tags: dict[str, str]
    in_use: frozenset[str]


Following = AsyncIterator[Symbols]


def symbols_of(groups: tuple[PeerGroup, ...]) -> Symbols:
    """Gather what the groups say."""
    members = {member.symbol: member.name for group in groups for member in group.members}
    venues = {group.venue for group in groups}
    pairs = [pair for venue in venues for pair in peer_groups.watched_pairs(groups, venue)]
    streaming = peer_groups.streaming_symbols(groups, "binance")
    legs = {leg for pair in pairs for leg in (pair.y, pair.x)}
    return Symbols(
        lexicon=lexicon_of(members.items()),
        tags={forum_tag_of(symbol): symbol for symbol in sorted(members)},
        in_use=frozenset(legs.union(streaming)),
    )


async def follow(directory: Path) -> Following:
    """Yield the symbols anew each time that the files change."""
    async for snapshot in peer_groups.watch(directory):
        yield await asyncio.to_thread(symbols_of, snapshot.groups)
