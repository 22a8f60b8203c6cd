"""/social?forum=&hour=&symbol=&q= -> who is suddenly talked about, and what is said."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode

import panel as pn
import param

from ui import layout, social_parts
from ui.addressed import AddressedPage, Codec

PATH = "/social"
LABEL = "Social"
ICON = "forum"

FORUMS = ("all", "reddit", "stocktwits")
HOUR = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])")
SYMBOL = re.compile(r"[A-Za-z0-9.^=_-]{1,32}")  # wider than any forum's; keeps markup out
MOST_CHARACTERS = 100  # looked for, as the API allows

DEFAULT = {"forum": "all", "hour": "", "symbol": "", "q": ""}
STATE = tuple(DEFAULT)


class SocialPage(AddressedPage):
    """Parameters are the state, the browser holds the data, the last method is the layout."""

    forum = param.Selector(default="all", objects=list(FORUMS))
    hour = param.String()
    symbol = param.String()
    q = param.String()

    def __init__(self, api: str, search: str = "") -> None:
        super().__init__(api, search, Codec(STATE, valid, state_of, search_of))
        self._notice = social_parts.SocialNotice(api=api)
        self._toolbar = social_parts.SocialToolbar(api=api)
        self._tiles = social_parts.SocialTiles(api=api)
        self._ranking = social_parts.Ranking(api=api)
        self._posts = social_parts.Posts(api=api)
        self._places = social_parts.Places(api=api)
        self._follow(
            *(self._notice, self._toolbar, self._tiles),
            *(self._ranking, self._posts, self._places),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        for part in self._parts:
            part.sizing_mode = "stretch_width"
            part.styles = {"height": "100%"}  # of its cell in the grid: neighbours end together
        pictures = layout.grid("minmax(0,1.9fr) minmax(0,1fr)", self._ranking, self._posts)
        top = (self._notice, self._toolbar, self._tiles)
        return layout.stack(*top, pictures, self._places, self._address)


def view(api: str, search: str) -> SocialPage:
    """Build the page for one visitor."""
    return SocialPage(api, search)


def valid(wanted: dict[str, Any]) -> dict[str, Any]:
    """Keep what may be shown; what comes from a browser may be anything."""
    kept = dict(wanted)
    if kept.get("forum", "all") not in FORUMS:
        del kept["forum"]
    if kept.get("hour") and not HOUR.fullmatch(kept["hour"]):
        del kept["hour"]
    if kept.get("symbol") and not SYMBOL.fullmatch(kept["symbol"]):
        del kept["symbol"]
    if len(kept.get("q", "")) > MOST_CHARACTERS:
        del kept["q"]
    return kept


def state_of(search: str) -> dict[str, Any]:
    """Read a query string; what is missing or malformed there is the default."""
    given = {name: values[0] for name, values in parse_qs(search.lstrip("?")).items()}
    return {**DEFAULT, **valid({name: given[name] for name in STATE if name in given})}


def search_of(page: SocialPage) -> str:
    """Write the query string of a state; what is the default is not said."""
    query = {name: getattr(page, name) for name in STATE}
    given = {name: value for name, value in query.items() if value != DEFAULT[name]}
    return "?" + urlencode(given)
