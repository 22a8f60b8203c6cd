"""A web server on loopback that takes, refuses or ignores what is posted to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Post:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Place:
    """Answers with each status in turn, then with the last one for good; 0 hangs."""

    def __init__(self, statuses: Iterable[int], extra: str = "") -> None:
        self._statuses = list(statuses)
        self._extra = extra
        self._grown = asyncio.Condition()
        self.posts: list[Post] = []
        self.url = ""

    async def until(self, count: int) -> list[Post]:
        """Wait for so many posts."""
        async with asyncio.timeout(20), self._grown:
            await self._grown.wait_for(lambda: len(self.posts) >= count)
        return self.posts

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._serve_one(reader, writer)
        writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        async with self._grown:
            self.posts.append(Post(head[0].split()[1], headers, body))
            self._grown.notify_all()
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if status == 0:
            await reader.read()  # until the sender has had enough
            raise ConnectionError
        writer.write(f"HTTP/1.1 {status} X\r\n{self._extra}Content-Length: 0\r\n\r\n".encode())
        await writer.drain()


@contextlib.asynccontextmanager
async def receiving(*statuses: int, extra: str = "") -> AsyncIterator[Place]:
    """Run one on a free port."""
    place = Place(statuses, extra)
    server = await asyncio.start_server(place.serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        place.url = f"http://{host}:{port}/hook"
        yield place
