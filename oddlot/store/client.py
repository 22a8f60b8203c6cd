"""Settings -> clients of ClickHouse over HTTP, and its errors in our words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from oddlot import errors
from oddlot.settings import Settings

DEFAULT_DATABASE = "default"
DEFAULT_PORTS = {"http": 8123, "https": 8443}  # ClickHouse's own
CONNECT_S = 5
ANSWER_S = 60
CONNECTIONS = 64  # of one process; more wait for one of these

WRITE_SETTINGS = {
    "async_insert": 0,  # acknowledged means on disk, not in the server's memory
    # Rows that replace each other may come in two inserts, so views leave one a key anyway (FINAL):
    # looking for such rows within each insert as well costs half of its time.
    "optimize_on_insert": 0,
}
# A view reads a few thousand rows: more threads only take the core from another view.
VIEW_SETTINGS = {
    "max_threads": 1,
    "do_not_merge_across_partitions_select_final": 1,  # a key never spans partitions
    "output_format_json_quote_64bit_integers": 0,
    # Each view would hand its few rows to two more threads, and wait for both on a busy machine.
    "output_format_parallel_formatting": 0,
}

# Errors of the server that pass: anything else is a bug of ours.
_PASSING = {
    159: "out of time",  # TIMEOUT_EXCEEDED
    202: "too busy",  # TOO_MANY_SIMULTANEOUS_QUERIES
    209: "out of time on the line",  # SOCKET_TIMEOUT
    210: "cut off",  # NETWORK_ERROR
    241: "out of memory",  # MEMORY_LIMIT_EXCEEDED
    242: "read-only",  # TABLE_IS_READ_ONLY
    243: "out of disk space",  # NOT_ENOUGH_SPACE
    252: "behind with its merges",  # TOO_MANY_PARTS
    439: "about to stop, or too busy",  # CANNOT_SCHEDULE_TASK
}


def connect(settings: Settings, *, database: str | None = None) -> Client:
    """Give a client for writing; one thread at a time.

    Parameters
    ----------
    settings : where the store is.
    database : instead of the one in the URL.

    Raises
    ------
    StoreUnavailable
        If it does not answer; the message says what to do.
    """
    options = _options(settings, WRITE_SETTINGS)
    if database is not None:
        options["database"] = database
    with answering(settings):
        return clickhouse_connect.get_client(**options)


async def connect_async(settings: Settings) -> AsyncClient:
    """Give a client for views; one event loop, many requests.

    Parameters
    ----------
    settings : where the store is.

    Raises
    ------
    StoreUnavailable
        If it does not answer; the message says what to do.
    """
    with answering(settings):
        return await clickhouse_connect.get_async_client(
            **_options(settings, VIEW_SETTINGS), connector_limit=CONNECTIONS
        )


def database_of(settings: Settings) -> str:
    """Name the database that holds our tables.

    Parameters
    ----------
    settings : where the store is.

    Examples
    --------
    >>> from oddlot.settings import load
    >>> database_of(load(clickhouse="https://me:secret@ch.example.org/market"))
    'market'
    """
    return unquote(urlsplit(settings.clickhouse_url).path.strip("/")) or DEFAULT_DATABASE


@contextlib.contextmanager
def answering(settings: Settings) -> Iterator[None]:
    """Turn a store that is away, or asks to come again, into StoreUnavailable.

    Parameters
    ----------
    settings : where the store is.

    Raises
    ------
    StoreUnavailable
        For the network and for errors that pass; others are bugs and go through as they are.
    """
    try:
        yield
    except DatabaseError as e:
        if e.code in _PASSING or (e.code is None and isinstance(e, OperationalError)):
            raise errors.StoreUnavailable(_unavailable(settings, e.code)) from e
        raise
    except OSError as e:
        raise errors.StoreUnavailable(_unavailable(settings, None)) from e


def _options(settings: Settings, server_settings: dict[str, int]) -> dict[str, Any]:
    url = urlsplit(settings.clickhouse_url)
    return {
        "interface": url.scheme,
        "host": url.hostname,
        "port": url.port or DEFAULT_PORTS[url.scheme],
        "username": unquote(url.username) if url.username else None,
        "password": unquote(url.password or ""),
        "database": database_of(settings),
        "settings": server_settings,
        "compress": url.scheme == "https",  # on loopback it only costs
        "autogenerate_session_id": False,  # a session refuses a second query at a time
        "connect_timeout": CONNECT_S,
        "send_receive_timeout": ANSWER_S,
    }


def _unavailable(settings: Settings, code: int | None) -> str:
    url = urlsplit(settings.clickhouse_url)
    place = f"{url.scheme}://{url.hostname}:{url.port or DEFAULT_PORTS[url.scheme]}"
    if code is not None:
        return (
            f"expected the store at {place} to answer, was {_PASSING[code]} "
            f"(ClickHouse's error {code}); try again, its log says more"
        )
    advice = (
        "start it with `oddlot up --only clickhouse`"
        if settings.embeds_clickhouse
        else "check ODDLOT_CLICKHOUSE, or unset it to use the embedded store"
    )
    return f"expected the store at {place} to answer, was silent; {advice}"
