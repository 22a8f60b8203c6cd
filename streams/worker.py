"""Settings -> the Faust app: the one place that knows how Faust has to be held."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import ssl
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import faust
from faust.app.base import BootStrategy
from faust.tables import TableManager
from faust.types import TP, TableT
from mode.supervisors import CrashingSupervisor
from mode.utils.queues import FlowControlEvent

from oddlot import kafka
from oddlot.contracts.topics import TICKS, Topic
from oddlot.settings import Settings
from streams.transport import Transport

if TYPE_CHECKING:
    from streams.groups import Groups
    from streams.live_divergence import LiveScans
    from streams.pair_tests import Waiting
    from streams.watched import Watched

APP_ID = "oddlot-streams"
SESSION_S, HEARTBEAT_S = 10.0, 1.0  # with static membership a killed worker is back within 2 s
COMMIT_INTERVAL_S = 0.5  # Faust flushes the changelogs before it commits
FETCH_BYTES = 16 * 1024 * 1024
BUFFERED_EVENTS = 4_096
WRITTEN_AT_ONCE = 8  # entries of a table: about 1 ms
# Compacted changelogs are read back at every start: small segments keep them short.
CHANGELOG_CONFIG = {
    "cleanup.policy": "compact",
    "segment.bytes": str(4 * 1024 * 1024),
    "segment.ms": "600000",
    "min.cleanable.dirty.ratio": "0.1",
    "delete.retention.ms": "600000",
}
# Faust's own configuration lets every library log at DEBUG and drops it only in the handler: a
# tenth of the worker's time under load.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["out"]},
    # httpx tells the URL of every post, and with it the credentials in it.
    "loggers": {name: {"level": "WARNING"} for name in ("aiokafka", "httpx", "httpcore")},
}


class Entry(NamedTuple):
    """One value of a table of state; None deletes it."""

    partition: int
    key: str
    value: Any


class NoWeb(BootStrategy):
    """Starts no web server: `faust worker` turns the setting back on, and its views are open."""

    enable_web = False


class Tables(TableManager):
    """Restores tables at once. Faust waits a second for more to be declared; ours all are."""

    async def on_start(self) -> None:
        """Begin."""
        await self._update_channels()
        await self.recovery.start()


class Worker(faust.App):
    """A Faust app that loses nothing when it recovers its tables.

    Faust resumes flow a second time once tables are restored, and a resume clears the stream
    queues: what had arrived in between would be gone, never acknowledged. Here a resume does
    nothing while the flow is active.
    """

    BootStrategy = NoWeb
    settings: Settings

    def __init__(self, *args: Any, settings: Settings, **options: Any) -> None:
        self.settings = settings
        self._open = contextlib.AsyncExitStack()
        self._publisher: kafka.Publisher | None = None
        self.watched: Watched | None = None  # once a part asks for it
        self.tests: Waiting | None = None  # where pairs are tested here
        self.groups: Groups | None = None  # once a part asks for them
        self.live_scans: LiveScans | None = None  # where groups are scanned minute by minute
        super().__init__(*args, **options)

    @cached_property
    def flow_control(self) -> FlowControlEvent:
        """Give the valve between the consumer and the streams."""
        return SteadyFlow()

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    async def on_first_start(self) -> None:
        """Create the topics: Faust creates only its own changelogs."""
        await kafka.create_topics(self.settings)
        self._publisher = await self._open.enter_async_context(kafka.connect(self.settings))
        self.settings.state_dir.mkdir(parents=True, exist_ok=True)
        await super().on_first_start()

    async def on_started(self) -> None:
        """Spare the collector what will stay: looking it all over takes 60 ms each time."""
        await super().on_started()
        gc.freeze()

    async def on_stop(self) -> None:
        """Let what was published be acknowledged."""
        await super().on_stop()
        await self._open.aclose()

    @property
    def publisher(self) -> kafka.Publisher:
        """Where agents put their results: acknowledged before their state moves on."""
        assert self._publisher is not None, "agents run after the start"
        return self._publisher

    def source(self, *topics: Topic[Any]) -> faust.TopicT:
        """Declare topics to read as raw values, so that agents can refuse bad ones."""
        return self.topic(
            *(topic.name for topic in topics),
            key_serializer="raw",
            value_serializer="raw",
            value_type=bytes,
            partitions=topics[0].partitions,
        )

    async def write(
        self, table: TableT[Any, Any], entries: Iterable[Entry], *, are_ours: Callable[[], bool]
    ) -> bool:
        """Set entries of a table and return once its changelog has them.

        Faust flushes changelogs before a commit, but gives up on the flush after 0.1 s, and
        offsets committed ahead of their state are a loss at the next crash.

        False if the partitions became another's before all was written: from then on they are
        not ours to write to.
        """
        left = iter(entries)
        while some := [*itertools.islice(left, WRITTEN_AT_ONCE)]:
            await asyncio.sleep(0)  # what arrives meanwhile need not wait for all of them
            if not are_ours():
                return False
            # Faust holds up every stream while its producer has a hundred to send.
            for acknowledged in [_set(table, entry) for entry in some]:
                await acknowledged
        return True

    def owns(self, topic: Topic[Any]) -> bool:
        """Tell whether a topic of one partition is this worker's, and its tables are restored."""
        return self.flow_control.is_active() and TP(topic.name, 0) in self.consumer.assignment()

    def table_for(self, topic: Topic[Any], name: str) -> TableT[Any, Any]:
        """Declare a table of state, partitioned like the topic that it is folded from."""
        return self.Table(
            name,
            partitions=topic.partitions,
            key_type=str,
            extra_topic_configs=CHANGELOG_CONFIG,
        )


