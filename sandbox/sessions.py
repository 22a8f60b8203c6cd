"""One WebSocket connection: its route, its streams, and the answers to its control frames."""

from __future__ import annotations

import re
from collections import deque
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec
from websockets.asyncio.server import ServerConnection

# Since the routes were split, a stream is heard on its own route only.
ROUTES = {"aggTrade": "market", "bookTicker": "public"}
_TARGET = re.compile(
    r"^/(?P<route>market|public|private)/(?P<form>stream|ws)(?:/(?P<streams>.*))?$"
)


class Target(NamedTuple):
    """What an address asks for: route, combined envelopes or raw payloads, streams."""

    route: str
    combined: bool
    streams: tuple[str, ...]


class Control(msgspec.Struct, frozen=True):
    """A control frame of a client."""

    method: Literal["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS"]
    id: int | str | None = None
    params: list[str] = []


def target_of(address: str) -> Target | None:
    """Read an address; None where the exchange has nothing, as on the retired unrouted paths."""
    url = urlsplit(address)
    match = _TARGET.match(url.path)
    if match is None:
        return None
    combined = match["form"] == "stream"
    asked = parse_qs(url.query).get("streams", [""])[0] if combined else match["streams"] or ""
    return Target(match["route"], combined, tuple(filter(None, asked.split("/"))))


class Session:
    """The state of one connection."""

    def __init__(self, connection: ServerConnection, target: Target, *, number: int) -> None:
        self.connection = connection
        self.number = number  # in the order of arrival
        self.combined = target.combined
        self.route = target.route
        self.streams = set(target.streams)
        self._asked_at: deque[float] = deque()

    def hears(self, stream: str) -> bool:
        """Whether the session gets this stream: it asked for it, and on the right route."""
        return stream in self.streams and ROUTES.get(stream.split("@")[-1]) == self.route

    def is_flooding(self, now_s: float, *, limit_a_second: int) -> bool:
        """Count one incoming message; say whether there were too many in the last second."""
        self._asked_at.append(now_s)
        while self._asked_at[0] < now_s - 1.0:
            self._asked_at.popleft()
        return len(self._asked_at) > limit_a_second

    def control(self, frame: str | bytes) -> Any:
        """Carry out a control frame and give its answer; every stream is acknowledged."""
        try:
            asked = msgspec.json.decode(frame, type=Control)
        except msgspec.DecodeError as e:
            return {"error": {"code": 2, "msg": f"Invalid request: {e}"}}
        if asked.method == "LIST_SUBSCRIPTIONS":
            return {"result": sorted(self.streams), "id": asked.id}
        if asked.method == "SUBSCRIBE":
            self.streams.update(asked.params)
        else:
            self.streams.difference_update(asked.params)
        return {"result": None, "id": asked.id}
