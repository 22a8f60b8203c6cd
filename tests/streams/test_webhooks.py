"""streams.webhooks: told once it is taken, signed, in order, given up in time, never leaking."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from oddlot import kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import Alert
from oddlot.kafka import Record
from oddlot.local import ports
from oddlot.settings import Settings, load
from streams import webhooks
from streams.webhooks import Receiver, move, tell
from streams.worker import LOGGING
from tests.fakes import MemoryPublisher
from tests.streams.receivers import Place, Post, receiving
from tests.waiting import beside

SECRET = b"sixteen letters!"


def alert(event_ms: int = 5_000) -> Alert:
    return Alert(
        kind="spread",
        subject="BTCUSDT~ETHUSDT",
        interval="1s",
        event_ms=event_ms,
        crossing="entered",
        side="high",
        value=2.31,
        threshold=2.0,
        price=61_000.5,
        hedge_ratio=23.5,
        spread=42.0,
        text="BTCUSDT~ETHUSDT 1s: z rose to 2.31, above 2; the spread is stretched",
    )


def record(event_ms: int = 5_000, *, age_s: float = 0.0) -> Record:
    arrival_ms = round((time.time() - age_s) * 1_000)
    return Record(topics.ALERTS, 0, 0, arrival_ms, topics.ALERTS.codec.encode(alert(event_ms)))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "FIRST_BACKOFF_S", 0.001)
    monkeypatch.setattr(webhooks, "LAST_BACKOFF_S", 0.01)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def to(place: Place, deadline_s: float = 20.0) -> Receiver:
    return Receiver(place.url, SECRET, deadline_s)


async def test_an_alert_is_posted_as_it_is_on_its_topic_with_its_headers(client):
    async with receiving(200) as place:
        sent = record()
        assert await tell(sent, to(place), client) is None
    (post,) = place.posts
    assert (post.path, post.body) == ("/hook", sent.payload)
    assert json.loads(post.body)["text"].startswith("BTCUSDT~ETHUSDT 1s: z rose")
    assert post.headers["content-type"] == "application/json"
    assert post.headers["ce-id"] == "BTCUSDT~ETHUSDT/1s/5000/entered"
    assert post.headers["ce-type"] == "signals.alerts.v1"
    assert post.headers["ce-time"] == "1970-01-01T00:00:05.000Z"
    assert post.headers["ce-specversion"] == "1.0"


def is_genuine(post: Post) -> bool:
    """Check a signature as a receiver would."""
    said = dict(part.split("=") for part in post.headers["oddlot-signature"].split(","))
    wanted = hmac.new(SECRET, f"{said['t']}.".encode() + post.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(said["v1"], wanted) and abs(time.time() - int(said["t"])) < 60


async def test_a_post_is_signed_at_its_time(client):
    async with receiving(200) as place:
        await tell(record(), to(place), client)
    (post,) = place.posts
    assert is_genuine(post)
    assert not is_genuine(Post(post.path, post.headers, post.body + b" "))


@pytest.mark.parametrize("status", [500, 503, 429, 408])
async def test_a_receiver_that_fails_is_told_again_until_it_takes_it(client, status):
    async with receiving(*[status] * 4, 204) as place:
        assert await tell(record(), to(place), client) is None
    assert [post.body for post in place.posts] == [place.posts[0].body] * 5
    assert all(is_genuine(post) for post in place.posts)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
async def test_a_refusal_is_not_tried_again(client, status):
    async with receiving(status, 200) as place:
        assert await tell(record(), to(place), client) == f"expected 2xx, was HTTP {status}"
    assert len(place.posts) == 1


async def test_a_receiver_that_is_away_is_given_up_in_time(client):
    nobody = Receiver(f"http://127.0.0.1:{ports.free_port()}/", SECRET, 0.2)
    problem = await tell(record(), nobody, client)
    assert problem is not None
    assert problem.startswith("expected 2xx within 0.2 s, was ConnectError (tries: ")


async def test_a_receiver_that_does_not_answer_is_left(client, monkeypatch):
    monkeypatch.setattr(webhooks, "ANSWER_S", 0.05)
    async with receiving(0, 200) as place:
        assert await tell(record(), to(place), client) is None
    assert len(place.posts) == 2


async def test_a_receiver_that_asks_for_a_pause_past_the_deadline_is_given_up(client):
    async with receiving(503, extra="Retry-After: 3600\r\n") as place:
        problem = await tell(record(), to(place), client)
    assert problem == "expected 2xx within 20 s, was HTTP 503 (tries: 1)"


async def test_an_alert_that_is_too_old_is_not_posted_at_all(client):
    async with receiving(200) as place:
        problem = await tell(record(age_s=21.0), to(place), client)
    assert problem is not None
    assert "was older than that before its first try" in problem
    assert place.posts == []


class Source:
    """Gives records one by one; the journal keeps commits in order with the rest."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)
        self.commits: list[int] = []  # how many were left at each

    async def read(self, *, limit: int, wait_ms: int) -> list[Record]:
        found, self.records = self.records[:limit], self.records[limit:]
        return found

    async def commit(self) -> bool:
        self.commits.append(len(self.records))
        return True


