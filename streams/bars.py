"""market.ticks -> market.bars and market.lulls, in every interval."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable

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
# State and offsets move on that often, results at once: a worker that dies does so much work again.
SAVE_EVERY_S = 0.25


def attach(app: Worker) -> None:
    """Declare the agent and its state."""
    foldings = Foldings(app)

    async def build_bars(stream: faust.StreamT[bytes]) -> None:
        """Fold what has arrived symbol by symbol; publish bars as they close."""
        async for events in batches.micro_batches(stream):
            await build(app, foldings, events)

    app.agent(app.source(topics.TICKS), name=ORIGIN)(build_bars)
    app.timer(SAVE_EVERY_S, name="save_foldings")(foldings.save)


class Foldings:
    """The state of every symbol of this worker's partitions, saved in a Faust table now and then.

    Events are acknowledged when the state that they led to has been saved.
    """

    def __init__(self, app: Worker) -> None:
        self._app = app
        self._table = app.table_for(topics.TICKS, "foldings")
        self._table.on_recover(self._forget)
        self._current: dict[str, Folding] = {}
        self._unsaved: dict[str, int] = {}  # symbol -> partition
        self._events: list[batches.Event] = []
        self._saving = asyncio.Lock()

    def get(self, symbol: str) -> Folding:
        """Give the state of a symbol."""
        folding = self._current.get(symbol)
        if folding is None:
            stored = self._table.data.get(symbol)
            folding = msgspec.convert(stored, Folding) if stored else Folding(symbol=symbol)
            self._current[symbol] = folding
        return folding

    def put(self, foldings: Iterable[tuple[Folding, int]], events: list[batches.Event]) -> None:
        """Set the state of symbols on their partitions, to which these events have led."""
        for folding, partition in foldings:
            self._current[folding.symbol] = folding
            self._unsaved[folding.symbol] = partition
        self._events += events

    async def save(self) -> None:
        """Write what is unsaved to the changelog, then acknowledge the events behind it."""
        async with self._saving:
            events, self._events = self._events, []
            unsaved, self._unsaved = self._unsaved, {}
            if not batches.are_ours(self._app, events):
                await self._forget()
                return
            entries = [
                Entry(partition, symbol, msgspec.to_builtins(self._current[symbol]))
                for symbol, partition in unsaved.items()
            ]
            await self._app.write(self._table, entries)
            batches.done(events)

    async def _forget(self) -> None:
        """Go back to what is saved: the partitions may be another's, or come back changed."""
        self._current, self._unsaved, self._events = {}, {}, []


async def build(app: Worker, foldings: Foldings, events: list[batches.Event]) -> None:
    """Deal with events: publish what they close, then set the state."""
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
    foldings.put(((folded.state, partition) for folded, partition in results), events)
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
