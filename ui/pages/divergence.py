"""/divergence?groups=a,b&z=&interval= -> who breaks ranks in peer groups, or in pasted symbols."""

from __future__ import annotations

import math
import re
from typing import Any
from urllib.parse import parse_qs, urlencode

import panel as pn
import param

from ui import divergence_parts, layout
from ui.addressed import AddressedPage, Codec

PATH = "/divergence"
LABEL = "Divergence"
ICON = "scatter_plot"

INTERVALS = ("1d", "1m")
GROUP = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")  # as the ids of peer groups are
SYMBOL = re.compile(r"[A-Za-z0-9.^=_-]{1,32}")  # wider than any venue's; keeps markup out
MOST_GROUPS, MOST_SYMBOLS = 12, 80  # on one page; of one scan
LEAST_Z, MOST_Z = 0.5, 20.0

STATE = ("groups", "interval", "z", "symbols", "benchmark")


class DivergencePage(AddressedPage):
    """Parameters are the state, the browser holds the data, the last method is the layout."""

    groups = param.String()
    interval = param.Selector(default="1d", objects=list(INTERVALS))
    z = param.Number(default=0.0)
    symbols = param.String()
    benchmark = param.String()

    def __init__(self, api: str, search: str = "") -> None:
        super().__init__(api, search, Codec(STATE, valid, state_of, search_of))
        self._notice = divergence_parts.DivergenceNotice(api=api)
        self._toolbar = divergence_parts.DivergenceToolbar(api=api)
        self._tiles = divergence_parts.DivergenceTiles(api=api)
        self._strip = divergence_parts.DispersionStrip(api=api)
        self._heat = divergence_parts.DivergenceHeat(api=api)
        self._table = divergence_parts.DivergenceTable(api=api)
        self._history = divergence_parts.DivergenceHistory(api=api)
        self._budgets = divergence_parts.Budgets(api=api)
        self._groups = divergence_parts.GroupsTable(api=api)
        self._follow(
            *(self._notice, self._toolbar, self._tiles, self._strip, self._heat),
            *(self._table, self._history, self._budgets, self._groups),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        for part in self._parts:
            part.sizing_mode = "stretch_width"
            part.styles = {"height": "100%"}  # of its cell in the grid: neighbours end together
        pictures = layout.grid("minmax(0,1.9fr) minmax(0,1fr)", self._strip, self._heat)
        behind = layout.grid("minmax(0,1.3fr) minmax(0,1fr)", self._history, self._budgets)
        top = (self._notice, self._toolbar, self._tiles)
        return layout.stack(*top, pictures, self._table, behind, self._groups, self._address)


def view(api: str, search: str) -> DivergencePage:
    """Build the page for one visitor."""
    return DivergencePage(api, search)


def valid(wanted: dict[str, Any]) -> dict[str, Any]:
    """Keep what may be shown; what comes from a browser may be anything."""
    kept = dict(wanted)
    if kept.get("interval", "1d") not in INTERVALS:
        del kept["interval"]
    if not _are_names(kept.get("groups") or "none", GROUP, MOST_GROUPS):
        del kept["groups"]
    if not _are_names(kept.get("symbols") or "none", SYMBOL, MOST_SYMBOLS):
        del kept["symbols"]
    if not SYMBOL.fullmatch(kept.get("benchmark") or "none"):
        del kept["benchmark"]
    z = kept.get("z", 0.0)
    if not (z == 0 or (math.isfinite(z) and LEAST_Z <= z <= MOST_Z)):
        del kept["z"]
    return kept


def _are_names(listed: str, pattern: re.Pattern[str], most: int) -> bool:
    names = listed.split(",")
    return len(names) <= most and all(pattern.fullmatch(name) for name in names)


def state_of(search: str) -> dict[str, Any]:
    """Read a query string; what is missing or malformed there is the default."""
    given = {name: values[0] for name, values in parse_qs(search.lstrip("?")).items()}
    default = {"groups": "", "interval": "1d", "z": 0.0, "symbols": "", "benchmark": ""}
    asked: dict[str, Any] = {**default, **{name: given[name] for name in default if name in given}}
    try:
        asked["z"] = float(asked["z"])
    except ValueError:
        asked["z"] = 0.0
    return {**default, **valid(asked)}


def search_of(page: DivergencePage) -> str:
    """Write the query string of a state; what is left to the API is not said."""
    query: dict[str, str] = {}
    if page.symbols:
        query = {"symbols": page.symbols, "benchmark": page.benchmark}
    elif page.groups:
        query = {"groups": page.groups}
    if page.z:
        query["z"] = f"{page.z:g}"
    if page.interval != "1d":
        query["interval"] = page.interval
    given = {name: value for name, value in query.items() if value}
    return "?" + urlencode(given, safe=",")
