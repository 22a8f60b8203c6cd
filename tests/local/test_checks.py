"""Checks: each says what it found and, where that is not fine, what to do."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from oddlot import errors
from oddlot.local import checks, jars, ports
from oddlot.local.checks import Finding
from oddlot.settings import LOOPBACK, Settings, load

Answering = Callable[[int, str], str]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Give a function that starts an HTTP server with one answer and gives its address."""
    servers: list[HTTPServer] = []

    def start(status: int, body: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer((LOOPBACK, 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return f"{LOOPBACK}:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def nowhere() -> str:
    return f"{LOOPBACK}:{ports.free_port()}"


def only(findings: list[Finding]) -> Finding:
    [finding] = findings
    return finding


def test_this_python_will_do():
    assert only(checks.check_python(load())).status == "ok"


def test_too_old_a_python_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "OLDEST_PYTHON", (99, 0))
    found = only(checks.check_python(load()))
    assert (found.status, found.advice[:31]) == ("fail", "install Python 99.0 or later, f")


def test_no_java_fails_with_what_brings_one(monkeypatch: pytest.MonkeyPatch):
    def none() -> None:
        raise errors.Refused("expected Java, was none; install one")

    monkeypatch.setattr(checks.java, "find", none)
    found = only(checks.check_java(load()))
    assert (found.status, found.found, found.advice) == (
        "fail",
        "expected Java, was none",
        "install one",
    )


def test_an_outside_broker_needs_neither_java_nor_jars_nor_port(tmp_path: Path):
    settings = load(kafka="broker:9092", cache_dir=tmp_path)
    assert only(checks.check_java(settings)).status == "ok"
    assert only(checks.check_jars(settings)).status == "ok"
    assert not any("ODDLOT_KAFKA_PORT" in f.found for f in checks.check_ports(settings))


def test_missing_jars_are_fine_where_they_can_be_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(checks, "_unreachable", lambda _url: "")
    found = only(checks.check_jars(load(cache_dir=tmp_path)))
    assert found.status == "ok"
    assert f"{len(jars.locked())} jars (45 MB) not in {tmp_path}" in found.found


def test_missing_jars_fail_where_they_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "_unreachable", lambda _url: "no such host")
    found = only(checks.check_jars(load(cache_dir=tmp_path)))
    assert found.status == "fail"
    assert "no such host" in found.found


LISTEN = f"""
import socket, sys
with socket.create_server(("{LOOPBACK}", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def test_a_taken_port_fails_naming_holder_and_setting():
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        [found] = [f for f in checks.check_ports(load(api_port=port)) if f.name == f"Port {port}"]
    assert found.status == "fail"
    assert "taken by process" in found.found
    assert "ODDLOT_API_PORT" in found.advice


@pytest.mark.parametrize("field", ["sandbox_port", "sandbox_forums_port"])
def test_a_port_that_only_the_demo_needs_warns(field: str):
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        findings = checks.check_ports(load(**{field: port}))
    assert [f.status for f in findings if f.name == f"Port {port}"] == ["warn"]


@pytest.mark.parametrize(("name", "status"), [("oddlot", "ok"), ("odd", "fail")])
def test_a_port_that_oddlot_itself_holds_is_fine(tmp_path: Path, name: str, status: str):
    script = tmp_path / name
    script.write_text(LISTEN)
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        found = checks._port(int(holder.stdout.readline()), "ODDLOT_API_PORT")
        holder.communicate()
    assert found.status == status


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("free", "status"), [(6e9, "ok"), (2e9, "warn"), (5e8, "fail")])
def test_disk_is_judged_where_the_state_directory_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, status: str
):
    asked: list[Path] = []

    def disk_usage(path: Path) -> Usage:
        asked.append(path)
        return Usage(1e12, 0, free)

    monkeypatch.setattr(checks.shutil, "disk_usage", disk_usage)
    found = only(checks.check_disk(load(state_dir=tmp_path / "not" / "yet")))
    assert (found.status, asked) == (status, [tmp_path])


def test_a_state_directory_that_is_a_file_fails(tmp_path: Path):
    (tmp_path / "file").touch()
    found = only(checks.check_disk(load(state_dir=tmp_path / "file" / "state")))
    assert found.status == "fail"
    assert "ODDLOT_STATE_DIR" in found.advice


def test_an_embedded_broker_that_is_not_started_is_fine():
    found = only(checks.check_broker(load(kafka_port=ports.free_port())))
    assert (found.status, "not running" in found.found) == ("ok", True)


def test_an_outside_broker_that_does_not_answer_fails():
    found = only(checks.check_broker(load(kafka=nowhere())))
    assert found.status == "fail"
    assert "ODDLOT_KAFKA" in found.advice


@pytest.mark.broker
def test_a_running_broker_answers(broker: Settings):
    assert "answers at" in only(checks.check_broker(broker)).found


def test_a_running_store_answers(answering: Answering):
    settings = load(clickhouse=f"http://{answering(200, '1')}")
    assert only(checks.check_store(settings)).status == "ok"


def test_an_embedded_store_that_is_not_started_is_fine():
    found = only(checks.check_store(load(clickhouse_port=ports.free_port())))
    assert (found.status, "not running" in found.found) == ("ok", True)


def test_an_outside_store_that_says_no_fails_without_telling_the_password(answering: Answering):
    url = f"http://reader:secret@{answering(403, 'Code: 516. Authentication failed')}/market"
    found = only(checks.check_store(load(clickhouse=url)))
    assert found.status == "fail"
    assert "Authentication failed" in found.found
    assert "secret" not in found.found + found.advice


def test_a_venue_that_answers_is_fine(answering: Answering):
    address = answering(200, "{}")
    settings = load(binance_rest_url=f"http://{address}", binance_stream_url=f"ws://{address}")
    assert only(checks.check_rest(settings)).status == "ok"
    assert only(checks.check_stream(settings)).status == "ok"


def test_a_venue_that_does_not_serve_this_country_warns(answering: Answering):
    found = only(checks.check_rest(load(binance_rest_url=f"http://{answering(451, '')}")))
    assert found.status == "warn"
    assert "HTTP 451" in found.found


def test_a_venue_that_cannot_be_reached_warns_and_says_what_still_works():
    found = only(checks.check_stream(load(binance_stream_url=f"ws://{nowhere()}")))
    assert found.status == "warn"
    assert "`oddlot demo` works without it" in found.advice
