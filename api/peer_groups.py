"""Views of peer groups, and their changes: whole groups, by ETag and If-Match."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.answers import json_of
from api.backend import BackendDep
from api.problems import documented
from oddlot import errors, peer_groups
from oddlot.peer_groups import ANY, PeerGroup, Stored
from oddlot.peer_groups.texts import MAX_BYTES

router = APIRouter(tags=["peer groups"])

SHOWN_CHARACTERS = 80
FIRST_SEE = "GET it, and send its ETag as If-Match"

GroupPath = Annotated[str, Path(description="Its id.", examples=["semiconductors"])]
IfMatch = Annotated[
    str | None, Header(description="ETag of what is replaced; `*` replaces whatever is there.")
]
IfNoneMatch = Annotated[str | None, Header(description="`*` saves only where there is none yet.")]
_TAGGED = {"headers": {"ETag": {"description": "Revision.", "schema": {"type": "string"}}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerGroupView(PeerGroup):
    """A peer group and its revision, which is its ETag."""

    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerGroupsView:
    """Every peer group, in the order of their ids."""

    groups: list[PeerGroupView]
    problems: Annotated[
        list[str], Field(description="What is wrong with files; their last good version stays.")
    ]


@router.get("/peer-groups", summary="Every peer group", response_model=PeerGroupsView)
async def list_peer_groups(backend: BackendDep) -> Response:
    """Return every group from memory, at most a second or two after its file changed."""
    snapshot = backend.grouping.snapshot
    groups = [_view_of(stored) for stored in snapshot.stored]
    return json_of(PeerGroupsView(groups=groups, problems=list(snapshot.problems)))


@router.get(
    "/peer-groups/{group}",
    summary="One peer group",
    response_model=PeerGroupView,
    responses={200: _TAGGED, **documented(404, 422)},
)
async def get_peer_group(group: GroupPath, backend: BackendDep) -> Response:
    """Return a group as its file is now."""
    return _answer(await backend.grouping.find(group))


@router.put(
    "/peer-groups/{group}",
    summary="Save a peer group",
    response_model=PeerGroupView,
    status_code=201,
    responses={
        200: {
            "model": PeerGroupView,
            "description": "It was there before; now it is so",
            **_TAGGED,
        },
        201: {"description": "It is new", **_TAGGED},
        **documented(404, 412, 413, 422, 428),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
async def put_peer_group(
    group: GroupPath,
    request: Request,
    backend: BackendDep,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Save a whole group, or nothing; every process follows within seconds.

    The body is a group as its file has it; `revision` in it is passed over.
    """
    expected = _expected(if_match, if_none_match)
    text = _without_revision(await _body(request))
    wanted = peer_groups.parse(text, file=f"{group[:SHOWN_CHARACTERS]}.json")
    is_new = expected is None or group not in backend.grouping.by_id
    return _answer(await backend.grouping.save(wanted, expected=expected), is_new=is_new)


@router.delete(
    "/peer-groups/{group}",
    summary="Remove a peer group",
    status_code=204,
    response_class=Response,
    responses=documented(404, 412, 422, 428),
)
async def delete_peer_group(
    group: GroupPath, backend: BackendDep, if_match: IfMatch = None
) -> Response:
    """Remove a group; what was stored of its members stays."""
    if if_match is None:
        raise HTTPException(428, f"If-Match: expected, was missing; {FIRST_SEE}")
    await backend.grouping.remove(group, expected=_revision(if_match))
    return Response(status_code=204)


def _answer(stored: Stored, *, is_new: bool = False) -> Response:
    answer = json_of(_view_of(stored), status=201 if is_new else 200)
    answer.headers["ETag"] = f'"{stored.revision}"'
    return answer


def _view_of(stored: Stored) -> PeerGroupView:
    group = stored.group
    return PeerGroupView(
        id=group.id,
        title=group.title,
        sector=group.sector,
        venue=group.venue,
        benchmark=group.benchmark,
        members=group.members,
        pairs=group.pairs,
        notes=group.notes,
        revision=stored.revision,
    )


def _expected(if_match: str | None, if_none_match: str | None) -> str | None:
    """Read which revision is replaced; None where there must be none yet."""
    if if_match is not None:
        return _revision(if_match)
    if if_none_match is None:
        raise HTTPException(
            428,
            "If-Match: expected, or If-None-Match: * for a new group, was neither; "
            f"of a group that is there, {FIRST_SEE}",
        )
    if if_none_match.strip() != ANY:
        shown = if_none_match[:SHOWN_CHARACTERS]
        raise errors.BadRequest(f"If-None-Match: expected *, was {shown!r}")
    return None


def _revision(if_match: str) -> str:
    """Take the quotes off an ETag."""
    return if_match.strip().removeprefix("W/").strip('"')[:SHOWN_CHARACTERS]


def _without_revision(text: bytes) -> bytes:
    """Leave out what a group was given with, so that it can be sent back as it is."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return text  # `parse` says what is wrong with it
    if not isinstance(given, dict) or "revision" not in given:
        return text
    del given["revision"]
    return json.dumps(given).encode()


async def _body(request: Request) -> bytes:
    """Read a body of at most MAX_BYTES."""
    found = bytearray()
    try:
        async for chunk in request.stream():
            found += chunk
            if len(found) > MAX_BYTES:
                raise HTTPException(413, f"expected at most {MAX_BYTES} bytes; save a smaller one")
    except ClientDisconnect as e:
        raise HTTPException(400, "expected a whole group, was cut off; send it again") from e
    return bytes(found)
