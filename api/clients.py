"""One WebSocket client: its channels, what it is owed, and how slow it is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from api.channels import Channel
from api.problems import problem_of

MAX_CHANNELS = 200  # of one client: every channel of a few groups
MAX_REPLIES = 16  # answers that wait; beyond, we stop listening
SEND_DEADLINE_S = 30.0  # a client that takes nothing for so long is let go

Send = Callable[[str], Awaitable[None]]


class Stuck(Exception):
    """A client takes nothing any more."""


class Client:
    """What one client has asked for and is owed; `speak` is the only one who sends to it."""

    def __init__(self, epoch: str) -> None:
        self._epoch = epoch
        self._seen: dict[Channel, int | None] = {}  # None: a snapshot is due
        self._due: dict[Channel, None] = {}  # channels with news, in the order they came
        self._replies: deque[str] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self._wake = asyncio.Event()
        self._blocked_since_s: float | None = None

    def subscribe(self, channel: Channel) -> bool:
        """Owe it a channel from its snapshot on, even if it had it; False beyond the limit."""
        if channel not in self._seen and len(self._seen) >= MAX_CHANNELS:
            return False
        channel.clients.add(self)
        self._seen[channel] = None
        self.notify(channel)
        return True

    def unsubscribe(self, channel: Channel) -> None:
        """Owe it nothing more of a channel."""
        channel.clients.discard(self)
        self._seen.pop(channel, None)
        self._due.pop(channel, None)

    def leave(self) -> None:
        """Forget all channels, and be forgotten by them."""
        for channel in list(self._seen):
            self.unsubscribe(channel)

    def notify(self, channel: Channel) -> None:
        """Hear that a channel has news."""
        self._due[channel] = None
        self._wake.set()

    async def reply(self, frame: dict[str, Any]) -> None:
        """Owe it an answer; wait while too many wait already, so that nobody floods us."""
        await self._room.wait()
        self._owe(frame)

    def blocked_s(self) -> float:
        """Tell for how long it has been taking a frame; zero where nothing is on its way."""
        if self._blocked_since_s is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._blocked_since_s

    def beat(self, now_ms: int) -> None:
        """Owe it a heartbeat; raise Stuck if it has taken nothing for too long."""
        if self.blocked_s() > SEND_DEADLINE_S:
            raise Stuck(f"took nothing for {SEND_DEADLINE_S:.0f} s")
        if not self._replies:  # one that waits will do
            self._owe({"type": "heartbeat", "now_ms": now_ms})

    async def speak(self, send: Send) -> None:
        """Send what it is owed, for ever."""
        clock = asyncio.get_running_loop().time
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._replies or self._due:
                if (frame := self._next()) is not None:
                    self._blocked_since_s = clock()
                    await send(frame)
                    self._blocked_since_s = None

    def _owe(self, frame: dict[str, Any]) -> None:
        self._replies.append(msgspec.json.encode(frame).decode())
        if len(self._replies) >= MAX_REPLIES:
            self._room.clear()
        self._wake.set()

    def _next(self) -> str | None:
        if self._replies:
            self._room.set()
            return self._replies.popleft()
        channel = next(iter(self._due))
        seen = self._seen[channel]
        if seen is not None and (count := channel.skipped(seen)):
            self._seen[channel] = seen + count  # the channel stays due: the rest follows
            return (
                f'{{"type":"skipped","channel":{channel.quoted},'
                f'"count":{count},"seq":{seen + count}}}'
            )
        del self._due[channel]
        self._seen[channel] = channel.seq
        if seen is None:
            return channel.snapshot(self._epoch)
        return channel.update(seen) if seen < channel.seq else None


def error_frame(detail: str, *, status: int = 422, channels: Sequence[str] = ()) -> dict[str, Any]:
    """Give an error in the envelope that HTTP uses; `channels` names those that exist."""
    problem = msgspec.to_builtins(problem_of(status, detail))
    return {"type": "error", "problem": problem | ({"channels": channels} if channels else {})}
