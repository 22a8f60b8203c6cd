"""Contracts <-> Kafka: connect, create topics, publish, subscribe."""

from __future__ import annotations

from oddlot.kafka import connections
from oddlot.kafka.admin import (
    CONNECT_DEADLINE_S,
    MAX_RECORD_BYTES,
    client_options,
    create_topics,
)
from oddlot.kafka.publishing import (
    MAX_PAYLOAD_BYTES,
    REQUEST_TIMEOUT_MS,
    KafkaPublisher,
    Publisher,
    connect,
    refuse,
)
from oddlot.kafka.subscribing import FETCH_WAIT_MS, Record, Subscription, subscribe

connections.install()

__all__ = [
    "CONNECT_DEADLINE_S",
    "FETCH_WAIT_MS",
    "MAX_PAYLOAD_BYTES",
    "MAX_RECORD_BYTES",
    "REQUEST_TIMEOUT_MS",
    "KafkaPublisher",
    "Publisher",
    "Record",
    "Subscription",
    "client_options",
    "connect",
    "create_topics",
    "refuse",
    "subscribe",
]
