"""JSON text <-> a validated peer group; what is wrong is said with file, field and fix."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import msgspec

from oddlot.contracts.pairs import Pair
from oddlot.errors import BadPeerGroup, WrongField
from oddlot.peer_groups.faults import clashes_of, faults_of
from oddlot.peer_groups.groups import Member, PeerGroup

MAX_BYTES = 1024 * 1024


def parse(text: bytes, *, file: str) -> PeerGroup:
    """Read and check one group.

    Parameters
    ----------
    text : JSON, UTF-8.
    file : its name, for messages; its stem has to be the group's id.

    Raises
    ------
    BadPeerGroup
        Naming the file, each wrong field, what was found and what to change.

    Examples
    --------
    >>> parse(b'{"id": "gold", "members": {}}', file="gold.json").title
    Traceback (most recent call last):
    oddlot.errors.BadPeerGroup: gold.json: title: expected to be there, was missing; add it | ...
    """
    if len(text) > MAX_BYTES:
        raise BadPeerGroup(f"{file}: expected at most {MAX_BYTES} bytes, was {len(text)}")
    raw = _decoded(text, file)
    _refuse(faults_of(raw), file)
    group = msgspec.convert(raw, PeerGroup)
    _refuse([*_misnamed(group, file), *clashes_of(group)], file)
    return group


def written(group: PeerGroup) -> bytes:
    """Write a group as its file holds it: a member a line, defaults left out.

    Parameters
    ----------
    group : to be written.

    Examples
    --------
    >>> coins = tuple(Member(symbol=s, name=s) for s in ("BTC", "ETH", "SOL"))
    >>> group = PeerGroup(id="c", title="C", sector="C", venue="us", benchmark="BTC", members=coins)
    >>> parse(written(group), file="c.json") == group
    True
    """
    parts = []
    for field in fields(PeerGroup):
        value = getattr(group, field.name)
        if isinstance(value, tuple):
            if value:
                rows = ",\n".join(f"    {_row(each)}" for each in value)
                parts.append(f'  "{field.name}": [\n{rows}\n  ]')
        elif value or field.name != "notes":
            parts.append(f'  "{field.name}": {json.dumps(value, ensure_ascii=False)}')
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _row(part: Member | Pair) -> str:
    given = {
        field.name: msgspec.to_builtins(getattr(part, field.name))
        for field in fields(part)
        if getattr(part, field.name) != field.default
    }
    return json.dumps(given, ensure_ascii=False)


def _decoded(text: bytes, file: str) -> dict[str, Any]:
    try:
        raw = json.loads(text.decode("utf-8-sig"))
    except json.JSONDecodeError as e:
        raise BadPeerGroup(
            f"{file}: line {e.lineno}, column {e.colno}: expected JSON, was none: {e.msg}; "
            "look for a missing quote or bracket, or a comma too many"
        ) from e
    except (UnicodeDecodeError, RecursionError) as e:
        raise BadPeerGroup(f"{file}: expected JSON in UTF-8, was {e}; save it as such") from e
    if not isinstance(raw, dict):
        raise BadPeerGroup(
            f"{file}: expected one object, was {type(raw).__name__}; put the fields in {{ }}"
        )
    return raw


def _misnamed(group: PeerGroup, file: str) -> list[WrongField]:
    stem = file.removesuffix(".json")
    if group.id == stem:
        return []
    what = f'expected "{stem}", was "{group.id}"'
    return [WrongField(where="id", what=what, fix="rename the file or change the id")]


def _refuse(faults: list[WrongField], file: str) -> None:
    if faults:
        raise BadPeerGroup(f"{file}: {' | '.join(map(str, faults))}", tuple(faults))