async def test_offsets_are_committed_one_by_one_after_delivery(client):
    async with receiving(200) as place:
        source, publisher = Source(record(1), record(2)), MemoryPublisher()
        for told in (1, 2):
            await move(source, to(place), client, publisher)
            assert (len(place.posts), len(source.commits)) == (told, told)
    assert publisher.published == []
    assert [json.loads(post.body)["event_ms"] for post in place.posts] == [1, 2]


async def test_what_is_given_up_is_a_dead_letter_and_the_next_one_is_told(client):
    async with receiving(404, 200) as place:
        source, publisher = Source(record(1), record(2)), MemoryPublisher()
        await move(source, to(place), client, publisher)
        await move(source, to(place), client, publisher)
    (letter,) = publisher.on(topics.DEAD_LETTERS)
    assert (letter.origin, letter.payload) == ("streams.webhooks", record(1).payload)
    assert letter.reason == f"{place.url.removesuffix('/hook')}: expected 2xx, was HTTP 404"
    assert source.commits == [1, 0]


async def test_a_message_that_is_no_alert_becomes_a_dead_letter(client):
    async with receiving(200) as place:
        source, publisher = Source(Record(topics.ALERTS, 0, 0, 0, b"{}")), MemoryPublisher()
        await move(source, to(place), client, publisher)
    assert len(publisher.on(topics.DEAD_LETTERS)) == 1
    assert (place.posts, source.commits) == ([], [0])


async def test_credentials_are_in_no_log_and_no_dead_letter(client, caplog):
    for name, options in LOGGING["loggers"].items():
        logging.getLogger(name).setLevel(options["level"])
    caplog.set_level(logging.INFO)
    async with receiving(500, 404) as place:
        place.url = place.url.replace("//", "//anna:pass4word@") + "/t0ken?key=s3cret"
        source, publisher = Source(record()), MemoryPublisher()
        await move(source, to(place), client, publisher)
    (letter,) = publisher.on(topics.DEAD_LETTERS)
    for secret in ("anna", "pass4word", "t0ken", "s3cret"):
        assert secret not in caplog.text + letter.reason
    assert "trying again" in caplog.text
    assert place.posts[0].headers["authorization"].startswith("Basic ")


def test_receivers_keep_their_offsets_apart():
    one, other = (Receiver(url, SECRET, 1.0) for url in ("http://a/x", "http://a/y"))
    assert one.group != other.group
    assert one.group.startswith("oddlot-webhooks-")


@contextlib.asynccontextmanager
async def telling(settings: Settings, publisher: Any) -> AsyncIterator[None]:
    async with beside(webhooks.run(settings, publisher)):
        yield


@pytest.mark.broker
async def test_a_slow_receiver_holds_up_nobody_and_a_restart_repeats_nothing(broker: Settings):
    def now_ms() -> int:
        return time.time_ns() // 1_000_000

    async def publish(event_ms: int) -> None:
        await publisher.publish(topics.ALERTS, [alert(event_ms)], arrival_ms=now_ms())

    def heard(place: Place) -> list[int]:
        return [json.loads(post.body)["event_ms"] for post in place.posts]

    async with kafka.connect(broker) as publisher, receiving(200) as good, receiving(0) as slow:
        settings = load(
            kafka=broker.kafka_address,
            webhook_urls=f"{good.url},{slow.url}",
            webhook_secret=SECRET.decode(),
        )
        async with telling(settings, publisher):
            event_ms = 0
            while not (good.posts and slow.posts):  # a new receiver hears of what comes from now on
                event_ms += 1
                await publish(event_ms)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(good.until(len(good.posts) + 1), 0.5)
            for later in range(1, 6):
                await publish(event_ms + later)
            async with asyncio.timeout(20):
                while event_ms + 5 not in heard(good):
                    await good.until(len(good.posts) + 1)
            assert len(slow.posts) == 1
        before = heard(good)
        async with telling(settings, publisher):
            await publish(event_ms + 6)
            async with asyncio.timeout(30):
                while event_ms + 6 not in heard(good):
                    await good.until(len(good.posts) + 1)
        assert heard(good)[-1] == event_ms + 6
        assert len(heard(good)) - len(before) <= 2  # at most the one before its commit, again
