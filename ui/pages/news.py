"""/news?q=&symbol=&source= -> headlines as they come, and how their sources are doing."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode

import panel as pn
import param

from ui import layout, news_parts
from ui.addressed import AddressedPage, Codec

PATH = "/news"
LABEL = "News"
ICON = "newspaper"

SYMBOL = re.compile(r"[A-Za-z0-9.^=_-]{1,32}")  # wider than any venue's; keeps markup out
SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")  # as producers name them
MOST_CHARACTERS, MOST_WORDS = 200, 8  # looked for, as the API allows

DEFAULT = {"q": "", "symbol": "", "source": ""}
STATE = tuple(DEFAULT)


class NewsPage(AddressedPage):
    """Parameters are the state, the browser holds the data, the last method is the layout."""

    q = param.String()
    symbol = param.String()
    source = param.String()

    def __init__(self, api: str, search: str = "") -> None:
        super().__init__(api, search, Codec(STATE, valid, state_of, search_of))
        self._notice = news_parts.NewsNotice(api=api)
        self._toolbar = news_parts.NewsToolbar(api=api)
        self._list = news_parts.Headlines(api=api)
        self._named = news_parts.Named(api=api)
        self._sources = news_parts.Sources(api=api)
        self._follow(
            *(self._notice, self._toolbar, self._list),
            *(self._named, self._sources),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        for part in self._parts:
            part.sizing_mode = "stretch_width"
        beside = layout.stack(self._named, self._sources)
        columns = layout.grid("minmax(0,2.1fr) minmax(0,1fr)", self._list, beside)
        return layout.stack(self._notice, self._toolbar, columns, self._address)


def view(api: str, search: str) -> NewsPage:
    """Build the page for one visitor."""
    return NewsPage(api, search)


def valid(wanted: dict[str, Any]) -> dict[str, Any]:
    """Keep what may be shown; what comes from a browser may be anything."""
    kept = dict(wanted)
    q = kept.get("q", "")
    if len(q) > MOST_CHARACTERS or len(q.split()) > MOST_WORDS:
        del kept["q"]
    if kept.get("symbol") and not SYMBOL.fullmatch(kept["symbol"]):
        del kept["symbol"]
    if kept.get("source") and not SOURCE.fullmatch(kept["source"]):
        del kept["source"]
    return kept


def state_of(search: str) -> dict[str, Any]:
    """Read a query string; what is missing or malformed there is the default."""
    given = {name: values[0] for name, values in parse_qs(search.lstrip("?")).items()}
    return {**DEFAULT, **valid({name: given[name] for name in STATE if name in given})}


def search_of(page: NewsPage) -> str:
    """Write the query string of a state; what is the default is not said."""
    given = {name: value for name in STATE if (value := getattr(page, name))}
    return "?" + urlencode(given)
