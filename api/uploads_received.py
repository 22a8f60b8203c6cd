"""The body of a request -> files on disk and fields, never more bytes than allowed."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from oddlot import errors

MEMORY_BYTES = 1 << 20  # of a file, before it goes to disk
MAX_FILES = 50  # as the reader takes
MAX_FIELDS = 200  # options, and a symbol a file
MAX_FIELD_BYTES = 64 * 1024
OVERHEAD_BYTES = 1 << 20  # of a form around its files
MULTIPART = "multipart/form-data"
PLAIN = (
    "text/csv", "text/plain", "text/tab-separated-values", "application/csv",
    "application/gzip", "application/x-gzip", "application/zip", "application/octet-stream",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that was sent, on disk if it is large."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Received:
    """What a request brought: files, and for each name its values."""

    files: tuple[ReceivedFile, ...]
    fields: Mapping[str, tuple[str, ...]]


@contextlib.asynccontextmanager
async def received(request: Request, *, max_bytes: int) -> AsyncIterator[Received]:
    """Take in a form of files, or one file as the body; both are gone afterwards."""
    _check_length(request, max_bytes)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    async with contextlib.AsyncExitStack() as opened:
        try:
            if kind == MULTIPART:
                yield await _form(request, max_bytes, opened)
            elif kind in PLAIN:
                yield await _body(request, max_bytes, opened)
            else:
                raise HTTPException(
                    415, f"expected {MULTIPART} with `files`, or text/csv, was {kind!r}"
                )
        except ClientDisconnect as e:
            raise HTTPException(400, "expected a whole upload, was cut off; send it again") from e


async def _form(request: Request, max_bytes: int, opened: contextlib.AsyncExitStack) -> Received:
    parser = MultiPartParser(
        request.headers,
        _counted(request, max_bytes + OVERHEAD_BYTES, max_bytes),
        max_files=MAX_FILES,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as e:
        raise errors.BadUpload(
            f"expected a form of at most {MAX_FILES} files and {MAX_FIELDS} fields: {e.message}"
        ) from e
    opened.push_async_callback(form.close)
    files, fields = list[ReceivedFile](), dict[str, tuple[str, ...]]()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files.append(ReceivedFile(value.filename or name, value.file))
        else:
            fields[name] = (*fields.get(name, ()), value)
    return Received(tuple(files), fields)


async def _body(request: Request, max_bytes: int, opened: contextlib.AsyncExitStack) -> Received:
    file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115  # entered below
    opened.enter_context(file)
    async for chunk in _counted(request, max_bytes, max_bytes):
        await run_in_threadpool(file.write, chunk)
    fields = {name: tuple(request.query_params.getlist(name)) for name in request.query_params}
    name = fields.pop("name", ("",))[-1]
    return Received((ReceivedFile(name, cast("BinaryIO", file)),), fields)


async def _counted(request: Request, limit: int, said: int) -> AsyncGenerator[bytes, None]:
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > limit:
            raise _too_large(said)
        yield chunk


def _check_length(request: Request, max_bytes: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes + OVERHEAD_BYTES:
        raise _too_large(max_bytes)


def _too_large(max_bytes: int) -> HTTPException:
    return HTTPException(
        413,
        f"expected at most {max_bytes:,} bytes, was more; send it packed (gzip or zip), split it, "
        "or raise ODDLOT_UPLOAD_MAX_BYTES",
    )
