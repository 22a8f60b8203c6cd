"""Scans of groups -> rows of the table of divergence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa

from oddlot.contracts.messages import Divergence, MemberScore
from oddlot.store.schemas import DIVERGENCE

_CROSSED = "crossed."  # the nested columns of the table


def table(scans: Sequence[Divergence]) -> pa.Table:
    """Put scans into the columns of their table, one row each.

    Parameters
    ----------
    scans : of any groups.
    """
    rows = [_row(scan) for scan in scans]
    columns = {name: [row[name] for row in rows] for name in DIVERGENCE.names}
    return pa.table(columns, schema=DIVERGENCE)


def _row(scan: Divergence) -> dict[str, Any]:
    rows = [row for member in scan.members if (row := _crossed(member))]
    nested = [name for name in DIVERGENCE.names if name.startswith(_CROSSED)]
    return {
        **{name: getattr(scan, name) for name in DIVERGENCE.names if name not in nested},
        "windows": msgspec.json.encode(scan.windows).decode(),
        "members": msgspec.json.encode(scan.members).decode(),
        **{name: [row[name.removeprefix(_CROSSED)] for row in rows] for name in nested},
    }


def _crossed(member: MemberScore) -> dict[str, Any] | None:
    """Give a member's strongest score if it crosses."""
    best = next((each for each in member.windows if each.window == member.window), None)
    if best is None or not best.crosses:
        return None
    return {
        "symbol": member.symbol,
        "window": best.window,
        "z": best.z,
        "own_return": best.own_return,
        "others_return": best.others_return,
        "usual_correlation": member.usual_correlation,
        "verdict": member.verdict,
        "label": member.label,
    }
