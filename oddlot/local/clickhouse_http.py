"""ClickHouse's HTTP interface in front of the embedded engine: one ASGI callable."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator

from oddlot.local import clickhouse_codings, clickhouse_errors, clickhouse_request
from oddlot.local import clickhouse_statements as statements
from oddlot.local.clickhouse_engine import Engine
from oddlot.local.clickhouse_errors import StatementFailed
from oddlot.local.clickhouse_request import Body, Receive, Request, Scope, Send
from oddlot.local.clickhouse_session import Result, Statement

log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]

_ALIVE = frozenset({"/ping", "/replicas_status"})
_HEAD_BYTES = 64 << 10  # an insert names its format within these
# Blocks of these, one after the other, are again the format; others need their frame around all.
_STREAMED = frozenset({
    "Native", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV", "RowBinary",
    "JSONEachRow", "JSONCompactEachRow",
})  # fmt: skip
_TYPES = {
    "JSON": "application/json",
    "CSV": "text/csv",
    "TabSeparated": "text/tab-separated-values",
}


class Interface:
    """Answers requests; see ClickHouse's documentation of its HTTP interface."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever becomes of it."""
        answer = _Answer(send)
        try:
            request = clickhouse_request.parse(scope)
            answer.query_id = request.query_id
            if request.path in _ALIVE or (request.path == "/" and _asks_nothing(request)):
                await answer.whole(b"Ok.\n", "")
            elif request.path != "/":
                await answer.missing(request.path)
            else:
                await self._run(request, receive, answer)
        except StatementFailed as e:
            await answer.failure(e)
        except asyncio.CancelledError:  # only the server's own end cancels a request
            await answer.failure(
                clickhouse_errors.failed(
                    "CANNOT_SCHEDULE_TASK", "Expected time to finish, was told to stop; try again"
                )
            )

    async def _run(self, request: Request, receive: Receive, answer: _Answer) -> None:
        limits = self._engine.limits
        coding = request.headers.get("content-encoding", "").lower()
        body = Body(receive, coding, limits.body_bytes)
        try:
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                form = await _all(body.pieces(), limits.statement_bytes)
                request = clickhouse_request.with_form(request, form)
            await self._statement(request, body, answer)
        except StatementFailed:
            with contextlib.suppress(StatementFailed):
                await body.drain()
            raise

    async def _statement(self, request: Request, body: Body, answer: _Answer) -> None:
        pieces = body.pieces()
        head = bytearray(request.query + b"\n" if request.query else b"")
        while len(head) < _HEAD_BYTES and (piece := await anext(pieces, b"")):
            head += piece
        if statements.is_insert(bytes(head)):
            insert = statements.insert_head(bytes(head[:_HEAD_BYTES]))
            if insert is not None:
                data = _chained(bytes(head[insert.length :]), pieces)
                asked = _statement(request, insert.sql, insert.format)
                self._require_writable(request)
                await answer.acknowledge(await self._engine.insert(asked, data))
                return
        sql = await _all(_chained(bytes(head), pieces), self._engine.limits.statement_bytes)
        await self._plain(request, sql.strip(), body, answer)

    async def _plain(self, request: Request, sql: bytes, body: Body, answer: _Answer) -> None:
        """Run a statement that carries no data."""
        writes_rows = statements.is_insert(sql)
        shape = statements.shape(b"INSERT" if writes_rows else sql)
        if shape.statements > 1:
            raise clickhouse_errors.failed(
                "SYNTAX_ERROR", f"Expected one statement, was {shape.statements}; send each alone"
            )
        format_ = shape.format or request.format
        asked = _statement(request, sql.decode(errors="replace"), format_)
        if not shape.reads:
            self._require_writable(request)
            result = await self._engine.write(asked, scoped=shape.scoped)
            await answer.acknowledge(result)
        elif shape.streams and format_ in _STREAMED and not request.waits_for_the_end:
            async with contextlib.aclosing(self._engine.stream(asked)) as blocks:
                await answer.stream(body.until_gone(blocks), format_, request.accepts)
        else:
            result = await self._engine.read(asked)
            await answer.whole(result.body, format_, result=result, accepts=request.accepts)

    def _require_writable(self, request: Request) -> None:
        if not request.may_write:
            raise clickhouse_errors.failed(
                "READONLY",
                "Expected a statement that changes nothing: over HTTP, GET implies readonly; "
                "use POST",
            )


