"""Views of divergence: who breaks ranks, the last result first."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.divergence_files import table_of_groups, table_of_members
from api.divergence_views import DivergenceView, DivergersView, GroupsSummary, GroupSummary
from api.formats import FormatDep
from api.grouping import intervals_of
from api.live import now_ms
from api.problems import documented
from api.tables import table_of
from oddlot import errors
from oddlot.contracts.messages import Divergence, ScanInterval
from oddlot.peer_groups import PeerGroup
from oddlot.store.divergence_reader import MAX_DIVERGERS, PastDiverger

router = APIRouter(tags=["divergence"])

DEFAULT_DIVERGERS = 100
SHOWN_CHARACTERS = 80
MIN_Z, MAX_Z = 0.5, 100.0  # as of the setting
PASTED = "pasted symbols"  # the title of a scan of those

_FIELDS = [field.name for field in fields(Divergence)]

GroupPath = Annotated[
    str, Path(description="Id of a peer group, or of a scan.", examples=["semiconductors"])
]
IntervalQuery = Annotated[
    ScanInterval, Query(description="Daily closes, or live bars of groups that stream.")
]
ZQuery = Annotated[
    float | None,
    Query(ge=MIN_Z, le=MAX_Z, description="|z| from which a member diverges, for this answer."),
]


@router.get(
    "/divergence",
    summary="How every peer group stands",
    response_model=GroupsSummary,
    responses={**formats.documented(GroupsSummary), **documented(422, 503)},
)
async def list_divergence(
    backend: BackendDep, format_: FormatDep, interval: IntervalQuery = "1d", z: ZQuery = None
) -> Response:
    """Return the last scan of every group, without its members, from memory."""
    memory = backend.diverging.memory
    groups = [
        _summary_of(group, memory.judged(memory.find(group.id, interval), z), interval)
        for group in backend.groups
        if interval in intervals_of(group)
    ]
    if format_ != "json":
        table, name = table_of_groups(groups), f"divergence-{interval}"
        return await backend.exports.of_table(table, name=name, format_=format_)
    return json_of(GroupsSummary(interval=interval, groups=groups))


@router.get(
    "/divergence/{group}",
    summary="The last scan of a group, whole",
    response_model=DivergenceView,
    responses={**formats.documented(DivergenceView), **documented(404, 409, 422, 503)},
)
async def get_divergence(
    group: GroupPath,
    backend: BackendDep,
    format_: FormatDep,
    interval: IntervalQuery = "1d",
    z: ZQuery = None,
) -> Response:
    """Return every member's scores, its name, and its last closes, from memory.

    With `z`, members are judged by that threshold; their figures stay. As a file it has a row for
    each member.
    """
    known = _known(group, interval, backend)
    scan = backend.diverging.memory.find(group, interval)
    if scan is None:
        raise HTTPException(
            409, f"{group}: no scan on {interval} yet; POST /divergence/scans asks for one"
        )
    judged_scan = backend.diverging.memory.judged(scan, z)
    assert judged_scan is not None
    names = backend.grouping.names
    if format_ != "json":
        table, name = table_of_members(judged_scan, names), f"divergence-{group}-{interval}"
        return await backend.exports.of_table(table, name=name, format_=format_)
    lines = await backend.diverging.sparklines.of(scan)
    view = DivergenceView(
        **{name: getattr(judged_scan, name) for name in _FIELDS},
        title=known.title if known else PASTED,
        sector=known.sector if known else "",
        venue=known.venue if known else "",
        age_ms=now_ms() - scan.computed_ms,
        names={m.symbol: names.get(m.symbol, m.symbol) for m in scan.members},
        sparklines={m.symbol: lines.get(m.symbol, []) for m in scan.members},
    )
    return json_of(view)


@router.get(
    "/divergence/{group}/history",
    summary="Past divergers of a group",
    response_model=DivergersView,
    responses={**formats.documented(DivergersView), **documented(404, 422, 503)},
)
async def divergence_history(
    group: GroupPath,
    backend: BackendDep,
    format_: FormatDep,
    interval: IntervalQuery = "1d",
    limit: Annotated[
        int, Query(ge=1, le=MAX_DIVERGERS, description="How many at most.")
    ] = DEFAULT_DIVERGERS,
) -> Response:
    """Return who diverged, newest first, at every bar that was scanned, from the store.

    A file has the newest 1000, oldest first, whatever `limit`.
    """
    _known(group, interval, backend)
    most = limit if format_ == "json" else MAX_DIVERGERS
    found = await backend.closes.ask(lambda reader: reader.divergers(group, interval, limit=most))
    if format_ != "json":
        table, name = table_of(found[::-1], PastDiverger), f"divergers-{group}-{interval}"
        return await backend.exports.of_table(table, name=name, format_=format_)
    return json_of(DivergersView(group=group, interval=interval, divergers=found))


def _known(group: str, interval: ScanInterval, backend: Backend) -> PeerGroup | None:
    """Give the group, or None for a scan of pasted symbols; raise 404 for anything else."""
    known = backend.grouping.by_id.get(group)
    if known is None:
        is_scan = backend.diverging.jobs.find(group) is not None
        if not is_scan and backend.diverging.memory.find(group, interval) is None:
            shown = group[:SHOWN_CHARACTERS]
            raise HTTPException(
                404, f"expected a known group, was {shown!r}; GET /peer-groups lists them"
            )
    elif interval not in intervals_of(known):
        raise errors.BadRequest(f"interval: expected 1d, as {group} does not stream, was 1m")
    return known


def _summary_of(group: PeerGroup, scan: Divergence | None, interval: ScanInterval) -> GroupSummary:
    return GroupSummary(
        group=group.id,
        title=group.title,
        sector=group.sector,
        venue=group.venue,
        interval=interval,
        open_ms=scan.open_ms if scan else None,
        computed_ms=scan.computed_ms if scan else None,
        age_ms=now_ms() - scan.computed_ms if scan else None,
        scored=scan.scored if scan else 0,
        members=len(group.members),
        divergers=list(scan.divergers) if scan else [],
        loners=list(scan.loners) if scan else [],
        windows=list(scan.windows) if scan else [],
        text=scan.text if scan else "not scanned yet",
    )
