"""The dashboard's server: what it logs, and what is no news."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import pytest
from tornado.websocket import WebSocketClosedError

from ui.__main__ import tell_unless_tab_closed


@pytest.mark.parametrize(
    ("error", "is_told"), [(WebSocketClosedError(), False), (ValueError("a bug"), True)]
)
def test_a_tab_closed_in_the_midst_of_a_write_is_no_news_and_a_bug_is(
    error: Exception, is_told: bool, caplog: pytest.LogCaptureFixture
):
    context = {"message": "Task exception was never retrieved", "exception": error}
    loop = asyncio.new_event_loop()  # only asked to log: the browser's own runs in this thread
    with contextlib.closing(loop), caplog.at_level(logging.ERROR, logger="asyncio"):
        tell_unless_tab_closed(loop, context)
    assert bool(caplog.records) == is_told
