"""Faust's Kafka transport, without what loses records or costs most of a worker's time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import aiokafka
from aiokafka.errors import ConsumerStoppedError
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
from mode.services import Service
from mode.types import ServiceT
from mode.utils.futures import maybe_async

from oddlot.kafka import FETCH_WAIT_MS

POLL_S = 1.0
BREATH_RECORDS = 100


@dataclass(frozen=True, eq=False)
class Move:
    """A partition's position was moved there, in an assignment of aiokafka's."""

    assignment: Any
    offset: int


class Fetched(dict[TP, list[Any]]):
    """Records by partition, and the move that each partition was read on from.

    Parameters
    ----------
    records : by partition, in order.
    moves : of all partitions, the last ones; those without records are left out.
    """

    def __init__(self, records: Mapping[TP, list[Any]], moves: Mapping[TP, Move]) -> None:
        super().__init__(records)
        self.moves = {tp: moves[tp] for tp in records if tp in moves}


class ConsumerOnLoop(driver.AIOKafkaConsumerThread):
    """Holds the aiokafka consumer on the worker's loop, and knows how its positions were moved.

    Faust's holds it in a thread with a loop of its own, and every fetch goes there and back through
    queues and the interpreter's lock: milliseconds on a busy machine. Nothing here holds up the
    worker's loop for long, so heartbeats are safe on it.

    Faust fixes the long poll at 1.5 s. A fetch asks one broker for all partitions that are
    drained, so while some stay dry, those with a backlog wait for the poll to run out.
    """

    wait_for_shutdown = False  # `stop` does all of it

    def __init__(self, consumer: Any, *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(consumer, loop=loop, thread_loop=loop, **options)
        self._moves: dict[TP, Move] = {}

    async def maybe_start(self) -> bool:
        """Start, unless it has been."""
        return await Service.maybe_start(self)

    async def start(self) -> None:
        """Start on the worker's own loop."""
        await Service.start(self)

    async def on_stop(self) -> None:
        """Stop the consumer."""
        await self.on_thread_stop()

    async def stop(self) -> None:
        """End on the worker's own loop."""
        await Service.stop(self)

    async def crash(self, reason: BaseException) -> None:
        """Crash the worker."""
        await Service.crash(self, reason)

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call what Faust would call in the thread."""
        return await maybe_async(fun(*args, **kwargs))

    def is_last(self, tp: TP, move: Move) -> bool:
        """Tell whether a partition was neither moved since nor assigned anew."""
        return self._moves.get(tp) is move and move.assignment.active

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Go back to what is committed, and to the first record where nothing is."""
        return cast("Mapping[TP, int]", await self.call_thread(self._rewind))

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # read when the consumer starts
        return consumer

    async def _stop_children(self) -> None:
        await self._default_stop_children()

    async def _stop_futures(self) -> None:
        await self._default_stop_futures()

    async def _stop_exit_stacks(self) -> None:
        await self._default_stop_exit_stacks()

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Fetched:
        # Of a copy: Faust empties the set while this waits, and an empty one stands for all.
        active = set(active_partitions)
        records: Mapping[TP, list[Any]] = {}
        if active:
            records = await super()._fetch_records(consumer, active, timeout, max_records)
        return Fetched(records, self._moves)

    async def _rewind(self) -> Mapping[TP, int]:
        consumer = self._ensure_consumer()
        committed = {tp: await consumer.committed(tp) for tp in consumer.assignment()}
        changelogs = self.app.tables.changelog_topics
        fresh = [tp for tp, at in committed.items() if at is None and tp.topic not in changelogs]
        firsts = await consumer.beginning_offsets(fresh) if fresh else {}
        known = {tp: at for tp, at in committed.items() if at is not None}
        self._move(consumer, known | firsts)
        return committed

    async def _seek_wait(
        self, consumer: aiokafka.AIOKafkaConsumer, partitions: Mapping[TP, int]
    ) -> None:
        self._move(consumer, partitions)
        async with asyncio.timeout(self.app.conf.broker_request_timeout):
            await asyncio.gather(*[consumer.position(tp) for tp in partitions])

    def _move(self, consumer: aiokafka.AIOKafkaConsumer, positions: Mapping[TP, int]) -> None:
        assignment = consumer._subscription.subscription.assignment
        for tp, offset in positions.items():
            consumer.seek(tp, offset)
            self._moves[ensure_TP(tp)] = Move(assignment, offset)


