"""market.bars and market.lulls -> signals.spreads, for every watched pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import faust

from oddlot import kafka, peer_groups
from oddlot.contracts import topics
from oddlot.contracts.messages import INTERVAL_MS, Bar, Interval, Lull, Spread
from oddlot.contracts.pairs import Pair
from oddlot.errors import BadMessage
from oddlot.quant import legs, pairs
from oddlot.quant.legs import Leg
from streams import batches
from streams.leg_state import LegKey, Legs
from streams.saves import EVERY_S
from streams.worker import Worker

ORIGIN = "streams.spreads"
VENUE = "binance"
MAX_BARS = 20_000  # a leg keeps that many at most, should its partner never speak


def attach(app: Worker) -> None:
    """Declare the agent and its state."""
    watched = peer_groups.watched_pairs(peer_groups.load(app.settings.peer_groups_dir), VENUE)
    state = Legs(app, watched)

    async def compute_spreads(stream: faust.StreamT[bytes]) -> None:
        """Advance the legs by what has arrived; publish every row that it settles."""
        async for events in batches.micro_batches(stream):
            await compute(app, state, watched, events)

    app.agent(app.source(topics.BARS, topics.LULLS), name=ORIGIN)(compute_spreads)
    app.timer(EVERY_S, name="save_legs")(state.saves.save)


async def compute(
    app: Worker, state: Legs, watched: Sequence[Pair], events: list[batches.Event]
) -> None:
    """Deal with events: publish the rows they settle, then set the state."""
    before = state.get()
    after = await _advance(app.publisher, before, events)
    spreads = [
        spread
        for pair in watched
        for interval in pair.intervals
        for spread in _settled(pair, interval, before, after)
    ]
    arrival_ms = batches.arrival_ms(events[-1])
    posted = await app.publisher.post(topics.SPREADS, spreads, arrival_ms=arrival_ms)
    if not batches.are_ours(app, events):
        state.saves.hold([], [posted])
        return
    state.put(forget(after, watched))
    state.saves.hold(events, [posted])


def forget(after: Mapping[LegKey, Leg], watched: Iterable[Pair]) -> dict[LegKey, Leg]:
    """Drop the bars that no row to come can need."""
    needed_ms: dict[LegKey, int] = {}
    for pair in watched:
        for interval in pair.intervals:
            keys = (pair.y, interval), (pair.x, interval)
            reach_ms = pairs.reach_ms(pair, interval)
            settled_ms = min(after[key].known_until_ms for key in keys)
            for key in keys:
                first_ms = settled_ms - reach_ms
                needed_ms[key] = min(needed_ms.get(key, first_ms), first_ms)
    return {
        key: legs.drop_before(leg, needed_ms[key], limit=MAX_BARS) for key, leg in after.items()
    }


async def _advance(
    publisher: kafka.Publisher, before: Mapping[LegKey, Leg], events: Iterable[batches.Event]
) -> dict[LegKey, Leg]:
    after = dict(before)
    for event in events:
        try:
            message = topics.BY_NAME[event.message.topic].codec.decode(event.value)
        except BadMessage as e:
            await kafka.refuse(publisher, ORIGIN, event.value, str(e))
            continue
        assert isinstance(message, Bar | Lull)
        key = message.symbol, message.interval
        if key not in after:
            continue  # in no watched pair
        if isinstance(message, Bar):
            length_ms = INTERVAL_MS[message.interval]
            after[key] = legs.add_bar(after[key], message.open_ms, message.close, length_ms)
        else:
            after[key] = legs.add_lull(after[key], message.after_open_ms, message.until_ms)
    return after


def _settled(
    pair: Pair, interval: Interval, before: Mapping[LegKey, Leg], after: Mapping[LegKey, Leg]
) -> list[Spread]:
    """Give the rows that both legs are known up to now, and were not before."""
    keys = (pair.y, interval), (pair.x, interval)
    since_ms = min(before[key].known_until_ms for key in keys)
    if min(after[key].known_until_ms for key in keys) <= since_ms:
        return []
    y, x = (after[key] for key in keys)
    return pairs.spreads_since(pair, interval, y, x, since_ms=since_ms)
