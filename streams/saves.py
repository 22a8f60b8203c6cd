"""State that runs ahead of its table, saved now and then.

Results are posted at once; once the broker has them, state and offsets follow, together. A worker
that dies does the work since the last save again, and says the same things under the same keys.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from faust.types import TableT

from streams import batches
from streams.worker import Entry, Worker

EVERY_S = 0.25


class Saves:
    """Acknowledges events once the state that they led to is on the changelog."""

    def __init__(
        self,
        app: Worker,
        table: TableT[Any, Any],
        *,
        unsaved: Callable[[], list[Entry]],
        forget: Callable[[], None],
    ) -> None:
        """Take what gives the entries to write, and what goes back to those of the table."""
        self._app, self._table = app, table
        self._unsaved, self._forget = unsaved, forget
        self._events: list[batches.Event] = []
        self._results: list[Awaitable[None]] = []
        self._saving = asyncio.Lock()
        table.on_recover(self._recovered)

    def hold(self, events: list[batches.Event], results: Iterable[Awaitable[None]]) -> None:
        """Keep events until their results are acknowledged and the state is saved."""
        self._events += events
        self._results += results

    async def save(self) -> None:
        """Write what is unsaved, then acknowledge the events behind it."""
        async with self._saving:
            events, self._events = self._events, []
            results, self._results = self._results, []
            entries = self._unsaved()  # of this moment: later results may not be there yet
            await asyncio.gather(*results)
            are_ours = functools.partial(batches.are_ours, self._app, events)
            if await self._app.write(self._table, entries, are_ours=are_ours):
                batches.done(events)
            else:
                self._forget()

    async def _recovered(self) -> None:
        """Go back to what is saved: the partitions were another's, or come back changed."""
        self._events = []  # their results are awaited all the same: none may fail unseen
        self._forget()
