"""Settings, topics and errors as the code has them -> the tables of the docs, put there by cog."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from oddlot import errors
from oddlot.contracts import messages, topics
from oddlot.contracts.topics import HOUR_MS, Topic
from oddlot.settings import Settings

# Defaults that depend on the machine, in words.
PLACES = {
    "state_dir": "`oddlot/up` in the user's state folder (`oddlot demo`: `oddlot/demo`)",
    "cache_dir": "`oddlot` in the user's cache folder",
    "peer_groups_dir": "`peer_groups` of the checkout",
}
# What messages are made of that has fields of its own.
PARTS: dict[type, tuple[type, ...]] = {
    messages.Divergence: (messages.WindowSpread, messages.MemberScore, messages.WindowScore),
    messages.ScanRequest: (messages.Basket,),
    messages.Budget: (messages.BudgetWindow,),
}
KINDS = {
    "Int64s": "int64 column",
    "Int32s": "int32 column",
    "Float64s": "float64 column",
    "Bools": "bool column",
    "Interval": "1s, 1m or 5m",
    "Prices": "level or log",
    "Hedge": "ols, origin or kalman",
    "AlertKind": "spread",
    "Crossing": "entered or left",
    "Side": "high or low",
    "Pair": "a pair",
    "Symbol": "text",
    "Venue": "binance, nasdaq, nyse or us",
    "Price": "positive number",
    "Volume": "number",
    "Sessions": "1 to 5,000",
    "Priority": "0 to 9",
    "Verdict": "diverger, loner, unproven, in line or unscored",
    "tuple[WindowScore, ...]": "list of scores",
    "dt.date": "date, ISO 8601",
    "ScanInterval": "1d or 1m",
    "tuple[str, ...]": "list of texts",
    "tuple[WindowSpread, ...]": "list of windows",
    "tuple[MemberScore, ...]": "list of members",
    "tuple[float, ...]": "list of numbers",
    "Name": "text",
    "Baskets": "list of groups",
    "BasketSymbols": "3 to 80 texts",
    "Awaited": "list of texts",
    "tuple[BudgetWindow, ...]": "list of limits",
    "Window": "second, minute, day or month",
    "FetchState": "fetched, queued, waiting or refused",
    "Source": "live, backfill or replay",
    "Forum": "reddit or stocktwits",
    "Crowd": "all, reddit or stocktwits",
    "Mood": "bullish or bearish",
    "MoodSource": "tag or vader",
    "ScanState": "read, limited or unavailable",
    "NewsState": "read, limited, unavailable or gone",
    "Excerpt": "text, 280 characters",
    "Title": "text",
    "Link": "URL or empty",
    "Score": "-1 to 1",
    "Share": "0 to 1",
    "Count": "integer",
    "Mentioned": "list of texts",
    "bytes": "base64 text",
    "bool": "true or false",
    "int": "integer",
    "float": "number",
    "str": "text",
}


def settings() -> str:
    """Give every setting with what it takes and what it is if nobody says anything."""
    rows = (
        (f"`ODDLOT_{name.upper()}`", _default(name, field), _takes(field), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    return _table(("variable", "default", "takes", "what it is"), rows)


def topics_overview() -> str:
    """Give every topic in one line."""
    rows = (
        (f"[`{topic.name}`](#{_anchor(topic)})", f"`{topic.key}`", str(topic.partitions),
         _kept(topic), topic.codec.content_type.removeprefix("application/"), topic.about)
        for topic in topics.ALL
    )  # fmt: skip
    return _table(("topic", "key", "partitions", "kept for", "value", "what"), rows)


def topics_fields() -> str:
    """Give every topic's fields, with their meaning out of the message's docstring."""
    return "\n\n".join(_section(topic) for topic in topics.ALL)


def errors_tree() -> str:
    """Give the tree of errors as their module draws it."""
    lines = (errors.__doc__ or "").splitlines()
    return "\n".join(["```text", *(line[4:] for line in lines if line.startswith("    ")), "```"])


def _section(topic: Topic[Any]) -> str:
    examples = f"Examples: [tests/examples/{topic.name}](../tests/examples/{topic.name})."
    whole = f"## {topic.name}\n\n{_summary(topic.kind)} {examples}\n\n{_fields(topic.kind)}"
    parts = (f"{_summary(part)}\n\n{_fields(part)}" for part in PARTS.get(topic.kind, ()))
    return "\n\n".join([whole, *parts])


def _summary(kind: type) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


def _fields(kind: type) -> str:
    meanings = dict(_attributes(kind))
    rows = (
        (f"`{name}`", _kind(annotation), meanings[name])
        for name, annotation in inspect.get_annotations(kind).items()
    )
    return _table(("field", "type", "meaning"), rows)


def _attributes(kind: type) -> Iterator[tuple[str, str]]:
    """Read the Attributes section of a docstring: `a, b : meaning`, continued by indented lines."""
    section = (inspect.getdoc(kind) or "").partition("Attributes\n----------\n")[2]
    for entry in re.split(r"\n(?=\S)", section.rstrip()):
        names, _, meaning = entry.partition(" : ")
        for name in names.split(", "):
            words = " ".join(meaning.split()).removeprefix("(n,) ").removesuffix(".")
            yield name, words.replace("None", "null")


def _kind(annotation: str) -> str:
    optional = annotation.endswith(" | None")
    kind = annotation.removesuffix(" | None")
    return KINDS[kind] + (" or null" if optional else "")


def _kept(topic: Topic[Any]) -> str:
    if topic.is_compacted:
        return "good, newest of a key"
    hours = topic.retention_ms // HOUR_MS
    count, unit = (hours // 24, "day") if hours >= 24 else (hours, "hour")
    return f"{count} {unit}" + ("s" if count > 1 else "")


def _anchor(topic: Topic[Any]) -> str:
    return topic.name.replace(".", "")


def _default(name: str, field: FieldInfo) -> str:
    if name in PLACES:
        return PLACES[name]
    value = field.default
    if isinstance(value, SecretStr) or value in ("", None):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _takes(field: FieldInfo) -> str:
    limits = {
        name: getattr(limit, name)
        for limit in field.metadata
        for name in ("ge", "le")
        if hasattr(limit, name)
    }
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.annotation))
    if field.annotation is bool:
        return "`true`, `false`"
    if "le" in limits:
        return f"{limits['ge']:,} to {limits['le']:,}"
    if "ge" in limits:
        return f"{limits['ge']:,} or more"
    return "text" if field.annotation in (str, SecretStr) else "a path"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in r] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
