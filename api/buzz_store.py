"""What is stored of posts and buzz, behind the same door as other views."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from api.store import Asking
from oddlot.contracts.messages import Buzz, Crowd
from oddlot.settings import Settings
from oddlot.store.buzz_reader import Covered, MoodsTold, PlaceScan
from oddlot.store.posts import Order, PostCursor, PostsPage, PostsWanted


class BuzzReader(Protocol):
    """What the API reads; `oddlot.store.buzz_reader.BuzzReader` says more."""

    async def newest_hour_ms(self, to_ms: int) -> int | None: ...

    async def hours(self, from_ms: int, to_ms: int) -> list[Buzz]: ...

    async def of_symbol(
        self, symbol: str, forum: Crowd, *, from_ms: int, to_ms: int, limit: int
    ) -> list[Buzz]: ...

    async def scans(self) -> list[PlaceScan]: ...

    async def covered(
        self, from_ms: int, to_ms: int, symbol: str | None = None
    ) -> list[Covered]: ...

    async def moods(self, from_ms: int, to_ms: int) -> list[MoodsTold]: ...

    async def posts(
        self,
        wanted: PostsWanted,
        *,
        limit: int,
        after: PostCursor | None = None,
        order: Order = "newest",
    ) -> PostsPage: ...

    async def close(self) -> None: ...


ConnectBuzz = Callable[[Settings], Awaitable[BuzzReader]]
BuzzStore = Asking[BuzzReader]
