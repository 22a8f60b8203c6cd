"""Files of `ui/js` and the chart library -> URLs under /assets and /charts.

`ROUTES` is what `panel serve ui --plugins ui.assets` looks for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.web import StaticFileHandler

HERE = Path(__file__).parent
OWN_SCRIPTS = HERE / "js"
CHART_LIBRARY = HERE / "node_modules" / "lightweight-charts" / "dist"
BRING_LIBRARY = "uv sync --reinstall-package oddlot"


class Assets(StaticFileHandler):
    """Static files that a browser asks about each time, so that an upgrade is never half seen."""

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")


# A route to a directory that is not there answers 404, which the page explains; Panel's own
# `static_dirs` would refuse to start.
ROUTES: list[tuple[str, type[Assets], dict[str, Any]]] = [
    (r"/assets/(.*)", Assets, {"path": str(OWN_SCRIPTS)}),
    (r"/charts/(.*)", Assets, {"path": str(CHART_LIBRARY)}),
]
