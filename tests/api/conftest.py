"""What tests of views share: a store in memory and a client of the app on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.api.places import app_on, asking
from tests.fakes import MemoryReader


@pytest.fixture
def reader() -> MemoryReader:
    """Give an empty store."""
    return MemoryReader()


@pytest.fixture
def app(reader: MemoryReader) -> FastAPI:
    """Give an app on it."""
    return app_on(reader, settings={"ui_port": 8050})


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the app."""
    async with asking(app) as client:
        yield client
