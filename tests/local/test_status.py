"""What happens is said as it happens: where to look, when it is live, what is not well."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from oddlot.local import pulse as pulses
from oddlot.local import status as statuses
from oddlot.local.processes import Child, State
from oddlot.local.roles import Process
from oddlot.local.status import Status
from oddlot.settings import Settings, load
from tests.waiting import until

DEADLINE_S = 30.0
LINE = "250 trades/s · all well"
AWAY = "binance: cannot reach it; trying again in 7.1 s"


class FakePulse:
    """What the status sees of a running system, set by the test."""

    last: FakePulse

    def __init__(self, *, awaits_bars: bool) -> None:
        self.awaits_bars, self.sees_bars, self.shown = awaits_bars, False, 0
        self.troubles: dict[str, str] = {}
        self.fault: Exception | None = None
        FakePulse.last = self

    async def follow(self, _settings: Settings) -> None:
        while self.fault is None:  # noqa: ASYNC110  # set by the test
            await asyncio.sleep(0)
        raise self.fault

    def line(self, _children: Sequence[Child]) -> str:
        self.shown += 1
        return LINE

    def feed_troubles(self) -> dict[str, str]:
        return self.troubles


class FakeSupervisor:
    """Processes that are in the state that the test says."""

    def __init__(self, **states: State) -> None:
        self.children = [Child(Process(name=name, command=[]), {}, Path()) for name in states]
        for child, state in zip(self.children, states.values(), strict=True):
            child.state = state
        self.over = asyncio.Event()

    @property
    def starting(self) -> list[str]:
        return [child.process.name for child in self.children if child.state == "starting"]

    async def run(self, _told: Callable[[str], None], watch: Callable[[Any], Any]) -> None:
        watching, over = watch(self), asyncio.ensure_future(self.over.wait())
        await asyncio.wait([watching, over], return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if watching.done():
            watching.result()
        watching.cancel()


class Screen(io.StringIO):
    """A terminal, or a file, that the test reads."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        super().__init__()
        self.is_terminal, self.is_gone = is_terminal, False

    def write(self, text: str) -> int:
        if self.is_gone:
            raise OSError("the terminal has been closed")
        return super().write(text)


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulses, "Pulse", FakePulse)
    monkeypatch.delattr(FakePulse, "last", raising=False)
    monkeypatch.setattr(statuses, "REFRESH_S", 0.0)
    monkeypatch.setattr(statuses, "TROUBLE_S", 0.0)


@contextlib.asynccontextmanager
async def shown(
    supervisor: FakeSupervisor, screen: Screen | None = None, **knobs: object
) -> AsyncIterator[Screen]:
    """Show a system while the test goes on; it is over afterwards."""
    screen = screen or Screen()
    console = Console(file=screen, force_terminal=screen.is_terminal, width=200, soft_wrap=True)
    status = Status(console, load(api_port=8001, ui_port=8051, **knobs))
    running = asyncio.create_task(status.run(supervisor))  # type: ignore[arg-type]  # a fake
    yield screen
    supervisor.over.set()
    async with asyncio.timeout(DEADLINE_S):
        await running


async def some_rounds() -> None:
    """Let the status look a few times more."""
    await until(lambda: hasattr(FakePulse, "last"))
    pulse, before = FakePulse.last, FakePulse.last.shown
    await until(lambda: pulse.shown > before + 3)


def whole(**states: State) -> FakeSupervisor:
    up: dict[str, State] = {"streams": "running", "producers": "running", "ui": "ready"}
    return FakeSupervisor(**{**up, "api": "ready", **states})


async def test_where_to_look_is_said_once_all_has_started(monkeypatch: pytest.MonkeyPatch):
    supervisor = whole(ui="starting")
    screen = Screen(is_terminal=True)
    async with shown(supervisor, screen):
        await until(lambda: "waiting for ui" in screen.getvalue())
        assert "dashboard" not in screen.getvalue()
        supervisor.children[2].state = "ready"
        await until(lambda: "dashboard  http://127.0.0.1:8051/pairs" in screen.getvalue())
        await until(lambda: "API        http://127.0.0.1:8001/docs" in screen.getvalue())
        await some_rounds()
    assert screen.getvalue().count("dashboard") == 1


