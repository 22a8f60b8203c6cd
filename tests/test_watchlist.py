"""Watchlist: files first, changes over them, followed on the broker."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from oddlot import kafka, peer_groups, watchlist
from oddlot.contracts import topics
from oddlot.contracts.messages import Pair, PairChange
from oddlot.settings import Settings
from oddlot.watchlist import Watchlist

DEADLINE_S = 20.0
GROUPS = peer_groups.load(Path(__file__).parent.parent / "peer_groups")
FILED = "BTCUSDT~ETHUSDT"
ADDED = Pair(y="ADAUSDT", x="DOTUSDT")


def changed(pair: str, watched: Pair | None) -> PairChange:
    return PairChange(pair=pair, watched=watched, changed_ms=1)


def test_the_files_pairs_are_watched_from_the_start() -> None:
    watched = Watchlist(GROUPS, "binance")
    assert next(iter(watched.pairs)) == FILED
    assert not watched.is_added(FILED)
    assert watched.group_of(watched.pairs[FILED]) == "crypto-majors"


def test_a_pair_is_added_changed_and_removed() -> None:
    watched = Watchlist(GROUPS, "binance")
    watched.apply(changed(ADDED.id, ADDED))
    assert watched.pairs[ADDED.id] == ADDED
    assert watched.is_added(ADDED.id)
    other = Pair(y=ADDED.y, x=ADDED.x, window=50)
    watched.apply(changed(ADDED.id, other))
    assert watched.pairs[ADDED.id].window == 50
    watched.apply(changed(ADDED.id, None))
    assert ADDED.id not in watched.pairs


def test_a_pair_of_a_file_can_be_removed() -> None:
    watched = Watchlist(GROUPS, "binance")
    watched.apply(changed(FILED, None))
    assert FILED not in watched.pairs


def test_a_pair_with_a_leg_outside_every_group_has_none() -> None:
    watched = Watchlist(GROUPS, "binance")
    assert watched.group_of(Pair(y="BTCUSDT", x="ELSEUSDT")) is None


@pytest.mark.broker
async def test_who_comes_late_knows_all_changes_and_hears_of_new_ones(broker: Settings) -> None:
    watched = Watchlist(GROUPS, "binance")
    async with (
        kafka.connect(broker) as publisher,
        kafka.subscribe(broker, [topics.PAIRS], start="earliest") as subscription,
    ):
        await publisher.publish(topics.PAIRS, [changed(ADDED.id, ADDED)], arrival_ms=1)
        await watchlist.catch_up(subscription, watched)
        assert ADDED.id in watched.pairs
        await publisher.publish(topics.PAIRS, [changed(ADDED.id, None)], arrival_ms=1)
        async with asyncio.timeout(DEADLINE_S):
            async for _ in watchlist.follow(subscription, watched):
                if ADDED.id not in watched.pairs:
                    break
        assert ADDED.id not in watched.pairs
