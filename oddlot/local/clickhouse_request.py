"""One HTTP request -> the statement it carries, what it asks for, and its body."""

from __future__ import annotations

import asyncio
import email
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from oddlot.local import clickhouse_errors
from oddlot.local.clickhouse_codings import Decoder
from oddlot.local.clickhouse_session import DATABASE

Scope = MutableMapping[str, Any]  # ASGI's own types
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

DEFAULT_FORMAT = "TabSeparated"  # of ClickHouse's HTTP interface
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
# What ClickHouse's HTTP interface reads itself: none of these are settings of the engine, or
# none that would mean something here.
_OURS = frozenset({
    "add_http_cors_header", "buffer_size", "cancel_http_readonly_queries_on_client_close",
    "client_protocol_version", "close_session", "compress", "database", "decompress",
    "default_format", "enable_http_compression", "http_headers_progress_interval_ms",
    "http_write_exception_in_output_format", "http_zlib_compression_level", "password", "query",
    "query_id", "quota_key", "readonly", "role", "send_progress_in_http_headers",
    "session_check", "session_id", "session_timeout", "stacktrace", "user", "wait_end_of_query",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """A request, but for its body.

    Attributes
    ----------
    method, path : of HTTP.
    headers : names in lower case.
    fields : of the URL, and of a form.
    """

    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]

    @property
    def query(self) -> bytes:
        """The statement, or its beginning, outside the body."""
        return self.fields.get("query", "").encode()

    @property
    def database(self) -> str:
        """For unqualified names."""
        return self.fields.get("database") or self.headers.get("x-clickhouse-database") or DATABASE

    @property
    def format(self) -> str:
        """Of the answer, if the statement names none."""
        named = self.fields.get("default_format") or self.headers.get("x-clickhouse-format")
        return named or DEFAULT_FORMAT

    @property
    def params(self) -> dict[str, str]:
        """Values of the statement's places, without `param_`."""
        return {k[6:]: v for k, v in self.fields.items() if k.startswith("param_")}

    @property
    def settings(self) -> dict[str, str]:
        """Settings for this statement."""
        return {
            name: value
            for name, value in self.fields.items()
            if name not in _OURS and not name.startswith("param_")
        }

    @property
    def query_id(self) -> str:
        """Its own, or a new one."""
        return self.fields.get("query_id") or str(uuid.uuid4())

    @property
    def may_write(self) -> bool:
        """Whether HTTP's method and the request's own word allow it, as ClickHouse has it."""
        return self.method == "POST" and self.fields.get("readonly", "0") == "0"

    @property
    def waits_for_the_end(self) -> bool:
        """Whether the answer has to be whole before its first byte is sent."""
        return self.fields.get("wait_end_of_query") == "1"

    @property
    def accepts(self) -> str:
        """The content codings that the client takes."""
        if self.fields.get("enable_http_compression") != "1":
            return ""
        return self.headers.get("accept-encoding", "")


class Body:
    """What a client sends, unpacked, counted, piece by piece."""

    def __init__(self, receive: Receive, coding: str, limit: int) -> None:
        self._receive = receive
        self._decoder = Decoder(coding)
        self._limit = limit
        self._arrived = 0
        self._ended = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the next bytes, never none.

        Raises
        ------
        StatementFailed
            If the client leaves, the coding is broken, or there is more than the limit.
        """
        while not self._ended:
            data = await self._next()
            for piece in self._decoder.pieces(data):
                self._arrived += len(piece)
                if self._arrived > self._limit:
                    raise clickhouse_errors.failed(
                        "TOO_MANY_BYTES",
                        f"Expected at most {self._limit} bytes, was more; send it in parts",
                    )
                yield piece
        self._decoder.finish()

    async def drain(self) -> None:
        """Take the rest and forget it, or the client never reads the answer."""
        while not self._ended:
            self._arrived += len(await self._next())
            if self._arrived > self._limit:
                return

    async def until_gone(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Give an answer's blocks, up to the end or until the client has left.

        Parameters
        ----------
        blocks : of an answer to a request whose body has been read.
        """
        gone = asyncio.ensure_future(self._receive())
        try:
            while not gone.done() and (block := await anext(blocks, b"")):
                yield block
        finally:
            gone.cancel()

    async def _next(self) -> bytes:
        event = await self._receive()
        if event["type"] == "http.disconnect":
            self._ended = True
            raise clickhouse_errors.failed("NETWORK_ERROR", "Expected the rest, was disconnected")
        self._ended = not event.get("more_body", False)
        data: bytes = event.get("body", b"")
        return data


def parse(scope: Scope) -> Request:
    """Read everything but the body.

    Parameters
    ----------
    scope : ASGI's.

    Raises
    ------
    StatementFailed
        If a web page sent it, or it asks for what there is not.
    """
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
    _require_loopback(headers)
    text = scope["query_string"].decode("latin-1")
    request = Request(
        scope["method"], scope["path"], headers, dict(parse_qsl(text, keep_blank_values=True))
    )
    for name in ("compress", "decompress"):
        if request.fields.get(name, "0") not in {"0", "false"}:
            raise clickhouse_errors.failed(
                "NOT_IMPLEMENTED",
                f"Expected {name}=0, was {request.fields[name]!r}: ClickHouse's own block "
                f"compression is not offered; HTTP content codings are",
            )
    return request


def with_form(request: Request, body: bytes) -> Request:
    """Add the fields of a form: long statements and parameters come so.

    Parameters
    ----------
    request : with a content type of multipart/form-data.
    body : the whole form.

    Raises
    ------
    StatementFailed
        If it holds files: tables sent beside a statement are not offered.
    """
    header = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("latin-1")
    fields = dict(request.fields)
    for part in email.message_from_bytes(header + body).walk():
        if part.is_multipart():
            continue
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is not None or not isinstance(name, str):
            raise clickhouse_errors.failed(
                "NOT_IMPLEMENTED", "Expected a form of text fields, was one with files"
            )
        value = part.get_payload(decode=True)
        fields[name] = value.decode(errors="replace") if isinstance(value, bytes) else ""
    return Request(request.method, request.path, request.headers, fields)


def _require_loopback(headers: dict[str, str]) -> None:
    """Refuse what a web page sent: any page may post to loopback, and names can be rebound."""
    host = headers.get("host", "127.0.0.1")
    for place in (f"//{host}", headers.get("origin", "//localhost")):
        if urlsplit(place).hostname not in _LOOPBACK_NAMES:
            raise clickhouse_errors.failed(
                "ACCESS_DENIED",
                f"Expected a request from this machine to 127.0.0.1, was {place[:80]!r}",
            )
