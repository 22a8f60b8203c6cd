"""The commands of `oddlot`: start the system, look after it, replay recordings into it."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import platformdirs
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from oddlot import errors, peer_groups, settings
from oddlot.groups_command import groups
from oddlot.local import kafka_java, roles
from oddlot.local.status import Status
from oddlot.local.supervisor import Supervisor, require_ports
from oddlot.settings import LOOPBACK, Settings

MARKS = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}

console = Console(highlight=False, soft_wrap=True)
cli = typer.Typer(
    help="Finds the odd one of the lot, live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(groups, name="groups")

_ROLES, _LIST = ", ".join(settings.ROLES), "ROLE,.."
Only = Annotated[str, typer.Option(metavar=_LIST, help=f"Run these roles alone: {_ROLES}.")]
Without = Annotated[str, typer.Option(metavar=_LIST, help="Run all roles but these.")]
StateDir = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where broker, store and logs keep their files."),
]
Broker = Annotated[
    str, typer.Option("--kafka", metavar="HOST:PORT", help="Use this broker, do not run one.")
]


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
    given = settings.load()
    sandbox = {
        "simulated": True,
        "binance_stream_url": f"ws://{LOOPBACK}:{given.sandbox_port}",
        "binance_rest_url": f"http://{LOOPBACK}:{given.sandbox_port}",
        **roles.sandbox_providers(given),
    }
    _start({"state_dir": state_dir, "kafka": kafka or None, **sandbox}, only, without)


@cli.command()
def doctor() -> None:
    """Check this machine and say what to do about each failure."""
    from oddlot.local import doctor as examination  # here: 0.25 s that the other commands save

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
    sys.stdout.flush()
    os.execve(sys.executable, command, roles.environment(_load({})))  # it is us now


@cli.command()
def version() -> None:
    """Print the version."""
    console.print(importlib.metadata.version("oddlot"))


def run() -> None:
    """Run the command line; an error raised on purpose is one line and exit code 2."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that still starts is news
    try:
        cli()
    except errors.Oddlot as e:
        told = Text.assemble(("oddlot: ", "bold red"), str(e))
        Console(stderr=True, highlight=False, soft_wrap=True).print(told)
        sys.exit(2)


def _load(overrides: dict[str, object]) -> Settings:
    return settings.load(**{name: value for name, value in overrides.items() if value is not None})


def _start(overrides: dict[str, object], only: str, without: str) -> None:
    knobs = _load(overrides)
    wanted = roles.chosen(only, without)
    peer_groups.load(knobs.peer_groups_dir)  # a bad file is said once, here, not by each role
    processes = roles.processes(knobs, wanted)
    require_ports(processes)
    if any(process.name == "kafka" for process in processes):
        _prepare_broker(knobs)
    supervisor = Supervisor(knobs, processes)
    console.print(f"starting {', '.join(process.name for process in processes)}")
    console.print(f"data and logs in {knobs.state_dir}")
    asyncio.run(Status(console, knobs).run(supervisor))


def _prepare_broker(knobs: Settings) -> None:
    """Download Kafka where it is not cached yet, and show how far it is."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, object] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

        kafka_java.prepare(knobs, told)
