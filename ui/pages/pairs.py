"""/pairs?y=&x=&tf=&window= -> the statistical-arbitrage desk of one pair, live or on an upload."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode

import panel as pn
import param

from ui import charts, layout
from ui.addressed import AddressedPage, Codec

PATH = "/pairs"
LABEL = "Pairs"
ICON = "compare_arrows"

INTERVALS = ("1s", "1m", "5m")
MODES = ("live", "upload")
PRICES, HEDGES = ("level", "log"), ("ols", "origin", "kalman")
SYMBOL = re.compile(r"[A-Za-z0-9.^=_-]{1,32}")  # wider than any venue's; keeps markup out
UPLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
LEAST_WINDOW, MOST_WINDOW = 10, 5_000  # as a watched pair may have
MOST_DIGITS = 15  # of a number in an address
DEFAULT_PAIR, DEFAULT_INTERVAL = "BTCUSDT~ETHUSDT", "1m"
GROUP = "pair"  # the charts that move together

MOST_UNTIL = 253_402_300_800_000  # ms: the end of the year 9999, where the API's times end

STATE = ("pair", "interval", "mode", "upload", "window", "prices", "hedge", "until")


class PairPage(AddressedPage):
    """Parameters are the state, the browser holds the data, the last method is the layout."""

    pair = param.String(default=DEFAULT_PAIR)
    interval = param.Selector(default=DEFAULT_INTERVAL, objects=list(INTERVALS))
    mode = param.Selector(default="live", objects=list(MODES))
    upload = param.String()
    window = param.Integer(default=0)
    prices = param.Selector(default="level", objects=list(PRICES))
    hedge = param.Selector(default="ols", objects=list(HEDGES))
    until = param.Integer(default=0)

    def __init__(self, api: str, search: str = "") -> None:
        super().__init__(api, search, Codec(STATE, valid, state_of, search_of))
        self._watched_pair = self.pair if self.mode == "live" else DEFAULT_PAIR
        linked = {"api": api, "group": GROUP}
        self._notice, self._toasts = charts.Notice(api=api), charts.Toasts(api=api)
        self._toolbar, self._drop = charts.Toolbar(**linked), charts.UploadPanel(api=api)
        self._tiles, self._tests = charts.PairTiles(api=api), charts.TestsTable(api=api)
        self._y, self._x = (charts.BarsChart(leg=leg, **linked) for leg in ("y", "x"))
        self._spread, self._scatter = charts.SpreadChart(**linked), charts.Scatter(**linked)
        self._scan, self._alerts = charts.ScanTable(api=api), charts.AlertLog(api=api)
        self._computed = (self._tiles, self._y, self._x, self._spread, self._tests, self._scatter)
        self._follow(
            *(self._notice, self._toolbar, self._drop, *self._computed),
            *(self._scan, self._alerts, self._toasts),
        )

    def _implied(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Give what is wanted, and what does not fit with it any more."""
        if wanted.get("pair", self.pair) != self.pair and self.mode == "live":
            wanted.setdefault("window", 0)  # as that pair is watched
        if wanted.get("mode", self.mode) != self.mode:
            wanted |= self._across(wanted["mode"])
        if wanted.get("upload", self.upload) != self.upload:
            wanted["until"] = 0  # a time of another file
        return wanted

    def _across(self, mode: str) -> dict[str, Any]:
        """Leave the upload for the live pairs, or the other way round."""
        if mode == "live":
            return {"upload": "", "window": 0, "until": 0, "pair": self._watched_pair}
        return {"window": 0, "until": 0}

    def _changed(self, *events: param.parameterized.Event) -> None:
        if self.mode == "live":
            self._watched_pair = self.pair
        super()._changed(*events)

    def _tell(self) -> None:
        super()._tell()
        self._drop.visible = self.mode == "upload"
        for part in self._computed:
            part.visible = self.mode == "live" or bool(self.upload)
        for table in (self._scan, self._alerts):
            table.visible = self.mode == "live"

    def __panel__(self) -> pn.viewable.Viewable:
        for part in self._parts:
            part.sizing_mode = "stretch_width"
            part.styles = {"height": "100%"}  # of its cell in the grid: neighbours end together
        legs = layout.grid("minmax(0,1fr) minmax(0,1fr)", self._y, self._x)
        side = layout.stack(self._tests, self._scatter)
        middle = layout.grid("minmax(0,1.9fr) minmax(0,1fr)", self._spread, side)
        tables = layout.grid("minmax(0,1fr) minmax(0,1fr)", self._scan, self._alerts)
        top = (self._notice, self._toolbar, self._drop, self._tiles)
        return layout.stack(*top, legs, middle, tables, self._toasts, self._address)


def view(api: str, search: str) -> PairPage:
    """Build the page for one visitor."""
    return PairPage(api, search)


def valid(wanted: dict[str, Any]) -> dict[str, Any]:
    """Keep what may be shown; what comes from a browser may be anything."""
    allowed = {"interval": INTERVALS, "mode": MODES, "prices": PRICES, "hedge": HEDGES}
    kept = {name: value for name, value in wanted.items() if value in allowed.get(name, (value,))}
    legs = str(kept.get("pair", DEFAULT_PAIR)).split("~")
    if len(legs) != 2 or not all(SYMBOL.fullmatch(leg) for leg in legs):
        del kept["pair"]
    if not UPLOAD.fullmatch(kept.get("upload") or "none"):
        del kept["upload"]
    if not (kept.get("window", 0) == 0 or LEAST_WINDOW <= kept["window"] <= MOST_WINDOW):
        del kept["window"]
    if not 0 <= kept.get("until", 0) <= MOST_UNTIL:
        del kept["until"]
    return kept


def state_of(search: str) -> dict[str, Any]:
    """Read a query string; what is missing or malformed there is the default."""
    given = {name: values[0] for name, values in parse_qs(search.lstrip("?")).items()}
    y, x = DEFAULT_PAIR.split("~")
    default = {"pair": DEFAULT_PAIR, "interval": DEFAULT_INTERVAL, "mode": "live", "upload": ""}
    numbers = {"window": 0, "until": 0}
    asked = {
        "pair": f"{given.get('y', y)}~{given.get('x', x)}",
        "interval": given.get("tf", DEFAULT_INTERVAL),
        "mode": given.get("mode", "live"),
        **{name: _number(given.get(name, "")) for name in numbers},
        "prices": given.get("prices", "level"),
        "hedge": given.get("hedge", "ols"),
    }
    if asked["mode"] == "upload":
        asked["upload"] = given.get("upload", "")
    else:
        asked["until"] = 0
    return {**default, **numbers, "prices": "level", "hedge": "ols", **valid(asked)}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0


def search_of(page: PairPage) -> str:
    """Write the query string of a state; what an upload alone has is said for an upload alone."""
    y, x = page.pair.split("~")
    query: dict[str, Any] = {"y": y, "x": x, "tf": page.interval}
    if page.window:
        query["window"] = page.window
    if page.mode == "upload":
        query["mode"] = "upload"
        if page.upload:
            query |= {"upload": page.upload, "prices": page.prices, "hedge": page.hedge}
            if page.until:
                query["until"] = page.until
    return "?" + urlencode(query)
