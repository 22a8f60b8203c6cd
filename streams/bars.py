"""market.ticks -> market.bars and market.lulls, in every interval."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import faust
import msgspec

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Ticks
from oddlot.errors import BadMessage
from oddlot.quant.bars import Folded, Folding, add_ticks
from streams import batches
from streams.worker import Entry, Worker

log = logging.getLogger(__name__)

ORIGIN = "streams.bars"


def attach(app: Worker) -> None:
    """Declare the agent and its state."""
    foldings = Foldings(app)

    async def build_bars(stream: faust.StreamT[bytes]) -> None:
        """Fold what has arrived symbol by symbol; publish bars as they close."""
        async for events in batches.micro_batches(stream):
            await build(app, foldings, events)

    app.agent(app.source(topics.TICKS), name=ORIGIN)(build_bars)


class Foldings:
    """The state of every symbol of this worker's partitions, in a Faust table."""

    def __init__(self, app: Worker) -> None:
        self._app = app
        self._table = app.table_for(topics.TICKS, "foldings")
        self._decoded: dict[str, tuple[Any, Folding]] = {}

    def get(self, symbol: str) -> Folding:
        """Give the state of a symbol, decoded again only after a recovery changed it."""
        stored = self._table.data.get(symbol)
        if stored is None:
            return Folding(symbol=symbol)
        seen, folding = self._decoded.get(symbol, (None, None))
        if seen is not stored or folding is None:
            folding = msgspec.convert(stored, Folding)
            self._decoded[symbol] = (stored, folding)
        return folding

    async def put(self, foldings: Iterable[tuple[Folding, int]]) -> None:
        """Set the state of symbols on their partitions, here and on the changelog."""
        entries = []
        for folding, partition in foldings:
            stored = msgspec.to_builtins(folding)
            self._decoded[folding.symbol] = (stored, folding)
            entries.append(Entry(partition, folding.symbol, stored))
        await self._app.write(self._table, entries)


async def build(app: Worker, foldings: Foldings, events: list[batches.Event]) -> None:
    """Deal with events: publish what they close, then set the state, then acknowledge."""
    arrived: dict[tuple[str, int], list[Ticks]] = defaultdict(list)
    for event in events:
        try:
            ticks = topics.TICKS.codec.decode(event.value)
        except BadMessage as e:
            await kafka.refuse(app.publisher, ORIGIN, event.value, str(e))
        else:
            arrived[ticks.symbol, event.message.partition].append(ticks)
    results = [
        (add_ticks(foldings.get(symbol), items), partition)
        for (symbol, partition), items in arrived.items()
    ]
    await _publish(app.publisher, [folded for folded, _ in results], batches.arrival_ms(events[-1]))
    if not batches.are_ours(app, events):
        return
    await foldings.put((folded.state, partition) for folded, partition in results)
    batches.done(events)
    for folded, _ in results:
        if folded.late or folded.duplicates:
            counted = folded.state.symbol, folded.late, folded.duplicates
            log.debug("%s: %d late ticks, %d duplicates", *counted)


async def _publish(publisher: kafka.Publisher, results: list[Folded], arrival_ms: int) -> None:
    bars = [bar for folded in results for bar in folded.bars]
    lulls = [lull for folded in results for lull in folded.lulls]
    await asyncio.gather(
        publisher.publish(topics.BARS, bars, arrival_ms=arrival_ms),
        publisher.publish(topics.LULLS, lulls, arrival_ms=arrival_ms),
    )
