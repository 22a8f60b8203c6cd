"""signals.spreads -> signals.alerts: each threshold crossed or left, said once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

import faust
import msgspec

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Alert, Interval, Pair, Spread
from oddlot.errors import BadMessage
from oddlot.quant.alerts import Watch, add_spread, after
from oddlot.settings import Settings
from streams import batches
from streams.saves import EVERY_S, Saves
from streams.watched import Watched, watched_by
from streams.worker import Entry, Worker

log = logging.getLogger(__name__)

ORIGIN = "streams.alerts"
PARTITION = 0  # signals.spreads has one
SEPARATOR = "|"
SAID_UNTIL = "said-until"  # key of the arrival time of the last alert that is in the saved state
READ_RECORDS, READ_WAIT_MS = 1_000, 100

WatchKey = tuple[str, Interval]
Heard = Callable[[int], Awaitable[list[Alert]]]


def attach(app: Worker) -> None:
    """Declare the agent and its state."""
    watched = watched_by(app)
    watches = Watches(app, lambda since_ms: said_since(app.settings, since_ms))

    async def raise_alerts(stream: faust.StreamT[bytes]) -> None:
        """Compare what has arrived with the thresholds of its pairs."""
        await watched.caught_up()
        async for events in batches.micro_batches(stream):
            await compare(app, watches, watched, events)

    app.agent(app.source(topics.SPREADS), name=ORIGIN)(raise_alerts)
    app.timer(EVERY_S, name="save_watches")(watches.saves.save)


async def said_since(settings: Settings, since_ms: int) -> list[Alert]:
    """Read back the alerts on their topic, from an arrival time on."""
    said = []
    async with kafka.subscribe(settings, [topics.ALERTS], start=since_ms) as reading:
        while await reading.lag():
            for record in await reading.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS):
                try:
                    said.append(topics.ALERTS.codec.decode(record.payload))
                except BadMessage as e:
                    log.warning("an alert that is not ours: %s", e)
    return said


class Watches:
    """Where the alerts of every pair and interval stand, in a Faust table.

    The state is saved now and then, the alerts are on their topic at once. What a dead worker had
    said and not saved is therefore read back from the topic before anything more is said.
    """

    def __init__(self, app: Worker, heard: Heard) -> None:
        self._table = app.table_for(topics.SPREADS, "watches")
        self._heard = heard
        self.saves = Saves(app, self._table, unsaved=self._entries, forget=self.forget)
        self._current: dict[WatchKey, Watch] | None = None
        self._unsaved: set[WatchKey] = set()
        self._said_until_ms = 0
        self._forgotten = 0  # how often
        self._kept_for: Mapping[str, Pair] | None = None

    async def get(self) -> Mapping[WatchKey, Watch]:
        """Give every state."""
        while self._current is None:
            forgotten = self._forgotten
            stored = dict(self._table.data)
            self._said_until_ms = stored.pop(SAID_UNTIL, 0)
            current = {_key(name): msgspec.convert(at, Watch) for name, at in stored.items()}
            for alert in await self._heard(self._said_until_ms):
                key = alert.subject, alert.interval
                current[key] = after(current.get(key, Watch()), alert)
            if forgotten == self._forgotten:  # else the table has changed meanwhile
                self._current = current
        return self._current

    def put(self, watches: Mapping[WatchKey, Watch], *, arrival_ms: int) -> None:
        """Set states, and when the facts behind what they have said arrived."""
        assert self._current is not None, "what is set was given before"
        self._current |= watches
        self._unsaved |= watches.keys()
        self._said_until_ms = max(self._said_until_ms, arrival_ms)

    def keep(self, pairs: Mapping[str, Pair]) -> None:
        """Forget what is no longer watched."""
        if pairs is self._kept_for or self._current is None:
            return
        self._kept_for = pairs
        gone = [key for key in self._current if not is_watched(key, pairs)]
        for key in gone:
            del self._current[key]
        self._unsaved.update(gone)

    def forget(self) -> None:
        """Go back to what is saved and said."""
        self._current, self._unsaved, self._kept_for = None, set(), None
        self._forgotten += 1

    def _entries(self) -> list[Entry]:
        if self._current is None or not self._unsaved:
            return []
        unsaved, self._unsaved = self._unsaved, set()
        entries = [
            Entry(PARTITION, SEPARATOR.join(key), watch and msgspec.to_builtins(watch))
            for key in sorted(unsaved)
            for watch in [self._current.get(key)]
        ]
        # Last: until it is there, everything since the one before is read back.
        return [*entries, Entry(PARTITION, SAID_UNTIL, self._said_until_ms)]


async def compare(
    app: Worker, watches: Watches, watched: Watched, events: list[batches.Event]
) -> None:
    """Deal with events: say what they cross, then set the state."""
    rows = await _decoded(app.publisher, events)
    if any(row.pair not in watched.pairs for row in rows):
        await watched.caught_up()  # then it is there, or has been removed
    said, states = _crossings(rows, await watches.get(), watched.pairs)
    arrival_ms = batches.arrival_ms(events[-1])
    if said and batches.are_ours(app, events):
        # Not posted: what is said has to be on its topic before anybody reads it back.
        await app.publisher.publish(topics.ALERTS, said, arrival_ms=arrival_ms)
    if not batches.are_ours(app, events):
        return
    if said:
        watches.put(states, arrival_ms=arrival_ms)
    watches.keep(watched.pairs)
    watches.saves.hold(events, [])


def is_watched(key: WatchKey, pairs: Mapping[str, Pair]) -> bool:
    """Tell whether rows of a pair and interval are to be compared."""
    pair = pairs.get(key[0])
    return pair is not None and key[1] in pair.intervals


def _crossings(
    rows: list[Spread], current: Mapping[WatchKey, Watch], pairs: Mapping[str, Pair]
) -> tuple[list[Alert], dict[WatchKey, Watch]]:
    """Give what the rows cross, and the states that this changes."""
    said: list[Alert] = []
    states: dict[WatchKey, Watch] = {}
    for row in rows:
        key = row.pair, row.interval
        if is_watched(key, pairs):
            before = states.get(key) or current.get(key) or Watch()
            watch, alerts = add_spread(before, row, pairs[row.pair])
            if alerts:
                states[key] = watch
                said += alerts
    return said, states


async def _decoded(publisher: kafka.Publisher, events: list[batches.Event]) -> list[Spread]:
    rows = []
    for event in events:
        try:
            rows.append(topics.SPREADS.codec.decode(event.value))
        except BadMessage as e:
            await kafka.refuse(publisher, ORIGIN, event.value, str(e))
    return rows


def _key(name: str) -> WatchKey:
    pair, _, interval = name.rpartition(SEPARATOR)
    return pair, interval  # type: ignore[return-value]  # as it was written
