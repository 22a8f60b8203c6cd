"""/news?q=&symbol=&source= -> headlines as they come, and how their sources are doing."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode

import panel as pn
import param

from ui import charts, layout, news_parts

PATH = "/news"
LABEL = "News"
ICON = "newspaper"

SYMBOL = re.compile(r"[A-Za-z0-9.^=_-]{1,32}")  # wider than any venue's; keeps markup out
SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")  # as producers name them
MOST_CHARACTERS, MOST_WORDS = 200, 8  # looked for, as the API allows

DEFAULT = {"q": "", "symbol": "", "source": ""}
STATE = tuple(DEFAULT)


class NewsPage(pn.viewable.Viewer):
    """Parameters are the state, the browser holds the data, the last method is the layout."""

    q = param.String()
    symbol = param.String()
    source = param.String()

    def __init__(self, api: str, search: str = "") -> None:
        super().__init__()
        self.param.update(**state_of(search))
        self._address = charts.PageState(api=api, search=search_of(self))
        self._notice = news_parts.NewsNotice(api=api)
        self._toolbar = news_parts.NewsToolbar(api=api)
        self._list = news_parts.Headlines(api=api)
        self._named = news_parts.Named(api=api)
        self._sources = news_parts.Sources(api=api)
        self._parts: tuple[news_parts.NewsPart, ...] = (
            *(self._notice, self._toolbar, self._list),
            *(self._named, self._sources),
        )
        self._tell()
        self.param.watch(self._changed, list(STATE))
        self._address.param.watch(self._went, ["search"])
        for part in self._parts:
            part.param.watch(self._chosen, list(STATE))

    def _chosen(self, *events: param.parameterized.Event) -> None:
        """A part of the page wants something else shown."""
        wanted = {event.name: event.new for event in events}
        kept = valid(wanted)
        self.param.update(**kept)
        if kept != wanted:
            self._tell()  # the part that asked for what cannot be shown, too

    def _changed(self, *_: param.parameterized.Event) -> None:
        self._tell()
        self._address.search = search_of(self)

    def _went(self, event: param.parameterized.Event) -> None:
        """The browser went back or forward."""
        if event.new != search_of(self):
            self.param.update(**state_of(event.new))

    def _tell(self) -> None:
        """Tell the parts what to show."""
        state = {name: getattr(self, name) for name in STATE}
        for part in self._parts:
            part.param.update(**state)

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
