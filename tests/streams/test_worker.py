"""The Faust app: how it is held."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from mode.utils.queues import FlowControlQueue

from oddlot.settings import load
from streams.worker import SteadyFlow, Worker, make_worker
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
