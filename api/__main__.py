"""`python -m api`: serve the API on ODDLOT_API_PORT until told to stop."""

from __future__ import annotations

import logging

import uvicorn

from api.app import app
from api.backend import Backend
from api.hub import MAX_CLIENTS
from api.stream import MAX_COMMAND_BYTES

MAX_REQUESTS = 200  # connections besides the clients of /stream; beyond, 503
STOP_S = 3  # WebSockets are told to go; who does not is cut off


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    backend: Backend = app.state.backend
    uvicorn.run(
        app,
        host=backend.settings.api_host,
        port=backend.settings.api_port,
        log_config=None,
        access_log=False,  # nothing per message above DEBUG
        ws="websockets-sansio",
        ws_max_size=MAX_COMMAND_BYTES,
        ws_per_message_deflate=False,  # it triples the cost of a fan-out
        limit_concurrency=MAX_CLIENTS + MAX_REQUESTS,
        timeout_graceful_shutdown=STOP_S,
        server_header=False,
    )


if __name__ == "__main__":
    main()
