"""`python -m ui`: serve the dashboard on ODDLOT_UI_PORT until told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import panel as pn
from bokeh.server.server import Server
from tornado.websocket import WebSocketClosedError

from oddlot import settings as oddlot_settings
from ui import app, assets

log = logging.getLogger("ui")

IDLE_SESSION_MS = 60_000  # a closed tab's state is forgotten after this long


def main() -> None:
    """Serve every page until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("tornado.access").setLevel(logging.WARNING)
    settings = oddlot_settings.load()
    try:
        server = make_server(settings)
    except OSError as e:
        raise SystemExit(
            f"expected port {settings.ui_port} to be free, was: {e.strerror}; "
            "stop who listens there, or set ODDLOT_UI_PORT"
        ) from e

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.io_loop.add_callback_from_signal(server.io_loop.stop)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    loop = server.io_loop.asyncio_loop  # type: ignore[attr-defined]  # on every loop of today
    loop.set_exception_handler(tell_unless_tab_closed)
    server.start()
    log.info("the dashboard is at http://%s:%d/pairs", oddlot_settings.LOOPBACK, settings.ui_port)
    if not assets.CHART_LIBRARY.is_dir():
        log.warning("no chart library: run `%s`, then reload the page", assets.BRING_LIBRARY)
    server.io_loop.start()
    server.stop()


def make_server(settings: oddlot_settings.Settings) -> Server:
    """Bind the port and name every page; nothing is answered before `start`."""
    server: Server = pn.serve(
        app.applications(settings),
        port=settings.ui_port,
        address=settings.ui_host,
        websocket_origin=[urlsplit(origin).netloc for origin in settings.origins],
        extra_patterns=list(assets.ROUTES),
        compress_response=settings.ui_host != oddlot_settings.LOOPBACK,  # there it only costs
        check_unused_sessions_milliseconds=IDLE_SESSION_MS // 2,
        unused_session_lifetime_milliseconds=IDLE_SESSION_MS,
        title={page.PATH: app.title(page) for page in app.PAGES},
        show=False,
        start=False,
        verbose=False,
    )
    return server


def tell_unless_tab_closed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody caught, but for a tab that was closed while it was being written to."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


if __name__ == "__main__":
    main()
