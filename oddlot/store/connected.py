"""Settings -> a connection that views are read by: what all readers share."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Self

from clickhouse_connect.driver.asyncclient import AsyncClient

from oddlot.settings import Settings
from oddlot.store import client as clients
from oddlot.store import migrations


class Connected:
    """Reads by one client; any number at a time in one event loop.

    Every method raises `StoreUnavailable` when the store is away.
    """

    def __init__(self, settings: Settings, client: AsyncClient) -> None:
        """Read by a client that is there already; whoever made it closes it."""
        self._settings = settings
        self._client = client

    @classmethod
    async def connect(cls, settings: Settings) -> Self:
        """Connect, and bring the tables up to date if nobody has.

        Parameters
        ----------
        settings : where the store is.

        Raises
        ------
        StoreUnavailable
            If it does not answer.
        """
        await asyncio.to_thread(migrations.apply, settings)
        return cls(settings, await clients.connect_async(settings))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _lines(self, sql: str, parameters: Mapping[str, Any]) -> bytes:
        """Give the rows of a statement as JSON, one a line."""
        with clients.answering(self._settings):
            return await self._client.raw_query(sql, parameters=dict(parameters), fmt="JSONEachRow")
