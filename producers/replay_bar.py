"""The progress of a replay -> a bar on the terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from producers.replay import Progress as Reached

Told = Callable[["Reached"], None]


@contextlib.contextmanager
def shown(console: Console) -> Iterator[Told]:
    """Draw a bar while the block lasts; the function given moves it."""
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading")

        def told(progress: Reached) -> None:
            bar.update(
                task,
                completed=progress.bytes_read,
                total=progress.bytes_total,
                description=in_words(progress),
            )

        yield told


def in_words(progress: Reached) -> str:
    """Say in a line how far a replay is."""
    reached = ""
    if progress.event_ms is not None:
        reached = f", {datetime.fromtimestamp(progress.event_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"
    refused = f", {progress.rejected:,} lines refused" if progress.rejected else ""
    return f"{progress.trades:,} trades{reached}{refused}"
