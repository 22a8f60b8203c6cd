"""An aiokafka client -> the same one started, however long the broker takes to come up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Any

from aiokafka.errors import KafkaError

from oddlot import errors

log = logging.getLogger(__name__)

FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.1, 2.0


async def start_client(client: Any, address: str, deadline_s: float) -> None:
    """Start an aiokafka client, patient with a broker that is still starting.

    Parameters
    ----------
    client : consumer, producer or admin client, not started yet.
    address : the bootstrap servers, for messages.
    deadline_s : how long to be patient.

    Raises
    ------
    BrokerUnavailable
        If the broker does not answer within the deadline; the client is stopped.
    """
    until = time.monotonic() + deadline_s
    backoff_s = FIRST_BACKOFF_S
    while True:
        try:
            with _quiet():
                await client.start()
        except (KafkaError, OSError) as e:
            if backoff_s == FIRST_BACKOFF_S:
                log.info("waiting for Kafka at %s", address)
            if time.monotonic() + backoff_s > until:
                await _stop(client)
                raise errors.BrokerUnavailable(
                    f"expected Kafka at {address}, found none within "
                    f"{deadline_s:.0f} s; start one with `oddlot up --only kafka` "
                    f"or set ODDLOT_KAFKA"
                ) from e
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)
        else:
            return


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep aiokafka from logging an error at every try; the last one is raised."""
    loud = logging.getLogger("aiokafka")
    loud.addFilter(_drop)
    try:
        yield
    finally:
        loud.removeFilter(_drop)


def _drop(_: logging.LogRecord) -> bool:
    return False


async def _stop(client: Any) -> None:
    stop = getattr(client, "stop", None) or client.close
    with contextlib.suppress(KafkaError, OSError):
        await stop()
