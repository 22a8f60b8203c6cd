"""Kafka: topics, positions, groups, and a broker that is not there."""

from __future__ import annotations

import asyncio
import time
import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.local import ports
from oddlot.settings import Settings, load
from tests.builders import ticks

pytestmark = pytest.mark.broker

NOTHING_MS = 300


def batch(symbol: str, first_id: int):
    return ticks(symbol=symbol, ids=[first_id], event_ms=[first_id])


async def symbols_read(subscription: kafka.Subscription, wanted: str, count: int) -> list[int]:
    """Give the first ids of a symbol's batches, in the order of reading."""
    found: list[int] = []
    until = time.monotonic() + 20
    while len(found) < count and time.monotonic() < until:
        for record in await subscription.read(limit=100, wait_ms=NOTHING_MS):
            message = record.message()
            if message.symbol == wanted:
                found.append(int(message.ids[0]))
    return found


async def test_every_topic_is_created_as_it_is_declared(broker: Settings):
    await asyncio.gather(*(kafka.create_topics(broker) for _ in range(3)))  # all at once
    admin = AIOKafkaAdminClient(**kafka.client_options(broker))
    await admin.start()
    try:
        described = await admin.describe_topics([topic.name for topic in topics.ALL])
        assert {d["topic"]: len(d["partitions"]) for d in described} == {
            topic.name: topic.partitions for topic in topics.ALL
        }
        ticks_topic = ConfigResource(ConfigResourceType.TOPIC, topics.TICKS.name)
        (answer,) = await admin.describe_configs([ticks_topic])
        config = {entry[0]: entry[1] for entry in answer.resources[0][4]}
        assert config["retention.ms"] == str(topics.TICKS.retention_ms)
    finally:
        await admin.close()


async def test_a_reader_from_the_latest_sees_what_is_published_once_it_is_open(broker: Settings):
    symbol = uuid.uuid4().hex[:12]
    now_ms = time.time_ns() // 1_000_000
    async with kafka.connect(broker) as publisher:
        await publisher.publish(topics.TICKS, [batch(symbol, 1)], arrival_ms=now_ms)
        async with kafka.subscribe(broker, [topics.TICKS], start="latest") as subscription:
            await publisher.publish(topics.TICKS, [batch(symbol, 2)], arrival_ms=now_ms)
            assert await symbols_read(subscription, symbol, 1) == [2]


async def test_a_reader_from_a_time_sees_what_arrived_since(broker: Settings):
    symbol = uuid.uuid4().hex[:12]
    now_ms = time.time_ns() // 1_000_000
    async with kafka.connect(broker) as publisher:
        await publisher.publish(topics.TICKS, [batch(symbol, 1)], arrival_ms=now_ms - 60_000)
        await publisher.publish(topics.TICKS, [batch(symbol, 2)], arrival_ms=now_ms + 60_000)
    async with kafka.subscribe(broker, [topics.TICKS], start=now_ms + 50_000) as subscription:
        assert await symbols_read(subscription, symbol, 1) == [2]


async def test_a_group_goes_on_where_it_committed_and_again_where_it_did_not(broker: Settings):
    symbol, group = uuid.uuid4().hex[:12], uuid.uuid4().hex
    now_ms = time.time_ns() // 1_000_000
    wanted = [topics.TICKS]
    async with kafka.connect(broker) as publisher:
        await publisher.publish(topics.TICKS, [batch(symbol, 1)], arrival_ms=now_ms)
        async with kafka.subscribe(broker, wanted, start="earliest", group=group) as reader:
            assert await symbols_read(reader, symbol, 1) == [1]
            assert await reader.commit()
            await publisher.publish(topics.TICKS, [batch(symbol, 2)], arrival_ms=now_ms)
            assert await symbols_read(reader, symbol, 1) == [2]
        async with kafka.subscribe(broker, wanted, start="earliest", group=group) as reader:
            assert await symbols_read(reader, symbol, 1) == [2]


async def test_a_broker_that_is_not_there_is_named_with_what_to_do():
    settings = load(kafka_port=ports.free_port(), kafka="")
    with pytest.raises(errors.BrokerUnavailable, match=r"expected Kafka at 127.*oddlot up --only"):
        async with kafka.connect(settings, deadline_s=0.5):
            pass


def test_a_ca_file_that_is_not_there_is_named(tmp_path):
    settings = load(kafka_security_protocol="SSL", kafka_ca_file=tmp_path / "none.pem")
    with pytest.raises(errors.BadSetting, match=r"ODDLOT_KAFKA_CA_FILE.*none\.pem"):
        kafka.client_options(settings)


def test_credentials_reach_the_client_and_no_log():
    settings = load(
        kafka_security_protocol="SASL_PLAINTEXT", kafka_username="me", kafka_password="hush"
    )
    assert kafka.client_options(settings)["sasl_plain_password"] == "hush"
    assert "hush" not in repr(settings)
