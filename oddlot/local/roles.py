"""Settings -> the processes that make up a running system, and how to tell that each is ready."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from oddlot import errors
from oddlot.local import kafka
from oddlot.settings import LOOPBACK, ROLES, Settings

ROOMS = Path(__file__).resolve().parent.parent.parent  # the rooms are run from here
PROBE_DEADLINE_S = 2.0

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of the system.

    Attributes
    ----------
    name : of its role, or `sandbox`.
    command : what to run.
    port, port_setting : where it listens, and the variable that moves it; None where it does not.
    probe : tells whether it is ready; None where running is all there is to tell.
    stop_stage : stages stop one after the other, from 0: first who brings facts in, last who
        keeps them.
    """

    name: str
    command: Sequence[str]
    stop_stage: int
    port: int | None = None
    port_setting: str = ""
    probe: Probe | None = None


def chosen(only: str, without: str) -> frozenset[str]:
    """Give the roles to run.

    Parameters
    ----------
    only, without : comma-separated roles, as given on the command line; empty for all, for none.

    Raises
    ------
    BadSetting
        If a name is not a role.

    Examples
    --------
    >>> sorted(chosen("", "ui,api"))
    ['clickhouse', 'kafka', 'producers', 'streams']
    """
    wanted, unwanted = _names("--only", only) or set(ROLES), _names("--without", without)
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


def _all(settings: Settings, roles: frozenset[str]) -> list[Process]:
    found = [_broker(settings)] if settings.embeds_kafka else []
    found += [_store(settings)] if settings.embeds_clickhouse else []
    found += [*_ingest(), *_servers(settings)]
    return found + ([_sandbox(settings)] if settings.simulated and "producers" in roles else [])


def _broker(settings: Settings) -> Process:
    return Process(
        name="kafka",
        command=[sys.executable, "-m", "oddlot.local.kafka"],
        stop_stage=2,
        port=settings.kafka_port,
        port_setting="ODDLOT_KAFKA_PORT",
        probe=lambda: kafka.is_ready(settings),
    )


def _store(settings: Settings) -> Process:
    return Process(
        name="clickhouse",
        command=[sys.executable, "-m", "oddlot.local.clickhouse"],
        stop_stage=2,
        port=settings.clickhouse_port,
        port_setting="ODDLOT_CLICKHOUSE_PORT",
        probe=_answers(f"{settings.clickhouse_url}/ping"),
    )


def _ingest() -> list[Process]:
    faust = [sys.executable, "-m", "faust", "-A", "streams.app", "worker", "-l", "info"]
    return [
        Process(name="streams", command=faust, stop_stage=1),
        Process(name="producers", command=[sys.executable, "-m", "producers"], stop_stage=0),
    ]


def _servers(settings: Settings) -> list[Process]:
    return [
        Process(
            name="api",
            command=[sys.executable, "-m", "api"],
            stop_stage=0,
            port=settings.api_port,
            port_setting="ODDLOT_API_PORT",
            probe=_answers(f"http://{LOOPBACK}:{settings.api_port}/healthz"),
        ),
        Process(
            name="ui",
            command=[sys.executable, "-m", "ui"],
            stop_stage=0,
            port=settings.ui_port,
            port_setting="ODDLOT_UI_PORT",
            probe=_answers(f"http://{LOOPBACK}:{settings.ui_port}/pairs"),
        ),
    ]


def _sandbox(settings: Settings) -> Process:
    return Process(
        name="sandbox",
        command=[sys.executable, "-m", "sandbox.exchange"],
        stop_stage=0,
        port=settings.sandbox_port,
        port_setting="ODDLOT_SANDBOX_PORT",
    )


def _names(option: str, given: str) -> set[str]:
    names = {name.strip() for name in given.split(",") if name.strip()}
    if unknown := sorted(names - set(ROLES)):
        raise errors.BadSetting(
            f"{option}: expected roles out of {', '.join(ROLES)}, was {', '.join(unknown)}"
        )
    return names


def _answers(url: str) -> Probe:
    async def probe() -> bool:
        async with httpx.AsyncClient(timeout=PROBE_DEADLINE_S, trust_env=False) as client:
            try:
                return (await client.get(url)).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

    return probe
