"""The store's errors in our words: what it was, what to do, nothing raw."""

from __future__ import annotations

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from oddlot import errors
from oddlot.settings import load
from oddlot.store.client import answering

RAW = "HTTPDriver for http://127.0.0.1:1 returned response code 500"


def said(error: Exception, **settings: object) -> str:
    """Give what is said of an error of the client's library."""
    with pytest.raises(errors.StoreUnavailable) as raised, answering(load(**settings)):
        raise error
    return str(raised.value)


def code(number: int) -> DatabaseError:
    error = DatabaseError(RAW)
    error.code = number
    return error


@pytest.mark.parametrize("error", [OSError("raw"), OperationalError("raw")])
def test_a_store_that_is_away_is_silent_and_can_be_started(error: Exception) -> None:
    assert said(error, clickhouse_port=5, clickhouse="") == (
        "expected the store at http://127.0.0.1:5 to answer, was silent; "
        "start it with `oddlot up --only clickhouse`"
    )


def test_an_outside_store_is_named_without_its_password() -> None:
    text = said(OSError("raw"), clickhouse="https://me:secret@ch.example.org/market")
    assert "https://ch.example.org:8443" in text
    assert "ODDLOT_CLICKHOUSE" in text
    assert "secret" not in text


def test_what_passes_is_said_in_words() -> None:
    text = said(code(243))
    assert "out of disk space (ClickHouse's error 243); try again" in text
    assert RAW not in text


def test_a_bug_goes_through_as_it_is() -> None:
    with pytest.raises(DatabaseError, match="response code 500"), answering(load()):
        raise code(62)
