"""market.bars and market.lulls -> signals.spreads, for every watched pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Iterable

import faust

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import INTERVAL_MS, Bar, Interval, Lull
from oddlot.errors import BadMessage
from oddlot.quant import desk, legs
from oddlot.quant.legs import NO_LEG, Leg
from streams import batches
from streams.desks import Desks
from streams.leg_state import ByInterval, Legs
from streams.saves import EVERY_S
from streams.watched import Watched, watched_by
from streams.worker import Worker

ORIGIN = "streams.spreads"
MAX_SYMBOLS = 2_000  # ten times what one venue streams; more is not kept, hence has no spread


def attach(app: Worker) -> None:
    """Declare the agent and its state."""
    watched = watched_by(app)
    state = Legs(app)
    desks = Desks(state)

    async def compute_spreads(stream: faust.StreamT[bytes]) -> None:
        """Advance the legs by what has arrived; publish every row that it settles."""
        await watched.caught_up()
        async for events in batches.micro_batches(stream):
            await compute(app, state, desks, watched, events)

    app.agent(app.source(topics.BARS, topics.LULLS), name=ORIGIN)(compute_spreads)
    app.timer(EVERY_S, name="save_legs")(state.saves.save)


async def compute(
    app: Worker, state: Legs, desks: Desks, watched: Watched, events: list[batches.Event]
) -> None:
    """Deal with events: publish the rows they settle, then set the state."""
    at_work = desks.get(watched.pairs)
    kept = state.get()
    changed = await _advance(app.publisher, kept, events)
    settled = {
        interval: at_work[interval].advance({**kept[interval], **changed_legs})
        for interval, changed_legs in changed.items()
        if interval in at_work
    }
    spreads = [
        spread
        for interval, rows in settled.items()
        for spread in desk.spreads(at_work[interval], rows, interval)
    ]
    arrival_ms = batches.arrival_ms(events[-1])
    posted = await app.publisher.post(topics.SPREADS, spreads, arrival_ms=arrival_ms)
    if not batches.are_ours(app, events):
        state.saves.hold([], [posted])
        state.forget()  # the desks have gone on without the legs
        return
    scans: list[Awaitable[None]] = []
    if app.live_scans is not None and "1m" in changed:
        scans = app.live_scans.offer(
            kept["1m"], changed["1m"], app.publisher, arrival_ms=arrival_ms
        )
    state.put(changed)
    state.saves.hold(events, [posted, *scans])
    if app.tests is not None:
        for interval, rows in settled.items():
            legs_now = state.get()[interval]
            app.tests.offer(at_work[interval], rows, interval, legs_now, arrival_ms=arrival_ms)


async def _advance(
    publisher: kafka.Publisher, kept: ByInterval, events: Iterable[batches.Event]
) -> dict[Interval, dict[str, Leg]]:
    """Give the legs that the events change."""
    changed: dict[Interval, dict[str, Leg]] = defaultdict(dict)
    for event in events:
        try:
            message = topics.BY_NAME[event.message.topic].codec.decode(event.value)
        except BadMessage as e:
            await kafka.refuse(publisher, ORIGIN, event.value, str(e))
            continue
        assert isinstance(message, Bar | Lull)
        symbol, interval = message.symbol, message.interval
        leg = changed[interval].get(symbol) or kept[interval].get(symbol)
        if leg is None:
            if len(kept[interval]) + len(changed[interval]) >= MAX_SYMBOLS:
                continue
            leg = NO_LEG
        if isinstance(message, Bar):
            leg = legs.add_bar(leg, message.open_ms, message.close, INTERVAL_MS[interval])
        else:
            leg = legs.add_lull(leg, message.after_open_ms, message.until_ms)
        changed[interval][symbol] = leg
    return changed
