"""A Faust stream -> micro-batches of events, acknowledged by whoever has dealt with them.

One acknowledgement of the broker and one write of state then serve many records. Faust would
acknowledge an event whose agent raised; here an event counts as done only when `done` says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import faust
from faust.types import EventT

from streams.worker import Worker

Event = EventT[bytes]

LIMIT = 1_024  # events dealt with in one go: a quarter of what the stream holds
# Behind by that much, a pause that lets more arrive costs nobody latency and saves most of the
# work per event; level with the present, nothing waits.
BEHIND_MS = 250
PAUSE_S = 0.004


async def micro_batches(stream: faust.StreamT[bytes]) -> AsyncIterator[list[Event]]:
    """Give what has arrived, up to LIMIT events at a time; wait only for the first."""
    manual = stream.noack()  # type: ignore[attr-defined]  # on Stream, not on its type
    async for event in manual.events():
        batch = [event, *_arrived(manual, LIMIT - 1)]
        while len(batch) < LIMIT and _is_behind(batch[-1]):
            await asyncio.sleep(PAUSE_S)
            more = _arrived(manual, LIMIT - len(batch))
            if not more:
                break
            if more[0].message.generation_id == batch[0].message.generation_id:
                batch += more
                continue
            yield batch  # of an assignment that is over: none of ours, unlike what follows
            batch = more
        yield batch


def _arrived(stream: Any, limit: int) -> list[Event]:
    """Take what has arrived, all at once: a stream gives one event a turn of the loop."""
    arrived, app = stream.channel.queue, stream.app
    taken: list[Event] = []
    while len(taken) < limit and not arrived.empty():
        event: Event = arrived.get_nowait()
        if are_ours(app, [event]):  # as a stream passes over what is of an assignment before
            taken.append(event)
    return taken


def _is_behind(event: Event) -> bool:
    return time.time_ns() // 1_000_000 - arrival_ms(event) > BEHIND_MS


def are_ours(app: Worker, events: Iterable[Event]) -> bool:
    """Tell whether the partitions of these events are still this worker's.

    Once the group has moved on, what they lead to is for the partitions' next owner to say.
    """
    return app.flow_control.is_active() and all(
        event.message.generation_id == app.consumer_generation_id for event in events
    )


def done(events: Iterable[Event]) -> None:
    """Acknowledge events: their offsets may be committed."""
    for event in events:
        event.ack()


def arrival_ms(event: Event) -> int:
    """Give when the facts behind an event reached us."""
    return round(event.message.timestamp * 1_000)
