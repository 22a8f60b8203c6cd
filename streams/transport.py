"""Faust's Kafka transport with a long poll of our own.

Faust fixes the poll at 1.5 s. A fetch asks one broker for all partitions that are drained, so while
some stay dry, those with a backlog would wait for the poll to run out after every fetch.
"""

from __future__ import annotations

from typing import Any

from faust.transport.drivers import aiokafka as driver

from oddlot.kafka import FETCH_WAIT_MS


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that holds the aiokafka consumer."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # read when the consumer starts
        return consumer


class Consumer(driver.Consumer):
    """Faust's consumer on that thread."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class Transport(driver.Transport):
    """Faust's transport with that consumer."""

    Consumer = Consumer
