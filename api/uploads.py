"""Files of prices -> kept for a while, with what was understood of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.answers import json_of
from api.backend import BackendDep
from api.problems import documented
from api.uploads_kept import UploadView
from api.uploads_options import KNOWN
from api.uploads_received import MULTIPART, received

router = APIRouter(tags=["uploads"])

UploadId = Annotated[str, Path(description="As POST /uploads gave it.")]

_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        **{name: {"type": "string"} for name in KNOWN},
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            MULTIPART: {"schema": _FORM},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


@router.post(
    "/uploads",
    summary="Upload files of prices",
    status_code=201,
    response_model=UploadView,
    responses=documented(400, 403, 413, 415, 422, 503),
    openapi_extra=_BODY,
)
async def upload_files(request: Request, backend: BackendDep) -> Response:
    """Read CSV files, packed or not, and return what was understood of them.

    A form with one or more `files`, or one file as the body with `?name=`. How they are written is
    found out; every field that is not a file says a part of it, and so do query parameters beside
    a body. docs/uploads.md has them.
    """
    await backend.uploads.refuse_if_full()
    limit = backend.settings.upload_max_bytes
    async with received(request, max_bytes=limit) as sent:
        view = await backend.uploads.add(sent)
    answer = json_of(view, status=201)
    answer.headers["Location"] = f"/uploads/{view.upload}"
    return answer


@router.get(
    "/uploads/{upload}",
    summary="What was understood of an upload",
    response_model=UploadView,
    responses=documented(404),
)
async def upload_about(upload: UploadId, backend: BackendDep) -> Response:
    """Return what POST /uploads returned."""
    return json_of((await backend.uploads.about(upload)).view)


@router.delete(
    "/uploads/{upload}",
    summary="Delete an upload",
    status_code=204,
    responses=documented(403, 404),
)
async def delete_upload(upload: UploadId, backend: BackendDep) -> Response:
    """Delete an upload before its time."""
    await backend.uploads.remove(upload)
    return Response(status_code=204)
