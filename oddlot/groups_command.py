"""`oddlot groups`: list, show, check, add, edit and remove peer groups."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from rich.console import Console
from rich.table import Table

from oddlot import peer_groups, settings
from oddlot.contracts.closes import Venue
from oddlot.errors import BadPeerGroup, BadSetting
from oddlot.peer_groups import Member, PeerGroup, Stored

console = Console(highlight=False, soft_wrap=True)
groups = typer.Typer(
    help="Look after the peer groups; a running system follows within seconds.",
    no_args_is_help=True,
)

GroupId = Annotated[str, typer.Argument(metavar="ID", help="Name of the file without .json.")]
VENUES = ", ".join(get_args(Venue))


@groups.command("list")
def list_groups() -> None:
    """Print every group in a line."""
    table = Table(box=None, pad_edge=False)
    for head in ("id", "title", "venue", "benchmark", "members"):
        table.add_column(head, justify="right" if head == "members" else "left")
    for group in peer_groups.load(_directory()):
        table.add_row(group.id, group.title, group.venue, group.benchmark, str(len(group.members)))
    console.print(table)


@groups.command()
def show(group_id: GroupId) -> None:
    """Print a group as its file has it."""
    sys.stdout.write(peer_groups.written(_found(group_id).group).decode())


@groups.command()
def validate(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]..", exists=True)] = None,
) -> None:
    """Check the given files, or all of the directory; say what is wrong with each."""
    chosen = files or peer_groups.paths(_directory())
    problems = [*_problems(chosen)]
    for problem in problems:
        console.print(f"[red]fail[/] {problem}")
    console.print(f"{len(chosen) - len(problems)} of {len(chosen)} good")
    raise typer.Exit(int(bool(problems) or not chosen))


@groups.command()
def add(
    group_id: GroupId,
    symbols: Annotated[
        list[str], typer.Argument(metavar="SYMBOL[=NAME]..", help="3 to 80 members.")
    ],
    benchmark: Annotated[str, typer.Option(help="The symbol that stands for the group.")],
    title: Annotated[str, typer.Option(help="For people; the id if left out.")] = "",
    sector: Annotated[str, typer.Option(help="For people.")] = "Own",
    venue: Annotated[str, typer.Option(help=f"Where they trade: {VENUES}.")] = "us",
) -> None:
    """Make a new group."""
    members = (symbol.partition("=") for symbol in symbols)
    group = PeerGroup(
        id=group_id,
        title=title or group_id.replace("-", " ").capitalize(),
        sector=sector,
        venue=cast(Venue, venue),  # `save` refuses any other
        benchmark=benchmark.upper(),
        members=tuple(Member(symbol=s.upper(), name=name or s.upper()) for s, _, name in members),
    )
    peer_groups.save(_directory(), group, expected=None)
    console.print(f"added {group_id} with {len(group.members)} members")


@groups.command()
def edit(group_id: GroupId) -> None:
    """Open a group in $VISUAL or $EDITOR, and save it once it is good."""
    before = _found(group_id)
    text = peer_groups.written(before.group)
    after = _edited(text, group_id)
    if after == text:
        console.print("nothing changed")
        return
    group = peer_groups.parse(after, file=f"{group_id}.json")
    peer_groups.save(_directory(), group, expected=before.revision)
    console.print(f"saved {group_id}")


@groups.command()
def remove(group_id: GroupId) -> None:
    """Delete a group's file."""
    peer_groups.remove(_directory(), group_id, expected=_found(group_id).revision)
    console.print(f"removed {group_id}")


@groups.command()
def schema() -> None:
    """Print the JSON Schema of a group's file, for editors."""
    sys.stdout.write(json.dumps(peer_groups.schema(), indent=2) + "\n")


def _directory() -> Path:
    return settings.load().peer_groups_dir


def _found(group_id: str) -> Stored:
    return peer_groups.find(_directory(), group_id)


def _problems(files: list[Path]) -> Iterator[str]:
    for path in files:
        try:
            peer_groups.read(path)
        except BadPeerGroup as e:
            yield str(e)


def _edited(text: bytes, group_id: str) -> bytes:
    """Let somebody edit a text until it is good; a refused one is kept, and said where."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    handle, name = tempfile.mkstemp(prefix=f"{group_id}-", suffix=".json")
    with os.fdopen(handle, "wb") as file:
        file.write(text)
    path = Path(name)
    try:
        subprocess.run([*shlex.split(editor), name], check=True)
    except (OSError, subprocess.CalledProcessError) as e:
        path.unlink()
        raise BadSetting(f"EDITOR: expected a program that edits, was {editor!r}: {e}") from e
    after = path.read_bytes()
    try:
        peer_groups.parse(after, file=f"{group_id}.json")
    except BadPeerGroup as e:
        raise BadPeerGroup(f"{e}. Nothing was saved; your text is in {path}") from e
    path.unlink()
    return after
