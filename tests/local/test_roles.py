"""Roles are chosen by name, and become processes that end within 10 s together."""

from __future__ import annotations

import asyncio
import os
from urllib.parse import urlsplit

import pytest

from oddlot import errors
from oddlot.local import ports, roles
from oddlot.local.roles import Process
from oddlot.settings import LOOPBACK, ROLES, load

STOP_DEADLINE_S = 10.0  # promised to whoever presses Ctrl-C
ALL = frozenset(ROLES)


@pytest.mark.parametrize(
    ("only", "without", "chosen"),
    [
        ("", "", ALL),
        ("api, ui", "", {"api", "ui"}),
        ("", "producers", ALL - {"producers"}),
        ("api,ui", "ui", {"api"}),
    ],
)
def test_roles_are_chosen_by_name(only: str, without: str, chosen: set[str]):
    assert roles.chosen(only, without) == chosen


@pytest.mark.parametrize(("only", "without"), [("web", ""), ("", "web")])
def test_an_unknown_role_is_refused_with_those_there_are(only: str, without: str):
    with pytest.raises(errors.BadSetting, match=r"expected roles out of kafka, .* was web"):
        roles.chosen(only, without)


def test_no_role_at_all_is_refused():
    with pytest.raises(errors.BadSetting, match="was none"):
        roles.chosen("api", "api")


def named(processes: list[Process]) -> list[str]:
    return [process.name for process in processes]


def test_the_sandbox_comes_with_simulated_producers_alone():
    simulated = load(simulated=True, kafka="", clickhouse="")
    assert "sandbox" in named(roles.processes(simulated, ALL))
    assert "sandbox" not in named(roles.processes(simulated, ALL - {"producers"}))
    assert "sandbox" not in named(roles.processes(load(simulated=False), ALL))


def test_an_outside_broker_or_store_is_not_started():
    outside = load(kafka="broker:9092", clickhouse="http://store:8123")
    assert set(named(roles.processes(outside, ALL))) == ALL - {"kafka", "clickhouse"}


def test_whatever_hangs_the_last_process_is_gone_within_the_promise():
    processes = {p.name: p for p in roles.processes(load(simulated=True, kafka=""), ALL)}

    def gone_s(process: Process) -> float:
        before = (gone_s(processes[name]) for name in process.stops_after)
        return process.stop_deadline_s + max(before, default=0.0)

    assert max(gone_s(process) for process in processes.values()) <= STOP_DEADLINE_S - 0.5


def test_a_demo_asks_nobody_but_the_sandbox():
    given = load(sandbox_port=8101, sandbox_forums_port=8102)
    demo = load(**({"finnhub_key": "real"} | roles.sandbox_providers(given)))
    asked = (demo.fmp_url, demo.reddit_url, demo.reddit_www_url, demo.stocktwits_url)
    feeds = [feed.partition("=")[2] for feed in demo.news_feeds.split(",")]
    assert {urlsplit(url).netloc for url in (*asked, *feeds)} == {
        f"{LOOPBACK}:8101",
        f"{LOOPBACK}:8102",
    }
    assert not demo.finnhub_key.get_secret_value()


def test_a_plan_that_was_given_is_tried_out_in_the_demo():
    assert "stocktwits_per_hour" not in roles.sandbox_providers(load(stocktwits_per_hour=200))


def test_a_child_sees_what_the_command_line_changed_and_one_thread_for_maths(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("ODDLOT_API_PORT", "1234")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    seen = roles.environment(load(simulated=True))
    assert (seen["ODDLOT_API_PORT"], seen["ODDLOT_SIMULATED"]) == ("1234", "True")
    assert seen["OPENBLAS_NUM_THREADS"] == "1"
    assert str(roles.ROOMS) in seen["PYTHONPATH"].split(os.pathsep)


@pytest.mark.parametrize(("answer", "ready"), [("200 OK", True), ("503 Not Yet", False)])
async def test_a_probe_takes_nothing_but_a_200(answer: str, ready: bool):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked.startswith(b"GET /healthz HTTP/1.1\r\n")
        writer.write(f"HTTP/1.1 {answer}\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        api = next(p for p in roles.processes(load(api_port=port), ALL) if p.name == "api")
        assert api.probe is not None
        assert await api.probe() is ready


async def test_a_probe_of_nobody_is_not_ready():
    api = roles.processes(load(api_port=ports.free_port()), frozenset({"api"}))[0]
    assert api.probe is not None
    assert not await api.probe()