class _Answer:
    """Writes one answer, once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = False
        self.query_id = ""

    async def whole(
        self, body: bytes, format_: str, *, result: Result | None = None, accepts: str = ""
    ) -> None:
        headers = self._headers(format_, result or Result())
        chosen = clickhouse_codings.encoder(accepts) if body else None
        if chosen:
            coding, encoder = chosen
            headers.append((b"content-encoding", coding.encode()))
            body = encoder.begin() + encoder.compress(body) + encoder.flush()
        headers.append((b"content-length", str(len(body)).encode()))
        await self._start(200, headers)
        await self._body(body, more=False)

    async def acknowledge(self, result: Result) -> None:
        """Say what a write did; one that answers (KILL, for one) does it in its body."""
        format_ = "TabSeparated" if result.body else ""
        await self.whole(result.body, format_, result=result)

    async def stream(self, blocks: AsyncIterator[bytes], format_: str, accepts: str) -> None:
        first = await anext(blocks, b"")  # an error so far still has a status
        tag = uuid.uuid4().hex[:16]
        headers = self._headers(format_, Result())
        headers.append((b"x-clickhouse-exception-tag", tag.encode()))
        chosen = clickhouse_codings.encoder(accepts)
        encoder = chosen[1] if chosen else None
        if chosen:
            headers.append((b"content-encoding", chosen[0].encode()))
        await self._start(200, headers)
        await self._body(encoder.begin() if encoder else b"", more=True)
        async for block in _told(_chained(first, blocks), tag):
            await self._body(encoder.compress(block) if encoder else block, more=True)
        await self._body(encoder.flush() if encoder else b"", more=False)

    async def failure(self, e: StatementFailed) -> None:
        if self._started:
            return  # its connection is closed unfinished, which is how a client can tell
        headers = self._headers("", Result())
        headers.append((b"x-clickhouse-exception-code", str(e.code).encode()))
        body = f"{e}\n".encode()
        headers.append((b"content-length", str(len(body)).encode()))
        await self._start(e.status, headers)
        await self._body(body, more=False)

    async def missing(self, path: str) -> None:
        await self._start(404, self._headers("", Result()))
        await self._body(f"There is no handle {path[:80]}\n".encode(), more=False)

    def _headers(self, format_: str, result: Result) -> Headers:
        content = _TYPES.get(format_, "application/octet-stream" if format_ else "text/plain")
        headers = [
            (b"content-type", f"{content}; charset=UTF-8".encode()),
            (b"x-clickhouse-server-display-name", b"oddlot"),
            (b"x-clickhouse-query-id", self.query_id.encode("latin-1", "replace")),
            (b"x-clickhouse-timezone", b"UTC"),
            (b"x-clickhouse-summary", _summary(result)),
        ]
        if format_:
            headers.append((b"x-clickhouse-format", format_.encode()))
        return headers

    async def _start(self, status: int, headers: Headers) -> None:
        self._started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _body(self, body: bytes, *, more: bool) -> None:
        if body or not more:
            await self._send({"type": "http.response.body", "body": body, "more_body": more})


def _statement(request: Request, sql: str, format_: str) -> Statement:
    return Statement(
        sql=sql,
        format=format_,
        database=request.database,
        settings=request.settings,
        params=request.params,
    )


def _summary(result: Result) -> bytes:
    """Count as ClickHouse does: numbers as text."""
    counts = {
        "read_rows": result.read_rows,
        "read_bytes": result.read_bytes,
        "written_rows": result.written_rows,
        "written_bytes": result.written_bytes,
        "total_rows_to_read": result.read_rows,
        "result_rows": result.rows,
        "result_bytes": len(result.body),
        "elapsed_ns": result.elapsed_ns,
    }
    return json.dumps({name: str(count) for name, count in counts.items()}).encode()


def _asks_nothing(request: Request) -> bool:
    return request.method in {"GET", "HEAD"} and not request.query


async def _told(blocks: AsyncIterator[bytes], tag: str) -> AsyncGenerator[bytes]:
    """Put an error that comes after the status into the body, where clients look for it."""
    try:
        async for block in blocks:
            yield block
    except StatementFailed as e:
        text = f"{e}\n".encode()
        yield b"__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n" % (
            tag.encode(), text, len(text), tag.encode(),
        )  # fmt: skip


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece


async def _all(pieces: AsyncIterator[bytes], limit: int) -> bytes:
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        if len(gathered) > limit:
            raise clickhouse_errors.failed(
                "QUERY_IS_TOO_LARGE",
                f"Expected a statement of at most {limit} bytes, was more; "
                f"send data as INSERT ... FORMAT",
            )
    return bytes(gathered)
