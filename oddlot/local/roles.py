"""Settings -> the processes that make up a running system, and how to tell that each is ready."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from oddlot import errors
from oddlot.local import kafka
from oddlot.settings import LOOPBACK, ROLES, Settings

ROOMS = Path(__file__).resolve().parent.parent.parent  # the rooms are run from here
PROBE_DEADLINE_S = 2.0
# Facts stop coming in, then the streams settle, then broker and store close: whoever is last is
# gone within 9 s, whatever hangs. The API takes 3 s to part from its clients.
FEED_STOP_S, STREAMS_STOP_S, READER_STOP_S, KEEPER_STOP_S = 2.0, 3.0, 4.0, 4.0
CLIENTS_OF_KEEPERS = frozenset({"producers", "streams", "api"})

# The free plans take 40 minutes for the curated groups, and Stocktwits' 200 an hour three hours for
# their members: nobody waits for that in a demo.
DEMO_PLANS = {
    "twelve_data_per_minute": 960,
    "twelve_data_per_day": 100_000,
    "reddit_per_minute": 600,
    "stocktwits_per_hour": 14_400,
    "news_every_s": 15,
}
DEMO_NEWS = ("market-wire", "street-notes", "coin-desk")

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of the system.

    Attributes
    ----------
    name : of its role, or `sandbox`.
    command : what to run.
    port, port_setting : where it listens, and the variable that moves it; None where it does not.
    more_ports : where else it does, and the variable of each.
    probe : tells whether it is ready; None where running is all there is to tell.
    stops_after : whom it serves: it is told to stop once they have ended.
    stop_deadline_s : how long it may take then.
    """

    name: str
    command: Sequence[str]
    stops_after: frozenset[str] = frozenset()
    stop_deadline_s: float = READER_STOP_S
    port: int | None = None
    port_setting: str = ""
    more_ports: Mapping[int, str] = field(default_factory=dict)
    probe: Probe | None = None


def chosen(only: str, without: str) -> frozenset[str]:
    """Give the roles to run.

    Parameters
    ----------
    only, without : comma-separated roles, as given on the command line; empty for all, for none.

    Raises
    ------
    BadSetting
        If a name is not a role, or none is left.

    Examples
    --------
    >>> sorted(chosen("", "ui,api"))
    ['clickhouse', 'kafka', 'producers', 'streams']
    """
    wanted, unwanted = _names("--only", only) or set(ROLES), _names("--without", without)
    if not wanted - unwanted:
        raise errors.BadSetting("expected a role to run, was none; drop --only or --without")
    return frozenset(wanted - unwanted)


def processes(settings: Settings, roles: frozenset[str]) -> list[Process]:
    """Give the processes of some roles, in the order in which they start.

    Parameters
    ----------
    settings : ports, and whether broker and store are ours to run.
    roles : some of ROLES; with producers and `simulated`, the sandbox comes along.
    """
    return [process for process in _all(settings, roles) if process.name in roles | {"sandbox"}]


def environment(settings: Settings) -> dict[str, str]:
    """Give what a child process sees: our environment, and what the command line changed.

    Parameters
    ----------
    settings : as loaded, with overrides.
    """
    rooms = os.pathsep.join(filter(None, [str(ROOMS), os.environ.get("PYTHONPATH", "")]))
    pinned = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    return {
        **pinned,  # two small roles fighting for cores are slower than one thread each
        **os.environ,
        **settings.environment(),
        "PYTHONPATH": rooms,
        "PYTHONUNBUFFERED": "1",
    }


def sandbox_providers(settings: Settings) -> dict[str, object]:
    """Give the settings that send readers of providers and forums to the sandbox, with ample plans.

    Parameters
    ----------
    settings : as loaded; the limits of plans that it was given stay, to be tried out.

    Examples
    --------
    >>> sandbox_providers(Settings(sandbox_port=8099))["fmp_url"]
    'http://127.0.0.1:8099/fmp'
    """
    address = f"http://{LOOPBACK}:{settings.sandbox_port}"
    forums = f"http://{LOOPBACK}:{settings.sandbox_forums_port}"
    plans = {name: n for name, n in DEMO_PLANS.items() if name not in settings.model_fields_set}
    return {
        "twelve_data_url": f"{address}/twelvedata",
        "fmp_url": f"{address}/fmp",
        "marketstack_url": f"{address}/marketstack",
        "twelve_data_key": SecretStr("sandbox"),
        "fmp_key": SecretStr("sandbox"),
        "marketstack_key": SecretStr("sandbox"),
        "reddit_url": f"{forums}/reddit",
        "reddit_www_url": f"{forums}/reddit",
        "reddit_client_id": "sandbox",
        "reddit_client_secret": SecretStr("sandbox"),
        "stocktwits_url": f"{forums}/stocktwits",
        "finnhub_key": SecretStr(""),  # a demo asks nobody outside, whatever keys there are
        "news_feeds": ",".join(f"{name}={forums}/news/{name}.xml" for name in DEMO_NEWS),
        **plans,
    }


