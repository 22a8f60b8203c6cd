"""Names of symbols and pairs -> parts of a page that live in the browser.

Each class names a module of `ui/js` and carries only what that module needs to fetch its data
itself, by REST and by the API's WebSocket. No prices pass through this process.
"""

from __future__ import annotations

from pathlib import Path

import param
from panel.custom import JSComponent

from ui import theme

Z_ALERT = 2.0  # |z| at which a pair counts as stretched


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


class Notice(BrowserPart):
    """What is wrong and what to do, or nothing."""

    module = param.String(default="notice", constant=True)
    message = param.String(doc="Said by the page itself; only an API that is away goes before it.")


class PageState(BrowserPart):
    """The query string and the list of pairs; nothing to see."""

    module = param.String(default="location", constant=True)
    search = param.String(doc="The query string, with its question mark.")
    pairs = param.List(default=[], item_type=str, doc="The pairs that the API watches.")


class PairTiles(BrowserPart):
    """The live figures of a pair."""

    module = param.String(default="tiles", constant=True)
    pair = param.String()
    interval = param.String()
    alert_z = param.Number(default=Z_ALERT)


class BarsChart(BrowserPart):
    """Bars and volume of one symbol."""

    module = param.String(default="bars_chart", constant=True)
    symbol = param.String()
    interval = param.String()
    group = param.String(doc="Charts of one group show the same stretch of time.")
    leg = param.String(doc="Its name in the page's test hook.")


class SpreadChart(BrowserPart):
    """Spread, z-score and correlation of one pair."""

    module = param.String(default="spread_chart", constant=True)
    pair = param.String()
    interval = param.String()
    group = param.String()
    alert_z = param.Number(default=Z_ALERT)
