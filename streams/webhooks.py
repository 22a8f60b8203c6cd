"""signals.alerts -> whoever has asked to be told by HTTP, signed, in order, and not forever.

A consumer group for each receiver: the topic is their queue, so one that is slow or away holds up
nobody but itself. Offsets are committed once an alert is delivered or given up.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from mode import Service

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.cloudevents import headers_of
from oddlot.contracts.messages import Alert
from oddlot.errors import BadMessage
from oddlot.kafka import Publisher, Record, Subscription
from oddlot.settings import Settings
from streams.worker import Worker

log = logging.getLogger(__name__)

ORIGIN = "streams.webhooks"
GROUP = "oddlot-webhooks"
SIGNATURE = "Oddlot-Signature"  # t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">
ANSWER_S = 10.0  # a receiver answers first and works afterwards
FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.5, 30.0
READ_WAIT_MS = 1_000
PASSING = frozenset({408, 425, 429})  # of the 4xx, those that another try can change


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where alerts are posted to.

    Attributes
    ----------
    url : with its credentials, if any; never shown.
    secret : key of the signatures.
    deadline_s : how old an alert may grow before it is given up.
    """

    url: str
    secret: bytes
    deadline_s: float

    @property
    def shown(self) -> str:
        """Its place, without credentials, and without a path that may be one."""
        place = urlsplit(self.url)
        port = f":{place.port}" if place.port else ""
        return f"{place.scheme}://{place.hostname}{port}"

    @property
    def group(self) -> str:
        """The consumer group that remembers how far it has been told."""
        return f"{GROUP}-{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"


def attach(app: Worker) -> None:
    """Tell receivers beside the agents, if there are any."""
    if not app.settings.webhooks:
        return

    @app.service
    class Webhooks(Service):
        """Starts and stops with the worker."""

        @Service.task
        async def _run(self) -> None:
            await run(app.settings, app.publisher)


async def run(settings: Settings, publisher: Publisher) -> None:
    """Tell every receiver until cancelled."""
    secret = settings.webhook_secret.get_secret_value().encode()
    async with asyncio.TaskGroup() as receivers:
        for url in settings.webhooks:
            receiver = Receiver(url, secret, settings.webhook_deadline_s)
            receivers.create_task(_tell_all(settings, receiver, publisher))


async def _tell_all(settings: Settings, receiver: Receiver, publisher: Publisher) -> None:
    reading = kafka.subscribe(settings, [topics.ALERTS], start="latest", group=receiver.group)
    async with reading as subscription, httpx.AsyncClient(timeout=ANSWER_S) as client:
        await subscription.lag()  # finds out where it stands
        await subscription.commit()  # what comes before the first alert is over must not be lost
        log.info("posting alerts to %s", receiver.shown)
        while True:
            await move(subscription, receiver, client, publisher)


async def move(
    subscription: Subscription, receiver: Receiver, client: httpx.AsyncClient, publisher: Publisher
) -> None:
    """Take the next alert, tell it or give it up, and only then commit."""
    for record in await subscription.read(limit=1, wait_ms=READ_WAIT_MS):
        if problem := await tell(record, receiver, client):
            log.error("%s was not told of an alert: %s", receiver.shown, problem)
            await kafka.refuse(publisher, ORIGIN, record.payload, f"{receiver.shown}: {problem}")
        await subscription.commit()


async def tell(record: Record, receiver: Receiver, client: httpx.AsyncClient) -> str | None:
    """Post one alert until it is taken; if it is given up, say what was expected and found."""
    try:
        alert = topics.ALERTS.codec.decode(record.payload)
    except BadMessage as e:
        return str(e)
    until_s = record.arrival_ms / 1_000 + receiver.deadline_s
    backoff_s, tries, problem = FIRST_BACKOFF_S, 0, "older than that before its first try"
    while time.time() < until_s:
        answer = await _post(alert, record.payload, receiver, client)
        if answer.is_taken:
            return None
        if answer.is_final:
            return f"expected 2xx, was {answer.found}"
        tries, problem = tries + 1, answer.found
        pause_s = max(answer.wait_s, random.uniform(backoff_s / 2, backoff_s))
        if time.time() + pause_s >= until_s:
            break
        log.warning("%s: %s, trying again in %.1f s", receiver.shown, problem, pause_s)
        await asyncio.sleep(pause_s)
        backoff_s = min(2 * backoff_s, LAST_BACKOFF_S)
    return f"expected 2xx within {receiver.deadline_s:g} s, was {problem} (tries: {tries})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one post: an HTTP status, or the kind of trouble on the way."""

    found: str
    status: int | None = None
    wait_s: float = 0.0  # asked for by the receiver

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether another try would meet the same."""
        return self.status is not None and self.status < 500 and self.status not in PASSING


async def _post(alert: Alert, body: bytes, receiver: Receiver, client: httpx.AsyncClient) -> Answer:
    signed = headers(alert, body, receiver.secret)
    posting = client.stream("POST", receiver.url, content=body, headers=signed)
    try:
        async with asyncio.timeout(ANSWER_S), posting as answer:  # its body is of no interest
            asked = answer.headers.get("retry-after", "")
            wait_s = float(asked) if asked.isdecimal() else 0.0
            return Answer(f"HTTP {answer.status_code}", answer.status_code, wait_s)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as e:
        return Answer(type(e).__name__)  # its words may hold the URL


def headers(
    alert: Alert, body: bytes, secret: bytes, now_s: Callable[[], float] = time.time
) -> dict[str, str]:
    """Give the headers of a post: CloudEvents 1.0 in HTTP's binary mode, and the signature."""
    kafkas = headers_of(topics.ALERTS, alert)
    events = {name.replace("ce_", "ce-"): value.decode() for name, value in kafkas}
    return {**events, SIGNATURE: signature(body, secret, int(now_s()))}


def signature(body: bytes, secret: bytes, now_s: int) -> str:
    """Sign a body at a time, so that a receiver can tell a post of ours from one sent again later.

    Examples
    --------
    >>> signature(b"{}", b"sixteen letters!", 1_700_000_000)[:24]
    't=1700000000,v1=96ab549f'
    """
    digest = hmac.new(secret, b"%d.%b" % (now_s, body), hashlib.sha256).hexdigest()
    return f"t={now_s},v1={digest}"
