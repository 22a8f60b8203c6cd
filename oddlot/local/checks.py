"""Settings -> findings about this machine and what it reaches, one check each."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import psutil

from oddlot import errors
from oddlot.local import jars, java, kafka, ports
from oddlot.settings import LOOPBACK, Settings

OLDEST_PYTHON = (3, 11)
NETWORK_DEADLINE_S = 3.0  # of one request: who needs longer is as good as away
ENOUGH_DISK, LITTLE_DISK = 5e9, 1e9  # bytes: a day of 1,000 trades/s at 33 bytes is 3 GB
PORTS = (
    *("kafka_port", "clickhouse_port", "api_port", "ui_port"),
    *("sandbox_port", "sandbox_forums_port"),
)
ONLY_FOR_DEMO = ("ODDLOT_SANDBOX_PORT", "ODDLOT_SANDBOX_FORUMS_PORT")
BLOCKED = (403, 451)  # what venues answer to countries that they do not serve

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check has found.

    Attributes
    ----------
    name : what was looked at.
    status : `fail` keeps `oddlot up` from working, `warn` a part of it.
    found : in plain words.
    advice : what to do; empty if nothing.
    """

    name: str
    status: Status
    found: str
    advice: str = ""


def check_python(_settings: Settings) -> list[Finding]:
    """Python is new enough."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    wanted = ".".join(str(part) for part in OLDEST_PYTHON)
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return [Finding(name="Python", status="ok", found=version)]
    advice = f"install Python {wanted} or later, for instance with `uv python install {wanted}`"
    return [Finding(name="Python", status="fail", found=version, advice=advice)]


def check_java(settings: Settings) -> list[Finding]:
    """There is a Java that can run the embedded broker."""
    if not settings.embeds_kafka:
        return [Finding(name="Java", status="ok", found="not needed: ODDLOT_KAFKA is set")]
    try:
        found = java.find()
    except errors.Refused as e:
        return [_refusal("Java", e)]
    return [Finding(name="Java", status="ok", found=f"{found.version}, {found.origin}")]


def check_jars(settings: Settings) -> list[Finding]:
    """Kafka is in the cache, or can be downloaded."""
    if not settings.embeds_kafka:
        return [Finding(name="Kafka", status="ok", found="not needed: ODDLOT_KAFKA is set")]
    missing = jars.missing(settings)
    where = jars.folder(settings)
    if not missing:
        found = f"{len(jars.locked())} jars in {where}, every hash as locked"
        return [Finding(name="Kafka", status="ok", found=found)]
    from jgo.constants import MAVEN_CENTRAL_URL

    size = sum(jar.size for jar in missing) / 1e6
    found = f"{len(missing)} jars ({size:.0f} MB) not in {where}"
    problem = _unreachable(MAVEN_CENTRAL_URL)
    if not problem:
        advice = "nothing: the first start downloads them"
        return [Finding(name="Kafka", status="ok", found=found, advice=advice)]
    found += f", and Maven Central cannot be reached: {problem}"
    advice = "check the network, copy the jars from another machine, or set ODDLOT_KAFKA"
    return [Finding(name="Kafka", status="fail", found=found, advice=advice)]


def check_ports(settings: Settings) -> list[Finding]:
    """Every port that a role of ours would listen on is free, or ours already."""
    unused = set()
    if not settings.embeds_kafka:
        unused.add("kafka_port")
    if not settings.embeds_clickhouse:
        unused.add("clickhouse_port")
    return [
        _port(getattr(settings, field), f"ODDLOT_{field.upper()}")
        for field in PORTS
        if field not in unused
    ]


def check_disk(settings: Settings) -> list[Finding]:
    """The state directory can be written to and has room."""
    place = settings.state_dir.absolute()
    existing = next(path for path in (place, *place.parents) if path.exists())
    advice = "set ODDLOT_STATE_DIR to a directory of yours on a disk with room"
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        found = f"{existing} cannot be written to"
        return [Finding(name="Disk", status="fail", found=found, advice=advice)]
    free = shutil.disk_usage(existing).free
    found = f"{free / 1e9:.1f} GB free for {place}"
    if free >= ENOUGH_DISK:
        return [Finding(name="Disk", status="ok", found=found)]
    status: Status = "warn" if free >= LITTLE_DISK else "fail"
    return [Finding(name="Disk", status=status, found=found, advice=f"make room, or {advice}")]


def check_broker(settings: Settings) -> list[Finding]:
    """The broker answers, or is not started yet."""
    address = settings.kafka_address
    try:
        if asyncio.run(kafka.is_ready(settings)):
            return [Finding(name="Broker", status="ok", found=f"answers at {address}")]
    except errors.BadSetting as e:
        return [_refusal("Broker", e)]
    if settings.embeds_kafka:
        found = "the embedded one is not running; `oddlot up` starts it"
        return [Finding(name="Broker", status="ok", found=found)]
    advice = "check ODDLOT_KAFKA and its credentials, or unset it to use the embedded broker"
    found = f"no Kafka answers at {address}"
    return [Finding(name="Broker", status="fail", found=found, advice=advice)]


def check_store(settings: Settings) -> list[Finding]:
    """The store answers, or is not started yet."""
    url = httpx.URL(settings.clickhouse_url)
    address = f"{url.host}:{url.port or {'http': 80, 'https': 443}[url.scheme]}"
    try:
        question = url.copy_with(path="/", query=b"query=SELECT+1")
        answer = httpx.get(question, timeout=NETWORK_DEADLINE_S)
        problem = "" if answer.text.strip() == "1" else f"it says {answer.text.strip()[:120]!r}"
    except httpx.HTTPError as e:
        problem = _reason(e)
    if not problem:
        return [Finding(name="Store", status="ok", found=f"answers at {address}")]
    if settings.embeds_clickhouse:
        found = "the embedded one is not running; `oddlot up` starts it"
        return [Finding(name="Store", status="ok", found=found)]
    advice = "check ODDLOT_CLICKHOUSE, or unset it to use the embedded store"
    found = f"no ClickHouse answers at {address}: {problem}"
    return [Finding(name="Store", status="fail", found=found, advice=advice)]


def check_stream(settings: Settings) -> list[Finding]:
    """Binance's WebSocket host can be reached."""
    url = settings.binance_stream_url.replace("ws", "http", 1)
    return [_venue("Binance stream", url, "live trades")]


