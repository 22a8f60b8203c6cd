"""market.ticks -> market.bars and market.lulls, in every interval."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Awaitable

import faust
import msgspec

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Ticks
from oddlot.errors import BadMessage
from oddlot.quant.bars import Folded, Folding, add_ticks
from streams import batches
from streams.saves import EVERY_S, Saves
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
    app.timer(EVERY_S, name="save_foldings")(foldings.saves.save)


class Foldings:
    """The state of every symbol of this worker's partitions, in a Faust table."""

    def __init__(self, app: Worker) -> None:
        self._table = app.table_for(topics.TICKS, "foldings")
        self.saves = Saves(app, self._table, unsaved=self._entries, forget=self._forget)
        self._current: dict[str, Folding] = {}
        self._unsaved: dict[str, int] = {}  # symbol -> partition

    def get(self, symbol: str) -> Folding:
        """Give the state of a symbol."""
        folding = self._current.get(symbol)
        if folding is None:
            stored = self._table.data.get(symbol)
            folding = msgspec.convert(stored, Folding) if stored else Folding(symbol=symbol)
            self._current[symbol] = folding
        return folding

    def put(self, folding: Folding, partition: int) -> None:
        """Set the state of a symbol on its partition."""
        self._current[folding.symbol] = folding
        self._unsaved[folding.symbol] = partition

    def _entries(self) -> list[Entry]:
        unsaved, self._unsaved = self._unsaved, {}
        return [
            Entry(partition, symbol, msgspec.to_builtins(self._current[symbol]))
            for symbol, partition in unsaved.items()
        ]

    def _forget(self) -> None:
        self._current, self._unsaved = {}, {}


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
    arrival_ms = batches.arrival_ms(events[-1])
    posted = await _post(app.publisher, [folded for folded, _ in results], arrival_ms)
    if not batches.are_ours(app, events):
        foldings.saves.hold([], posted)
        return
    foldings.saves.hold(events, posted)
    for folded, partition in results:
        foldings.put(folded.state, partition)
        if folded.late or folded.duplicates:
            counted = folded.state.symbol, folded.late, folded.duplicates
            log.debug("%s: %d late ticks, %d duplicates", *counted)


async def _post(
    publisher: kafka.Publisher, results: list[Folded], arrival_ms: int
) -> list[Awaitable[None]]:
    bars = [bar for folded in results for bar in folded.bars]
    lulls = [lull for folded in results for lull in folded.lulls]
    return [
        await publisher.post(topics.BARS, bars, arrival_ms=arrival_ms),
        await publisher.post(topics.LULLS, lulls, arrival_ms=arrival_ms),
    ]
