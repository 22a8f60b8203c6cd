"""Uploads: read in threads of their own, a few at a time, and swept when they have expired."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from api.live import now_ms
from api.uploads_kept import About, Bars, Shelf, UploadView
from api.uploads_options import options_of, sources_of
from api.uploads_received import Received
from oddlot import errors
from oddlot.settings import Settings

T = TypeVar("T")
log = logging.getLogger(__name__)

FOLDER = "uploads"  # in the state
SWEEP_S = 60.0
MAX_WAITING = 16  # requests for a thread; beyond, 503
UNPACKED_TIMES = 5  # as many bytes may a file unpack to as an upload may have; CSV packs that well
MINUTE_MS = 60_000


class Uploads:
    """What the routes of uploads draw on."""

    def __init__(self, settings: Settings, *, clock: Callable[[], int] = now_ms) -> None:
        self._settings = settings
        self._clock = clock
        self._keep_ms = settings.upload_keep_minutes * MINUTE_MS
        self._shelf = Shelf(settings.state_dir / FOLDER, max_kept=settings.upload_kept)
        self._pool = ThreadPoolExecutor(settings.upload_at_once, thread_name_prefix="uploads")
        self._waiting = 0

    async def run(self) -> None:
        """Delete what has expired, for as long as the API runs."""
        try:
            while True:
                await self.sweep()
                await asyncio.sleep(SWEEP_S)
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def sweep(self) -> None:
        """Delete what has expired."""
        await asyncio.to_thread(
            lambda: self._shelf.sweep(now_ms=self._clock(), keep_ms=self._keep_ms)
        )

    async def refuse_if_full(self) -> None:
        """Raise before a body is taken in that could not be kept."""
        await self.sweep()
        await asyncio.to_thread(self._shelf.refuse_if_full)

    async def add(self, received: Received) -> UploadView:
        """Read what was sent and keep it; raise BadUpload where it cannot be understood."""
        return await self.compute(lambda: self._add(received))

    async def about(self, upload: str) -> About:
        """Tell what an upload holds."""
        return await asyncio.to_thread(lambda: self._shelf.about(upload, now_ms=self._clock()))

    async def remove(self, upload: str) -> None:
        """Delete an upload."""
        await asyncio.to_thread(lambda: self._shelf.remove(upload, now_ms=self._clock()))

    def bars(self, upload: str, symbol: str) -> Bars:
        """Map the bars of one symbol; for threads."""
        return self._shelf.bars(upload, symbol, now_ms=self._clock())

    async def compute(self, work: Callable[[], T]) -> T:
        """Do work in a thread of the uploads', when its turn has come."""
        if self._waiting >= MAX_WAITING:
            raise errors.Unavailable(
                f"expected fewer than {MAX_WAITING} requests that wait for uploads, "
                f"was {self._waiting}; try again"
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1

    def _add(self, received: Received) -> UploadView:
        from oddlot.quant import uploads  # pandas takes a second to load: for those who upload

        settings = self._settings
        limits = uploads.Limits(
            rows=settings.upload_max_rows,
            unpacked_bytes=UNPACKED_TIMES * settings.upload_max_bytes,
        )
        upload = uploads.read(
            sources_of(received), options=options_of(received.fields), limits=limits
        )
        return self._shelf.put(upload, expires_ms=self._clock() + self._keep_ms)