def check_rest(settings: Settings) -> list[Finding]:
    """Binance's REST interface can be reached."""
    return [_venue("Binance REST", f"{settings.binance_rest_url}/fapi/v1/ping", "backfill")]


def _refusal(name: str, error: errors.Oddlot) -> Finding:
    found, _, advice = str(error).partition("; ")
    return Finding(name=name, status="fail", found=found, advice=advice)


def _port(port: int, setting: str) -> Finding:
    name = f"Port {port}"
    if ports.is_free(port):
        return Finding(name=name, status="ok", found=f"free ({setting})")
    holder = ports.holder_of(port)
    if holder is not None and _is_ours(holder):
        return Finding(name=name, status="ok", found=f"in use by Oddlot itself ({setting})")
    who = ports.describe(holder) if holder else "another process"
    advice = f"stop that, or set {setting} to another port"
    status: Status = "warn" if setting in ONLY_FOR_DEMO else "fail"
    return Finding(name=name, status=status, found=f"taken by {who}", advice=advice)


def _is_ours(holder: psutil.Process) -> bool:
    """Say whether a process was started by `oddlot` or is a role started by its module."""
    try:
        family = [process.cmdline()[:3] for process in (holder, *holder.parents())]
    except psutil.Error:
        return False
    return any(
        Path(word).name == "oddlot" or word.startswith("oddlot.")
        for line in family
        for word in line
    )


def _venue(name: str, url: str, what: str) -> Finding:
    problem = _unreachable(url)
    host = urlsplit(url).hostname or LOOPBACK
    if not problem:
        return Finding(name=name, status="ok", found=f"{host} answers")
    advice = f"without it `oddlot up` has no {what}; `oddlot demo` works without it"
    return Finding(name=name, status="warn", found=f"{host}: {problem}", advice=advice)


def _unreachable(url: str) -> str:
    """Say why an address does not answer us; empty if it does, whatever it says."""
    try:
        status = httpx.get(url, timeout=NETWORK_DEADLINE_S).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as e:
        return _reason(e)
    return f"refuses this machine or country (HTTP {status})" if status in BLOCKED else ""


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