def _set(table: TableT[Any, Any], entry: Entry) -> Awaitable[Any]:
    partition, key, value = entry
    if value is None:
        table.data.pop(key, None)
        return table.send_changelog(partition, key, None, value_serializer="raw")
    table.data[key] = value
    return table.send_changelog(partition, key, value)


class SteadyFlow(FlowControlEvent):
    """A valve that clears the queues when it opens, and only then."""

    def resume(self) -> None:
        """Open; do nothing while open."""
        if not self.is_active():
            super().resume()


def make_worker(settings: Settings) -> Worker:
    """Make the app; nothing connects before it starts."""
    return Worker(
        APP_ID,
        settings=settings,
        broker=[f"kafka://{address}" for address in settings.kafka_address.split(",")],
        broker_credentials=_credentials(settings),
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_rebalance_timeout=SESSION_S,  # a worker killed while joining holds up the others
        broker_commit_interval=COMMIT_INTERVAL_S,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{APP_ID}-{settings.worker}",
        consumer_max_fetch_size=FETCH_BYTES,
        producer_max_request_size=kafka.MAX_RECORD_BYTES,
        producer_request_timeout=kafka.REQUEST_TIMEOUT_MS / 1_000,
        stream_buffer_maxsize=BUFFERED_EVENTS,
        stream_wait_empty=False,  # what is not saved when partitions go is done again, by anyone
        topic_partitions=TICKS.partitions,
        topic_replication_factor=settings.kafka_replication,
        topic_disable_leader=True,
        store="memory://",
        datadir=str(settings.state_dir / "faust"),
        TableManager=Tables,
        agent_supervisor=CrashingSupervisor,  # our bug: crash, restart from the committed offset
        autodiscover=False,
        logging_config=LOGGING,
    )


def _credentials(settings: Settings) -> faust.types.auth.CredentialsT | None:
    protocol = settings.kafka_security_protocol
    context = (
        ssl.create_default_context(cafile=settings.kafka_ca_file) if "SSL" in protocol else None
    )
    if "SASL" in protocol:
        return faust.SASLCredentials(
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value(),
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None
