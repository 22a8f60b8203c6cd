"""Legs of groups that stream -> signals.divergence, minute by minute of the venue's time.

Fed by the spreads of the same worker, which keep the bars. What is scanned depends on the legs
before and after, never on our clock, so a replay scans the same minutes; and whatever led to a scan
is acknowledged only once the scan is on its topic.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import NamedTuple

from oddlot.contracts import topics
from oddlot.contracts.messages import Basket
from oddlot.kafka import Publisher
from oddlot.peer_groups import PeerGroup
from oddlot.quant.divergence import Rules
from oddlot.quant.legs import Leg
from oddlot.quant.live import histories_at, settled_minutes
from oddlot.quant.scans import Scanning, scan_groups
from streams.divergence import basket_of, rules_of
from streams.groups import Groups, groups_of
from streams.watched import VENUE
from streams.worker import Worker


def attach(app: Worker) -> None:
    """Scan what the spreads of this worker settle."""
    app.live_scans = LiveScans(groups_of(app), rules_of(app.settings))


class Scan(NamedTuple):
    """A group to be scanned at a minute, by the legs of that moment."""

    basket: Basket
    open_ms: int
    legs: Mapping[str, Leg]


class LiveScans:
    """Scans the groups of a venue that streams."""

    def __init__(self, groups: Groups, rules: Rules) -> None:
        self._groups, self._rules = groups, rules
        self._seen: tuple[PeerGroup, ...] | None = None
        self._baskets: list[Basket] = []
        self._last: asyncio.Future[None] | None = None

    def offer(
        self,
        before: Mapping[str, Leg],
        changed: Mapping[str, Leg],
        publisher: Publisher,
        *,
        arrival_ms: int,
    ) -> list[Awaitable[None]]:
        """Scan the minutes that have been settled.

        Parameters
        ----------
        before : the legs on bars of a minute, as they were.
        changed : those that are other ones now.
        publisher : where the scans go.
        arrival_ms : when the facts behind the change reached us.

        Returns
        -------
        what has to be awaited before the facts are acknowledged.
        """
        due = [
            Scan(basket, open_ms, after)
            for basket in self._all()
            if not changed.keys().isdisjoint(basket.symbols)
            for was in [{s: before.get(s, Leg()) for s in _symbols(basket)}]
            for after in [{s: changed.get(s, leg) for s, leg in was.items()}]
            for open_ms in settled_minutes(
                [was[s] for s in basket.symbols], [after[s] for s in basket.symbols]
            )
        ]
        if not due:
            return []
        self._last = asyncio.ensure_future(self._scan(due, publisher, arrival_ms, self._last))
        return [self._last]

    async def _scan(
        self,
        due: list[Scan],
        publisher: Publisher,
        arrival_ms: int,
        earlier: asyncio.Future[None] | None,
    ) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])  # minutes are told in their order
        for basket, open_ms, legs in due:
            await asyncio.sleep(0)  # each takes a millisecond or two that others need not wait for
            histories = histories_at(legs, open_ms, bars=self._rules.bars)
            now_ms = time.time_ns() // 1_000_000
            scanning = Scanning(rules=self._rules, interval="1m", now_ms=now_ms)
            found = scan_groups([basket], histories, scanning)
            await publisher.publish(topics.DIVERGENCE, found, arrival_ms=arrival_ms)

    def _all(self) -> list[Basket]:
        if self._groups.all is not self._seen:
            self._seen = self._groups.all
            self._baskets = [basket_of(group) for group in self._seen if group.venue == VENUE]
        return self._baskets


def _symbols(basket: Basket) -> tuple[str, ...]:
    return (*basket.symbols, basket.benchmark)
