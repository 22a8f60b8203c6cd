"""Fields of a form -> how its files are to be read, and the symbol of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from api.uploads_received import Received
from oddlot import errors

if TYPE_CHECKING:
    from oddlot.quant.uploads import Options, Source

TEXTS = ("delimiter", "decimal", "thousands", "date_order", "timezone", "encoding")
KNOWN = (*TEXTS, "columns", "symbol")
_ESCAPES = {"\\t": "\t", "tab": "\t", "space": " ", "comma": ",", "semicolon": ";", "point": "."}


def options_of(fields: Mapping[str, tuple[str, ...]]) -> Options:
    """Read what the sender says of the files; empty fields say nothing."""
    from oddlot.quant import uploads  # pandas takes a second to load: for those who upload

    unknown = sorted(set(fields) - set(KNOWN))
    if unknown:
        raise errors.BadUpload(f"expected fields {', '.join(KNOWN)}, was {unknown[0][:40]!r}")
    given: dict[str, Any] = {}
    for name in TEXTS:
        value = fields.get(name, ("",))[-1]
        if value:
            given[name] = _ESCAPES.get(value, value)
    if given.get("thousands") == "none":
        given["thousands"] = ""
    if columns := fields.get("columns", ("",))[-1]:
        given["columns"] = _columns_of(columns)
    return uploads.Options(**given)


def sources_of(received: Received) -> list[Source]:
    """Pair the files with the symbols said of them, in order; one symbol is for one file."""
    from oddlot.quant import uploads

    symbols = received.fields.get("symbol", ())
    if symbols and len(symbols) != len(received.files):
        raise errors.BadUpload(
            f"symbol: expected one for each of {len(received.files)} files, was {len(symbols)}; "
            "leave it out to go by the files' names, or give as many as files"
        )
    return [
        uploads.Source(
            name=sent.name, file=sent.file, symbol=symbols[n] or None if symbols else None
        )
        for n, sent in enumerate(received.files)
    ]


def _columns_of(text: str) -> dict[str, str]:
    try:
        columns = json.loads(text)
    except ValueError:
        columns = None
    if not isinstance(columns, dict) or not all(
        isinstance(value, str | int) for value in columns.values()
    ):
        raise errors.BadUpload(
            f'columns: expected JSON such as {{"time": "Date", "close": "Price"}}, '
            f"was {text[:80]!r}"
        )
    return {role: str(column) for role, column in columns.items()}
