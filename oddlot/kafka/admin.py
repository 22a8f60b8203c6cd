"""Declared topics -> topics on the broker; settings -> what every client needs to get there."""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from oddlot import errors
from oddlot.contracts import topics
from oddlot.contracts.topics import Topic
from oddlot.kafka.start import start_client
from oddlot.settings import Settings

CONNECT_DEADLINE_S = 60.0  # a broker after `kill -9` needs 3-10 s; a minute means it is not there
MAX_RECORD_BYTES = 4 * 1024 * 1024


def client_options(settings: Settings) -> dict[str, Any]:
    """Give what every aiokafka client needs to reach and enter the broker.

    Parameters
    ----------
    settings : address, protocol and credentials.

    Raises
    ------
    BadSetting
        If the CA file cannot be read.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_address,
        "security_protocol": settings.kafka_security_protocol,
    }
    if "SSL" in settings.kafka_security_protocol:
        try:
            options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
        except OSError as e:
            raise errors.BadSetting(
                f"ODDLOT_KAFKA_CA_FILE: expected a PEM file, was {settings.kafka_ca_file}: {e}"
            ) from e
    if "SASL" in settings.kafka_security_protocol:
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return options


async def create_topics(settings: Settings, *, deadline_s: float = CONNECT_DEADLINE_S) -> None:
    """Create every declared topic that is not there yet; safe to call from many at once.

    Parameters
    ----------
    settings : where the broker is.
    deadline_s : how long to wait for the broker.

    Raises
    ------
    BrokerUnavailable
        If the broker does not answer within the deadline.
    """
    admin = AIOKafkaAdminClient(**client_options(settings))
    await start_client(admin, settings.kafka_address, deadline_s)
    try:
        present = set(await admin.list_topics())
        for topic in topics.ALL:
            if topic.name not in present:
                with contextlib.suppress(TopicAlreadyExistsError):
                    await admin.create_topics([_new_topic(topic, settings.kafka_replication)])
    finally:
        await admin.close()


def _new_topic(topic: Topic[Any], replication: int) -> NewTopic:
    kept = (
        {"cleanup.policy": "compact"}
        if topic.is_compacted
        else {"retention.ms": str(topic.retention_ms)}
    )
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replication,
        topic_configs={"max.message.bytes": str(MAX_RECORD_BYTES), **kept},
    )
