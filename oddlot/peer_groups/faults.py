"""A group as JSON has it -> every field of it that is wrong, with what to do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from itertools import islice
from typing import Any, get_type_hints

import msgspec

from oddlot.contracts.divergence import MAX_MEMBERS, MIN_MEMBERS
from oddlot.contracts.pairs import Pair
from oddlot.errors import WrongField
from oddlot.peer_groups.groups import Member, PeerGroup

MAX_FAULTS = 20  # that are told at a time: somebody reads them
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
_HINTS = get_type_hints(PeerGroup, include_extras=True)
_PARTS = {"members": Member, "pairs": Pair}
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$?\.?(?P<path>.*)`)?$", re.DOTALL)
_LENGTH = re.compile(r"^expected `(str|array)` of length ([<>]=) (\d+)$")
_MISSING = re.compile(r"Object missing required field `(\w+)`")


def faults_of(raw: dict[str, Any]) -> list[WrongField]:
    """Tell which fields of a group cannot be used, each by itself; none where all can.

    Parameters
    ----------
    raw : JSON, decoded.

    Examples
    --------
    >>> [fault.where for fault in faults_of({"id": "gold", "title": 7, "members": [{}]})]
    ['title', 'sector', 'venue', 'benchmark', 'members[0].symbol']
    """
    return list(islice(_faults(raw), MAX_FAULTS))


def clashes_of(group: PeerGroup) -> list[WrongField]:
    """Tell which fields of a group do not fit each other.

    Parameters
    ----------
    group : whose fields can all be used by themselves.
    """
    return list(islice(_clashes(group), MAX_FAULTS))


def _faults(raw: dict[str, Any]) -> Iterator[WrongField]:
    yield from _unknown(raw, PeerGroup, "")
    for field in fields(PeerGroup):
        if field.name in raw:
            yield from _of_field(field.name, raw[field.name])
        elif field.default is MISSING:
            yield _missing(field.name)


def _of_field(name: str, value: object) -> Iterator[WrongField]:
    """Look into a list part by part, so that each wrong one is told; then at the whole."""
    kind = _PARTS.get(name)
    parts = value if kind is not None and isinstance(value, list) else []
    are_wrong = False
    for i, part in enumerate(parts):
        where = f"{name}[{i}]"
        assert kind is not None
        for fault in (*_unknown(part, kind, f"{where}."), *_converted(part, kind, where)):
            are_wrong = True
            yield fault
    if not are_wrong:
        yield from _converted(value, _HINTS[name], name)


def _unknown(part: object, kind: type, prefix: str) -> list[WrongField]:
    """Refuse what nobody would read: most of it is a known field misspelt."""
    known = [field.name for field in fields(kind)]
    names = [name for name in part if name not in known] if isinstance(part, dict) else []
    return [
        WrongField(
            where=f"{prefix}{name[:SHOWN_CHARACTERS]}",
            what=f"expected one of {', '.join(known)}, was a field nobody knows",
            fix="rename it or take it out",
        )
        for name in names
    ]


def _converted(value: object, kind: Any, where: str) -> list[WrongField]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as e:
        return [_explained(str(e), value, where)]
    return []


def _explained(told: str, value: object, where: str) -> WrongField:
    """Turn what msgspec says of a value into field, expected, was, fix."""
    match = _AT.match(told)
    assert match is not None  # it matches anything
    what, path = match["what"], match["path"] or ""
    place = f"{where}{path}" if path.startswith("[") else f"{where}.{path}".rstrip(".")
    if missing := _MISSING.fullmatch(what):
        return _missing(f"{place}.{missing[1]}")
    what = what[0].lower() + what[1:]
    name = re.sub(r"\[\d+\]$", "", place).rpartition(".")[2]
    if ", was " not in what:  # said by msgspec, not by us
        found = json.dumps(_at(value, path), ensure_ascii=False)[:SHOWN_CHARACTERS]
        what = f"{_in_words(what.partition(', got')[0], name)}, was {found}"
    return WrongField(where=place, what=what, fix=FIXES.get(name, "correct it"))


def _in_words(what: str, name: str) -> str:
    """Say what msgspec expects of a field as somebody would who does not program."""
    if " matching regex " in what:
        return "expected an id" if name == "id" else "expected a symbol"
    if what.startswith("invalid enum value"):
        return "expected one of those there are"
    if length := _LENGTH.match(what):
        kind, sign, count = length.groups()
        if (kind, sign, count) == ("str", ">=", "1"):
            return "expected some text"
        unit = "characters" if kind == "str" else "of them"
        return f"expected {'at least' if sign == '>=' else 'at most'} {count} {unit}"
    return what


def _missing(where: str) -> WrongField:
    return WrongField(where=where, what="expected to be there, was missing", fix="add it")


def _at(raw: Any, path: str) -> Any:
    for step in re.findall(r"\w+", path):
        raw = raw[int(step)] if isinstance(raw, list) else raw.get(step)
    return raw


def _clashes(group: PeerGroup) -> Iterator[WrongField]:
    if twice := _twice(group.symbols):
        what = f"expected each symbol once, was {twice} twice"
        yield WrongField(where="members", what=what, fix="take one out")
    for i, pair in enumerate(group.pairs):
        for name, leg in (("y", pair.y), ("x", pair.x)):
            if leg not in group.symbols:
                yield WrongField(
                    where=f"pairs[{i}].{name}",
                    what=f"expected a member, was {leg}",
                    fix=f"{FIXES[name]}, or add {leg} to the members",
                )
    if twice := _twice(tuple(pair.id for pair in group.pairs)):
        what = f"expected each pair once, was {twice} twice"
        yield WrongField(where="pairs", what=what, fix="take one out")


def _twice(names: tuple[str, ...]) -> str:
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))