class Consumer(driver.Consumer):
    """Faust's consumer on top of it, handing on every record, in order, whoever comes and goes.

    Faust goes on reading while an assignment moves positions, and drops what it has read
    meanwhile: records of a changelog, which it then waits for in vain, or, remembering across the
    assignment how far it had come, records that agents have not seen. Here a record is handed on
    if its partition was read on from the last place that it was moved to. Every partition is
    moved after every assignment, so what is dropped is read again, and nothing else is.
    """

    _thread: ConsumerOnLoop

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._awaited: dict[TP, tuple[Move, int]] = {}  # the offset that follows, since a move

    def _new_consumer_thread(self) -> ConsumerOnLoop:
        return ConsumerOnLoop(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Go back to what is committed."""
        committed = await self.seek_to_committed()
        known = {ensure_TP(tp): at for tp, at in committed.items() if at is not None}
        self._committed_offset.update(known)

    def on_buffer_drop(self, tp: TP) -> None:
        """Read on, unless it is paused: its tables are not restored yet."""
        if tp in self._paused_partitions:
            self._buffered_partitions.discard(tp)
        else:
            super().on_buffer_drop(tp)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Fetch, and give what is still wanted."""
        found, active = await self._wait_next_records(timeout)
        fetched = cast("Fetched | None", found)
        if not fetched or active is None:
            return
        for tp, record in self.scheduler.iterate(fetched):
            if not self.flow_active:  # these may be wanted afterwards, and are not read again
                await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # as Faust does
            if self.should_stop:
                return
            move = fetched.moves.get(tp)
            if move is None or not self._thread.is_last(tp, move):
                continue
            if tp in active or tp in self._buffered_partitions:
                if self._awaited.get(tp) != (move, record.offset):
                    await self._pass_over_gap(tp, record.offset, move)
                self._awaited[tp] = move, record.offset + 1
                yield tp, self._to_message(tp, record)

    async def _pass_over_gap(self, tp: TP, offset: int, move: Move) -> None:
        """Let commits go on behind offsets that are not there: compacted, or kept too long."""
        before, awaited = self._awaited.get(tp, (None, 0))
        if before is not move:
            awaited = move.offset
        if offset > awaited and self.app.topics.acks_enabled_for(tp.topic):
            await self._add_gap(tp, awaited, offset - 1)

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        """Hand on what is fetched, until told to stop."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                handed_on = 0
                async for _, message in self.getmany(timeout=POLL_S):
                    await self._hand_on(message)
                    handed_on += 1
                    if handed_on % BREATH_RECORDS == 0:
                        await asyncio.sleep(0)
                    if self._commit_every is not None and self._n_acked >= self._commit_every:
                        self._n_acked = 0
                        await self.commit()
                await asyncio.sleep(0)
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.transport.app.should_stop:
                raise

    async def _hand_on(self, message: Message) -> None:
        """Give a message to the streams; where there is no room, wait, unless the flow stops.

        Nearly always the first step is the last. Faust makes four tasks to find that out, which
        were a third of the time spent on a record.
        """
        handing = self.callback(message)
        assert asyncio.iscoroutine(handing), "the conductor's"
        try:
            awaited = handing.send(None)
        except StopIteration:
            return
        await self.wait_first(_go_on(handing, awaited), self.suspend_flow.wait())


class Transport(driver.Transport):
    """Faust's transport with that consumer."""

    Consumer = Consumer


class _Started:
    """A coroutine whose first step has been taken; to be awaited from there."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], awaited: Any) -> None:
        self._coroutine, self._awaited = coroutine, awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        awaited = self._awaited
        while True:
            try:
                try:
                    value = yield awaited
                except BaseException as e:  # noqa: BLE001  # whatever it is belongs inside
                    awaited = self._coroutine.throw(e)
                else:
                    awaited = self._coroutine.send(value)
            except StopIteration as end:
                return end.value


async def _go_on(coroutine: Coroutine[Any, Any, Any], awaited: Any) -> Any:
    return await _Started(coroutine, awaited)
