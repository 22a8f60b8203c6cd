"""aiokafka's connections -> the same, which a broker that goes away cannot take down on uvloop.

For a moment after its peer has gone, a transport is closed and its connection does not know. What
is written then is lost on asyncio's own loop, and aiokafka notices soon after. uvloop raises a
RuntimeError, which aiokafka expects nowhere, so whichever task wrote ends: mostly the one that
renews metadata. Commits and heartbeats, which wait for metadata, then wait for ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import aiokafka.conn
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError


class Connection(AIOKafkaConnection):  # type: ignore[misc]  # untyped
    """A connection that says of a write to a closed transport that it is broken."""

    def send(self, request: Any, expect_response: bool = True) -> Any:
        """Write a request; give what awaits its response.

        Raises
        ------
        KafkaConnectionError
            If the connection is broken; it is closed then, and the client makes another one.
        """
        with self._noticing_its_end():
            return super().send(request, expect_response)

    def _send_sasl_token(self, payload: bytes, expect_response: bool = True) -> Any:
        with self._noticing_its_end():
            return super()._send_sasl_token(payload, expect_response)

    @contextlib.contextmanager
    def _noticing_its_end(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as e:
            if self._writer is None or not self._writer.is_closing():
                raise
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"{self.host}:{self.port}: {e}") from e


def install() -> None:
    """Let every client of this process, Faust's too, make such connections."""
    aiokafka.conn.AIOKafkaConnection = Connection
