"""`?format=` or Accept -> the format of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from fastapi import Depends, Header, Query

Format = Literal["json", "csv", "parquet", "arrow"]
FORMATS: tuple[Format, ...] = get_args(Format)
MAX_ACCEPT = 1_000  # characters of the header that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A format as HTTP and files name it."""

    media_type: str
    ending: str


KINDS: Mapping[Format, Kind] = {
    "json": Kind(media_type="application/json", ending="json"),
    "csv": Kind(media_type="text/csv", ending="csv"),
    "parquet": Kind(media_type="application/vnd.apache.parquet", ending="parquet"),
    "arrow": Kind(media_type="application/vnd.apache.arrow.stream", ending="arrows"),
}
_OF_TYPE = {kind.media_type: name for name, kind in KINDS.items()}


def chosen(
    format: Annotated[  # noqa: A002  # what the parameter is called
        Format | None, Query(description="Beats the Accept header; all but json are downloads.")
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Format:
    """Choose a format: the parameter, or what is most wanted of what we have, or JSON."""
    return format or _most_wanted(accept[:MAX_ACCEPT])


FormatDep = Annotated[Format, Depends(chosen)]


def documented(model: type) -> dict[int | str, dict[str, Any]]:
    """Declare what a route that has all formats answers."""
    files = {
        kind.media_type: {"schema": {"type": "string", "format": "binary"}}
        for kind in KINDS.values()
        if kind.ending != "json"
    }
    return {200: {"model": model, "description": "As asked", "content": files}}


def _most_wanted(accept: str) -> Format:
    best: tuple[float, Format] = (0.0, "json")
    for item in accept.split(","):
        media_type, _, parameters = item.partition(";")
        name = _OF_TYPE.get(media_type.strip().lower())
        if name is not None and (weight := _weight(parameters)) > best[0]:
            best = (weight, name)
    return best[1]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