async def test_it_is_live_once_bars_come_in():
    async with shown(whole()) as screen:
        await some_rounds()
        assert "live after" not in screen.getvalue()
        FakePulse.last.sees_bars = True
        await until(lambda: "live after" in screen.getvalue())
        await some_rounds()
    assert screen.getvalue().count("live after") == 1
    assert screen.getvalue().endswith("stopped\n")


@pytest.mark.parametrize(
    ("supervisor", "parts"),
    [
        (lambda: FakeSupervisor(api="ready", ui="ready"), "bars"),
        (lambda: FakeSupervisor(streams="running", api="ready"), "bars"),
        (whole, "alerts,sink"),
    ],
)
async def test_without_those_that_make_bars_it_is_live_once_started(
    supervisor: Callable[[], FakeSupervisor], parts: str
):
    async with shown(supervisor(), parts=parts) as screen:
        await until(lambda: "live after" in screen.getvalue())


@pytest.mark.parametrize(
    ("supervisor", "parts", "awaited"),
    [
        (whole, "bars,sink", True),
        (whole, "sink", False),
        (lambda: FakeSupervisor(producers="running"), "bars", False),
    ],
)
async def test_bars_are_missed_where_they_are_made(
    supervisor: Callable[[], FakeSupervisor], parts: str, awaited: bool
):
    async with shown(supervisor(), parts=parts):
        await some_rounds()
    assert FakePulse.last.awaits_bars is awaited


@pytest.mark.parametrize("simulated", [True, False])
async def test_it_says_whether_the_venue_is_simulated(simulated: bool):
    async with shown(whole(), simulated=simulated) as screen:
        await until(lambda: "dashboard" in screen.getvalue())
    assert ("SIMULATED" in screen.getvalue()) is simulated


async def test_on_a_terminal_one_line_is_kept_current():
    async with shown(whole(), Screen(is_terminal=True)) as screen:
        await until(lambda: LINE in screen.getvalue())


async def test_elsewhere_a_line_is_added_now_and_then(monkeypatch: pytest.MonkeyPatch):
    async with shown(whole()) as screen:
        await some_rounds()
        assert LINE not in screen.getvalue()
        monkeypatch.setattr(statuses, "LINE_EVERY_S", 0.0)
        await until(lambda: screen.getvalue().count(LINE) > 1)


async def test_a_feed_that_is_away_is_told_once_and_again_when_it_is_back():
    async with shown(whole()) as screen:
        await some_rounds()
        FakePulse.last.troubles = {"binance": AWAY}
        await until(lambda: AWAY in screen.getvalue())
        await some_rounds()
        FakePulse.last.troubles = {}
        await until(lambda: "binance is back" in screen.getvalue())
    assert screen.getvalue().count(AWAY) == 1


async def test_what_passes_at_once_is_no_trouble(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(statuses, "TROUBLE_S", DEADLINE_S)
    async with shown(whole()) as screen:
        await some_rounds()
        FakePulse.last.troubles = {"binance": AWAY}
        await some_rounds()
        FakePulse.last.troubles = {}
        await some_rounds()
    assert "binance" not in screen.getvalue()


async def test_a_closed_terminal_ends_nothing():
    async with shown(whole(), Screen(is_terminal=True)) as screen:
        await until(lambda: LINE in screen.getvalue())
        screen.is_gone = True
        await some_rounds()
        screen.is_gone = False


async def test_a_fault_in_what_follows_the_system_is_not_hidden():
    running = asyncio.create_task(Status(Console(file=Screen()), load()).run(whole()))  # type: ignore[arg-type]
    await some_rounds()
    FakePulse.last.fault = KeyError("bar")
    with pytest.raises(KeyError):
        await asyncio.wait_for(running, DEADLINE_S)
