"""`oddlot`: start the system, look after it, replay recordings into it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import platformdirs
import typer
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from oddlot import errors, settings
from oddlot.local import doctor as examination
from oddlot.local import kafka, roles
from oddlot.local.pulse import Pulse
from oddlot.local.supervisor import Supervisor
from oddlot.settings import LOOPBACK, Settings

REFRESH_S = 0.5  # of the status line on a terminal
LINE_EVERY_S = 10.0  # elsewhere, a line at a time
MARKS = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}

console = Console(highlight=False)
cli = typer.Typer(
    help="Finds the odd one of the lot, live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Only = Annotated[str, typer.Option(help=f"Run these roles alone: {','.join(settings.ROLES)}.")]
Without = Annotated[str, typer.Option(help="Run all roles but these.")]
StateDir = Annotated[
    Path | None, typer.Option(help="Where broker, store and logs keep their files.")
]
Broker = Annotated[str, typer.Option("--kafka", help="HOST:PORT of an outside broker.")]


@cli.command()
def up(
    only: Only = "", without: Without = "", state_dir: StateDir = None, kafka: Broker = ""
) -> None:
    """Start the system against the real venues."""
    _start({"state_dir": state_dir, "kafka": kafka or None}, only, without)


@cli.command()
def demo(
    only: Only = "", without: Without = "", state_dir: StateDir = None, kafka: Broker = ""
) -> None:
    """Start the system against a simulated exchange on this machine."""
    if state_dir is None and "ODDLOT_STATE_DIR" not in os.environ:
        state_dir = platformdirs.user_state_path("oddlot") / "demo"  # apart from real data
    port = settings.load().sandbox_port
    sandbox = {
        "simulated": True,
        "binance_stream_url": f"ws://{LOOPBACK}:{port}",
        "binance_rest_url": f"http://{LOOPBACK}:{port}",
    }
    _start({"state_dir": state_dir, "kafka": kafka or None, **sandbox}, only, without)


@cli.command()
def doctor() -> None:
    """Check this machine and say what to do about each failure."""
    findings = examination.examine(_load({}))
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        advice = "" if finding.status == "ok" else f"\n[dim]{finding.advice}[/]"
        table.add_row(MARKS[finding.status], finding.name, f"{finding.found}{advice}")
    console.print(table)
    raise typer.Exit(int(any(finding.status == "fail" for finding in findings)))


@cli.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def replay(context: typer.Context) -> None:
    """Send recordings through the live path of a running system."""
    command = [sys.executable, "-m", "producers.replay_command", *context.args]
    done = subprocess.run(command, env=roles.environment(_load({})), check=False)
    raise typer.Exit(done.returncode)


@cli.command()
def version() -> None:
    """Print the version."""
    console.print(importlib.metadata.version("oddlot"))


def main() -> None:
    """Run the command line; an error raised on purpose is one line and exit code 2."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that still starts is news
    try:
        cli()
    except errors.Oddlot as e:
        Console(stderr=True, highlight=False).print(Text.assemble(("oddlot: ", "bold red"), str(e)))
        sys.exit(2)


def _load(overrides: dict[str, object]) -> Settings:
    return settings.load(**{name: value for name, value in overrides.items() if value is not None})


def _start(overrides: dict[str, object], only: str, without: str) -> None:
    knobs = _load(overrides)
    wanted = roles.chosen(only, without)
    if "kafka" in wanted and knobs.embeds_kafka:
        _prepare_broker(knobs)
    supervisor = Supervisor(knobs, roles.processes(knobs, wanted))
    names = ", ".join(child.process.name for child in supervisor.children)
    console.print(f"starting {names}; data and logs in {knobs.state_dir}")
    asyncio.run(_run(supervisor, knobs, wanted))


def _prepare_broker(knobs: Settings) -> None:
    """Download Kafka where it is not cached yet, and show how far it is."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, object] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

        kafka.prepare(knobs, told)


async def _run(supervisor: Supervisor, knobs: Settings, wanted: frozenset[str]) -> None:
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def told(line: str) -> None:
            console.print(Text(line))

        def watch(running: Supervisor) -> asyncio.Future[None]:
            return asyncio.ensure_future(_watch(running, knobs, wanted, live))

        await supervisor.run(told, watch)
    console.print("stopped")


async def _watch(
    supervisor: Supervisor, knobs: Settings, wanted: frozenset[str], live: Live
) -> None:
    """Say where to look once all is up, then keep one status line current."""
    pulse = Pulse()
    following = asyncio.create_task(pulse.follow(knobs))
    try:
        while not all(child.state == "ready" for child in supervisor.children):
            _show(live, f"waiting for {_names(supervisor, lambda state: state != 'ready')}")
            await asyncio.sleep(REFRESH_S)
        _say_where_to_look(knobs, wanted)
        while True:
            _show(live, pulse.line(supervisor.children))
            await asyncio.sleep(REFRESH_S if console.is_terminal else LINE_EVERY_S)
    finally:
        following.cancel()


def _show(live: Live, line: str) -> None:
    if console.is_terminal:
        live.update(Text(line, overflow="ellipsis", no_wrap=True), refresh=True)
    elif not line.startswith("waiting"):
        console.print(Text(line))


def _names(supervisor: Supervisor, where: Callable[[str], bool]) -> str:
    return ", ".join(child.process.name for child in supervisor.children if where(child.state))


def _say_where_to_look(knobs: Settings, wanted: frozenset[str]) -> None:
    if knobs.simulated:
        console.print("[bold yellow]SIMULATED[/]: the venue is a sandbox on this machine")
    if "ui" in wanted:
        console.print(f"[bold]dashboard[/]  http://{LOOPBACK}:{knobs.ui_port}/pairs")
    if "api" in wanted:
        console.print(f"[bold]API[/]        {knobs.api_base_url}/docs")
