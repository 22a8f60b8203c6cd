"""A running system -> what its user reads: what happens, where to look, one current line."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from typing import TYPE_CHECKING

import psutil
from rich.console import Console
from rich.live import Live
from rich.text import Text

from oddlot.local.supervisor import Supervisor
from oddlot.settings import LOOPBACK, Settings

if TYPE_CHECKING:
    from oddlot.local.pulse import Pulse

REFRESH_S = 0.5  # of the status line on a terminal
LINE_EVERY_S = 10.0  # elsewhere, a line at a time
TROUBLE_S = 1.0  # connecting at the start takes less, and is none


class Status:
    """Says on a console how a system is doing, as long as it runs."""

    def __init__(self, console: Console, settings: Settings) -> None:
        self._console, self._settings = console, settings
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._troubled_since: dict[str, float] = {}
        self._told: set[str] = set()
        self._line_at = time.monotonic()

    async def run(self, supervisor: Supervisor) -> None:
        """Run a system and show it until it is stopped.

        Parameters
        ----------
        supervisor : of the system.

        Raises
        ------
        Refused
            If one of its processes cannot run here.
        """
        with self._live:
            await supervisor.run(self._tell, lambda it: asyncio.ensure_future(self._watch(it)))
        self._tell("stopped")

    async def _watch(self, supervisor: Supervisor) -> None:
        """Say where to look once all has started, and when it is live; keep one line current."""
        # In a thread: loading it takes half a second, in which the processes are to be started.
        pulses = await asyncio.to_thread(importlib.import_module, "oddlot.local.pulse")
        names = {child.process.name for child in supervisor.children}
        makes_bars = "streams" in names and "bars" in self._settings.enabled_parts
        pulse: Pulse = pulses.Pulse(awaits_bars=makes_bars)
        following = asyncio.create_task(pulse.follow(self._settings))
        awaited, told, live = makes_bars and "producers" in names, False, False
        try:
            while True:
                starting = supervisor.starting
                if not told and not starting:
                    told = True
                    self._say_where_to_look(names)
                if told and not live and (pulse.sees_bars or not awaited):
                    live = True
                    since = psutil.Process().create_time()  # what the user waits for begins there
                    self._tell(f"live after {time.time() - since:.1f} s", "bold green")
                if following.done():
                    following.result()
                self._show(pulse, supervisor, ", ".join(starting))
                await asyncio.sleep(REFRESH_S if told and live else REFRESH_S / 5)
        finally:
            following.cancel()

    def _show(self, pulse: Pulse, supervisor: Supervisor, starting: str) -> None:
        line = f"waiting for {starting}" if starting else pulse.line(supervisor.children)
        if self._console.is_terminal:
            with contextlib.suppress(OSError):  # the terminal may be gone before we are
                self._live.update(Text(line, overflow="ellipsis", no_wrap=True), refresh=True)
        elif not starting and time.monotonic() - self._line_at >= LINE_EVERY_S:
            self._line_at = time.monotonic()
            self._tell(line)
        if not starting:
            self._tell_feeds(pulse.feed_troubles())

    def _tell_feeds(self, troubles: dict[str, str]) -> None:
        """Say once, in full, that a feed is away: the status line has not the room."""
        now = time.monotonic()
        self._troubled_since = {feed: self._troubled_since.get(feed, now) for feed in troubles}
        for feed, since in self._troubled_since.items():
            if feed not in self._told and now - since >= TROUBLE_S:
                self._told.add(feed)
                self._tell(troubles[feed], "yellow")
        for feed in sorted(self._told - troubles.keys()):
            self._told.remove(feed)
            self._tell(f"{feed} is back")

    def _say_where_to_look(self, names: set[str]) -> None:
        if self._settings.simulated:
            self._tell("SIMULATED: the venue is a sandbox on this machine", "bold yellow")
        if "ui" in names:
            self._tell(f"dashboard  http://{LOOPBACK}:{self._settings.ui_port}/pairs", "bold")
        if "api" in names:
            self._tell(f"API        {self._settings.api_base_url}/docs", "bold")

    def _tell(self, line: str, style: str = "") -> None:
        with contextlib.suppress(OSError):
            self._console.print(Text(line, style=style))
