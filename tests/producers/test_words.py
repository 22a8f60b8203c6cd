"""Words: every way a connection fails is told in plain English."""

from __future__ import annotations

import doctest
import socket
import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidHandshake, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from producers import words


def refused(status: int) -> InvalidStatus:
    return InvalidStatus(Response(status, "", Headers()))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name not resolved"),
        (ConnectionRefusedError(111, "Connect call failed"), "connection refused"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection reset"),
        (TimeoutError(), "no answer in time"),
        (ssl.SSLError(1, "certificate has expired"), "TLS failed"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (refused(451), "the venue does not serve this country (HTTP 451)"),
        (refused(404), "the venue has nothing at this path (HTTP 404)"),
        (refused(502), "handshake refused (HTTP 502)"),
        (InvalidHandshake("odd"), "handshake failed: odd"),
        (ConnectionClosedError(None, None), "connection broke"),
        (
            ConnectionClosedError(Close(1001, "24 hours"), None),
            "closed by the venue (1001: 24 hours)",
        ),
        (ConnectionClosedError(Close(1008, ""), None), "closed by the venue (1008)"),
    ],
)
def test_an_error_is_told_in_words(error: Exception, expected: str) -> None:
    assert words.plain_words(error).startswith(expected)


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(words).failed == 0