def _all(settings: Settings, roles: frozenset[str]) -> list[Process]:
    broker = [_broker(settings)] if settings.embeds_kafka else []
    store = [_store(settings)] if settings.embeds_clickhouse else []
    sandbox = [_sandbox(settings)] if settings.simulated and "producers" in roles else []
    streams, producers = _ingest()
    api, ui = _servers(settings)
    return [*broker, streams, *store, ui, api, *sandbox, producers]


def _broker(settings: Settings) -> Process:
    return Process(
        name="kafka",
        command=[sys.executable, "-m", "oddlot.local.kafka"],
        stops_after=CLIENTS_OF_KEEPERS,
        stop_deadline_s=KEEPER_STOP_S,
        port=settings.kafka_port,
        port_setting="ODDLOT_KAFKA_PORT",
        probe=lambda: kafka.is_ready(settings),
    )


def _store(settings: Settings) -> Process:
    return Process(
        name="clickhouse",
        command=[sys.executable, "-m", "oddlot.local.clickhouse"],
        stops_after=CLIENTS_OF_KEEPERS,
        stop_deadline_s=KEEPER_STOP_S,
        port=settings.clickhouse_port,
        port_setting="ODDLOT_CLICKHOUSE_PORT",
        probe=_answers(f"{settings.clickhouse_url}/ping"),
    )


def _ingest() -> list[Process]:
    faust = [sys.executable, "-m", "faust", "-A", "streams.app", "worker", "-l", "info"]
    return [
        Process(
            name="streams",
            command=faust,
            stops_after=frozenset({"producers"}),
            stop_deadline_s=STREAMS_STOP_S,
        ),
        Process(
            name="producers",
            command=[sys.executable, "-m", "producers"],
            stop_deadline_s=FEED_STOP_S,
        ),
    ]


def _servers(settings: Settings) -> list[Process]:
    return [
        Process(
            name="api",
            command=[sys.executable, "-m", "api"],
            port=settings.api_port,
            port_setting="ODDLOT_API_PORT",
            probe=_answers(f"http://{LOOPBACK}:{settings.api_port}/healthz"),
        ),
        Process(
            name="ui",
            command=[sys.executable, "-m", "ui"],
            port=settings.ui_port,
            port_setting="ODDLOT_UI_PORT",
            # Not a page: each takes the server a while to build, and unanswered probes would queue.
            probe=_answers(f"http://{LOOPBACK}:{settings.ui_port}/assets/loader.js"),
        ),
    ]


def _sandbox(settings: Settings) -> Process:
    return Process(
        name="sandbox",
        command=[sys.executable, "-m", "sandbox.exchange"],
        port=settings.sandbox_port,
        port_setting="ODDLOT_SANDBOX_PORT",
        more_ports={settings.sandbox_forums_port: "ODDLOT_SANDBOX_FORUMS_PORT"},
        probe=_answers(f"http://{LOOPBACK}:{settings.sandbox_port}/fapi/v1/ping"),
    )


def _names(option: str, given: str) -> set[str]:
    names = {name.strip() for name in given.split(",") if name.strip()}
    if unknown := sorted(names - set(ROLES)):
        raise errors.BadSetting(
            f"{option}: expected roles out of {', '.join(ROLES)}, was {', '.join(unknown)}"
        )
    return names


def _answers(url: str) -> Probe:
    """Ask by hand: an HTTP client of its own a question costs as much as a small role."""
    place = urlsplit(url)
    head = f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n"

    async def probe() -> bool:
        try:
            async with asyncio.timeout(PROBE_DEADLINE_S):
                reader, writer = await asyncio.open_connection(place.hostname, place.port)
                with contextlib.closing(writer):
                    writer.write(head.encode())
                    return (await reader.read()).startswith(b"HTTP/1.1 200 ")
        except OSError:  # TimeoutError is one
            return False

    return probe
