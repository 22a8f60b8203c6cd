"""What a page shows -> parts of it that live in the browser.

Each class names a module of `ui/js` and carries only what that module needs to fetch its data
itself, by REST and by the API's WebSocket. No prices pass through this process.
"""

from __future__ import annotations

from pathlib import Path

import param
from panel.custom import JSComponent

from ui import theme


class BrowserPart(JSComponent):
    """A part of the page whose data goes straight from the API to the browser."""

    api = param.String(doc="Where the browser reaches the API.")
    module = param.String(constant=True, doc="The file of ui/js, without its ending.")

    _esm = Path(__file__).parent / "js" / "loader.js"
    _stylesheets = [theme.component_css()]  # noqa: RUF012  # Panel reads it from the class

    __abstract = True


class TopBar(BrowserPart):
    """Connection, latency, SIMULATED, the time."""

    module = param.String(default="topbar", constant=True)


class PageState(BrowserPart):
    """The query string; nothing to see."""

    module = param.String(default="location", constant=True)
    search = param.String(doc="The query string, with its question mark.")


class PairPart(BrowserPart):
    """A part that shows the page's pair, and may change what the page shows."""

    pair = param.String(doc="`y~x`.")
    interval = param.String(doc="Of the live bars.")
    mode = param.String(default="live", doc="live or upload.")
    upload = param.String(doc="The upload that is shown; empty before there is one.")
    window = param.Integer(default=0, doc="Bars asked for; 0 leaves it to how the pair is watched.")
    prices = param.String(default="level", doc="Of an upload: level or log.")
    hedge = param.String(default="ols", doc="Of an upload: ols or kalman.")
    until = param.Integer(
        default=0, doc="Of a long upload: every bar up to this time, ms; 0 draws all, coarser."
    )

    __abstract = True


class LinkedPart(PairPart):
    """A part that shows the same stretch of time as the others of its group."""

    group = param.String()

    __abstract = True


class Notice(PairPart):
    """What is wrong and what to do, or nothing."""

    module = param.String(default="notice", constant=True)


class Toolbar(LinkedPart):
    """Live or upload, which pair, which interval; add, change, remove, export."""

    module = param.String(default="toolbar", constant=True)


class UploadPanel(PairPart):
    """Where files are dropped, and what was understood of them."""

    module = param.String(default="upload", constant=True)


class PairTiles(PairPart):
    """The figures of a pair."""

    module = param.String(default="tiles", constant=True)


class BarsChart(LinkedPart):
    """Bars and volume of one leg."""

    module = param.String(default="bars_chart", constant=True)
    leg = param.String(doc="y or x.")


class SpreadChart(LinkedPart):
    """Spread, z-score, correlation and hedge ratio."""

    module = param.String(default="spread_chart", constant=True)


class TestsTable(PairPart):
    """Whether the spread comes back, in words and figures."""

    module = param.String(default="tests_table", constant=True)


class Scatter(LinkedPart):
    """y against x with the regression line."""

    module = param.String(default="scatter", constant=True)


class ScanTable(PairPart):
    """All pairs of a peer group, ranked."""

    module = param.String(default="scan", constant=True)


class AlertLog(PairPart):
    """Alerts of every pair, with filters."""

    module = param.String(default="alert_log", constant=True)


class Toasts(PairPart):
    """Alerts as they come, over the page."""

    module = param.String(default="toasts", constant=True)
