"""Faust's Kafka transport, without two waits that cost most of a worker's time under load."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from faust.transport.drivers import aiokafka as driver
from mode.services import WaitResults

from oddlot.kafka import FETCH_WAIT_MS


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that holds the aiokafka consumer.

    Faust fixes the long poll at 1.5 s. A fetch asks one broker for all partitions that are
    drained, so while some stay dry, those with a backlog wait for the poll to run out.
    """

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # read when the consumer starts
        return consumer


class Consumer(driver.Consumer):
    """Faust's consumer on that thread."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def resume_partitions(self, tps: Any) -> None:
        """Forget how far it had come before a rebalance: what follows is read anew, not again."""
        for tp in tps:
            self._read_offset.pop(tp, None)
        super().resume_partitions(tps)

    async def wait_first(self, *coros: Any, timeout: Any = None) -> WaitResults:
        """Wait for the first of several; make tasks of them only if that takes waiting.

        Faust hands every record on through this, and nearly always its first step is its last:
        four tasks a record were a third of the time spent on it.
        """
        first, *others = coros
        if timeout is not None or not asyncio.iscoroutine(first):
            return await super().wait_first(*coros, timeout=timeout)
        try:
            awaited = first.send(None)
        except StopIteration as end:
            for other in others:
                other.close()
            return WaitResults([first], [end.value], False)
        return await super().wait_first(_go_on(first, awaited), *others)


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
