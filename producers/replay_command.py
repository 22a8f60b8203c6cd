"""`oddlot replay FILE..`: recordings -> the topics of the running system, with a progress bar."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from oddlot import errors, kafka
from oddlot.contracts import topics
from oddlot.contracts.messages import FeedHealth
from oddlot.settings import Settings, load
from producers import replay

FRESH_MS = 10_000  # a feed that reported within that time is running
DEADLINE_S = 5.0  # a system that is up answers at once
READ_RECORDS, READ_WAIT_MS = 1_000, 500

console = Console(highlight=False)


def main(
    files: Annotated[list[Path], typer.Argument(help="Raw captures, gzip or not.")],
    speed: Annotated[str, typer.Option(help="1 is real time, N times that, or max.")] = "max",
    close: Annotated[bool, typer.Option(help="Close the last bars when the files end.")] = False,
) -> None:
    """Send recordings through the live path of a running system."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it means is said below
    try:
        asyncio.run(run(load(), files, read_speed(speed), close=close))
    except errors.Oddlot as e:
        Console(stderr=True, highlight=False).print(Text.assemble(("oddlot: ", "bold red"), str(e)))
        sys.exit(2)
    except KeyboardInterrupt:
        console.print("stopped; what has been published stays, and a new replay goes on from there")
        sys.exit(130)


def read_speed(given: str) -> float | None:
    """Read a factor, None for as fast as possible."""
    if given == "max":
        return None
    try:
        speed = float(given.removesuffix("x"))
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise errors.BadRequest(f"--speed: expected a positive number or max, was {given!r}")
    return speed


async def run(settings: Settings, files: list[Path], speed: float | None, *, close: bool) -> None:
    """Replay, unless a live feed would shut the recording out."""
    async with kafka.connect(settings, deadline_s=DEADLINE_S) as publisher:
        await refuse_beside_live(settings)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[trades]:,} trades · {task.fields[at]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("replay", total=None, trades=0, at="")

            def tell(progress: replay.Progress) -> None:
                bar.update(
                    task,
                    completed=progress.bytes_read,
                    total=progress.bytes_total,
                    trades=progress.trades,
                    at=_utc(progress.event_ms),
                )

            done = await replay.run(
                files,
                speed=speed,
                settings=settings,
                publisher=publisher,
                progress=tell,
                close=close,
            )
    console.print(f"{done.trades:,} trades published, {done.rejected:,} lines refused")


async def refuse_beside_live(settings: Settings) -> None:
    """Raise if a feed is live: newer ids would make every older trade a duplicate."""
    since_ms = time.time_ns() // 1_000_000 - FRESH_MS
    async with kafka.subscribe(settings, [topics.FEED_HEALTH], start=since_ms) as subscription:
        records = await subscription.read(limit=READ_RECORDS, wait_ms=READ_WAIT_MS)
    for record in records:
        health = record.message()
        if isinstance(health, FeedHealth) and health.connected and not health.optional:
            raise errors.Refused(
                f"{health.feed} is live on this system, and a symbol takes trades in the order of "
                "their ids alone: start a system without it, `oddlot up --without producers "
                "--state-dir DIR`, and replay into that"
            )


def _utc(event_ms: int | None) -> str:
    if event_ms is None:
        return ""
    return f"{datetime.fromtimestamp(event_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"


if __name__ == "__main__":
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(main)
    command(prog_name="oddlot replay")
