"""JSON text <-> a validated peer group; what is wrong is said with file, field and fix."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

import msgspec

from oddlot.contracts.divergence import MAX_MEMBERS, MIN_MEMBERS
from oddlot.contracts.pairs import Pair
from oddlot.errors import BadPeerGroup
from oddlot.peer_groups.groups import Member, PeerGroup

MAX_BYTES = 1024 * 1024
SHOWN_CHARACTERS = 60  # of a refused value
# What to do about a field that is wrong, by its name.
FIXES = {
    "id": "use small letters, digits and hyphens, at most 63, the same as the file's name",
    "venue": "use binance for what streams; nasdaq, nyse or us for what has daily closes",
    "symbol": "use the venue's own name in capitals, such as NVDA, BRK-B or BTCUSDT",
    "benchmark": "use the venue's own name in capitals, such as SPY or BTCUSDT",
    "members": f'list {MIN_MEMBERS} to {MAX_MEMBERS} of {{"symbol": .., "name": ..}}',
    "pairs": 'list {"y": .., "x": ..} of two members each, or leave it out',
    "y": "use the symbol of a member",
    "x": "use the symbol of a member",
}
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$?\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")


def parse(text: bytes, *, file: str) -> PeerGroup:
    """Read and check one group.

    Parameters
    ----------
    text : JSON, UTF-8.
    file : its name, for messages; its stem has to be the group's id.

    Raises
    ------
    BadPeerGroup
        Naming the file, the field, what was found and what to change.

    Examples
    --------
    >>> parse(b'{"id": "gold"}', file="gold.json")
    Traceback (most recent call last):
    oddlot.errors.BadPeerGroup: gold.json: title: expected to be there, was missing; add it
    """
    if len(text) > MAX_BYTES:
        raise BadPeerGroup(f"{file}: expected at most {MAX_BYTES} bytes, was {len(text)}")
    raw = _decoded(text, file)
    _refuse_unknown(raw, file)
    try:
        group = msgspec.convert(raw, PeerGroup)
    except msgspec.ValidationError as e:
        raise BadPeerGroup(f"{file}: {_explained(str(e), raw)}") from e
    _check(group, file)
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


def _refuse_unknown(raw: dict[str, Any], file: str) -> None:
    """Refuse what nobody would read: most of it is a known field misspelt."""
    for kind, path, part in (
        (PeerGroup, "", raw),
        *((Member, f"members[{i}].", part) for i, part in enumerate(_list(raw.get("members")))),
        *((Pair, f"pairs[{i}].", part) for i, part in enumerate(_list(raw.get("pairs")))),
    ):
        known = [field.name for field in fields(kind)]
        unknown = [name for name in part if name not in known] if isinstance(part, dict) else []
        if unknown:
            raise BadPeerGroup(
                f"{file}: {path}{unknown[0]}: expected one of {', '.join(known)}, was a field "
                "nobody knows; rename it or take it out"
            )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _explained(told: str, raw: dict[str, Any]) -> str:
    """Turn what msgspec says into field: expected, was; fix."""
    match = _AT.match(told)
    assert match is not None  # it matches anything
    what, path = match["what"], match["path"] or ""
    if missing := _MISSING.fullmatch(what):
        where = f"{path}.{missing[1]}".lstrip(".")
        return f"{where}: expected to be there, was missing; add it"
    what = what[0].lower() + what[1:]
    name = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
    found = json.dumps(_at(raw, path), ensure_ascii=False)[:SHOWN_CHARACTERS]
    fix = FIXES.get(name, "correct it")
    return f"{path or 'it'}: {what.partition(', got')[0]}, was {found}; {fix}"


def _at(raw: Any, path: str) -> Any:
    for step in re.findall(r"\w+", path):
        raw = raw[int(step)] if isinstance(raw, list) else raw.get(step)
    return raw


def _check(group: PeerGroup, file: str) -> None:
    stem = file.removesuffix(".json")
    if group.id != stem:
        raise BadPeerGroup(
            f'{file}: id: expected "{stem}", was "{group.id}"; rename the file or change the id'
        )
    symbols = group.symbols
    if twice := sorted({symbol for symbol in symbols if symbols.count(symbol) > 1}):
        raise BadPeerGroup(
            f"{file}: members: expected each symbol once, was {', '.join(twice)} twice; "
            "take one out"
        )
    for i, pair in enumerate(group.pairs):
        for name, leg in (("y", pair.y), ("x", pair.x)):
            if leg not in symbols:
                raise BadPeerGroup(
                    f"{file}: pairs[{i}].{name}: expected a member, was {leg}; "
                    f"{FIXES[name]}, or add {leg} to the members"
                )
    ids = [pair.id for pair in group.pairs]
    if pairs_twice := sorted({pair for pair in ids if ids.count(pair) > 1}):
        raise BadPeerGroup(
            f"{file}: pairs: expected each pair once, was {', '.join(pairs_twice)} twice; "
            "take one out"
        )
