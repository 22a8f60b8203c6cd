"""The Faust app: how it is held."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest
from mode.utils.queues import FlowControlQueue

from oddlot.settings import load
from streams.worker import WRITTEN_AT_ONCE, Entry, SteadyFlow, Worker, make_worker
from tests.conftest import ROOT


@pytest.fixture
def app() -> Worker:
    return make_worker(load(worker=3, kafka="one:9092,two:9093"))


def test_every_broker_given_is_known(app):
    assert [url.host for url in app.conf.broker] == ["one", "two"]


def test_workers_keep_their_place_in_the_group(app):
    assert app.conf.consumer_group_instance_id == "oddlot-streams-3"


def test_no_web_server_starts_even_if_the_command_line_turns_it_on(app):
    app.conf.web_enabled = True
    assert list(app.boot_strategy.web_server()) == []


def test_the_flow_of_the_app_is_the_steady_one(app):
    assert isinstance(app.flow_control, SteadyFlow)


async def test_resuming_an_active_flow_keeps_what_has_arrived():
    flow = SteadyFlow()
    queue = FlowControlQueue(flow_control=flow, clear_on_resume=True)
    flow.resume()
    await queue.put("arrived after the recovery")
    flow.resume()
    assert queue.qsize() == 1


async def test_resuming_a_suspended_flow_clears_what_is_of_an_old_generation():
    flow = SteadyFlow()
    queue = FlowControlQueue(flow_control=flow, clear_on_resume=True)
    flow.resume()
    await queue.put("of an old generation")
    flow.suspend()
    flow.resume()
    assert queue.empty()


class SlowTable:
    """A table whose changelog acknowledges at the next turn of the loop."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.waiting = self.most_waiting = 0

    def send_changelog(self, *_: Any, **__: Any) -> asyncio.Future[None]:
        acknowledged = asyncio.get_running_loop().create_future()
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        asyncio.get_running_loop().call_soon(self._acknowledge, acknowledged)
        return acknowledged

    def _acknowledge(self, acknowledged: asyncio.Future[None]) -> None:
        self.waiting -= 1
        acknowledged.set_result(None)


ENTRIES = [Entry(0, f"S{n}", n) for n in range(5 * WRITTEN_AT_ONCE)]


async def test_state_is_written_a_few_entries_at_a_time_and_all_acknowledged(app):
    """Faust holds up every stream while its producer has a hundred messages to send."""
    table = SlowTable()
    assert await app.write(table, ENTRIES, are_ours=lambda: True)
    assert (len(table.data), table.waiting) == (len(ENTRIES), 0)
    assert table.most_waiting == WRITTEN_AT_ONCE


async def test_nothing_more_is_written_once_the_partitions_are_anothers(app):
    table = SlowTable()
    answers = iter([True, True, False])
    assert not await app.write(table, ENTRIES, are_ours=lambda: next(answers))
    assert len(table.data) == 2 * WRITTEN_AT_ONCE


@pytest.mark.parametrize(("parts", "expected"), [("sink,webhooks", True), ("bars,sink", False)])
def test_a_worker_without_agents_needs_no_group(parts, expected):
    told = subprocess.run(
        [sys.executable, "-c", "from streams.app import app; print(app.producer_only)"],
        env=os.environ | {"ODDLOT_PARTS": parts},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str(expected)
