"""What went wrong with a connection -> plain words for people."""

from __future__ import annotations

import socket
import ssl

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

HTTP_WORDS = {
    403: "the venue's firewall refuses this address",
    404: "the venue has nothing at this path",
    418: "the venue has banned this address for a while",
    429: "the venue says that there were too many requests",
    451: "the venue does not serve this country",
}


def plain_words(error: BaseException) -> str:
    """Say in a few words what happened.

    Examples
    --------
    >>> plain_words(ConnectionRefusedError(111, "Connect call failed"))
    'connection refused'
    """
    match error:
        case socket.gaierror():
            return "name not resolved"
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionResetError():
            return "connection reset"
        case TimeoutError():
            return "no answer in time"
        case ssl.SSLError():
            return f"TLS failed: {error}"
        case InvalidStatus():
            status = error.response.status_code
            return HTTP_WORDS.get(status, "handshake refused") + f" (HTTP {status})"
        case InvalidHandshake():
            return f"handshake failed: {error}"
        case ConnectionClosed():
            return _closing_words(error)
        case OSError():
            return error.strerror or str(error)
    return str(error)


def _closing_words(error: ConnectionClosed) -> str:
    close = error.rcvd
    if close is None:
        return "connection broke"
    return f"closed by the venue ({close.code}{': ' + close.reason if close.reason else ''})"
