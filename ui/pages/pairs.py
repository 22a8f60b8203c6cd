"""/pairs?y=&x=&tf= -> the live page of one pair."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qs, urlencode

import panel as pn
import panel_material_ui as pmui
import param

from ui import charts, layout

PATH = "/pairs"
LABEL = "Pairs"
ICON = "compare_arrows"

INTERVALS = ("1s", "1m", "5m")
SYMBOL = re.compile(r"[A-Za-z0-9.^=_-]{1,32}")  # wider than any venue's; keeps markup out
DEFAULT = {"y": "BTCUSDT", "x": "ETHUSDT", "tf": "1m"}
GROUP = "pair"  # the charts that move together
BARS_PX, SPREAD_PX = 256, 366
LABEL_UNSEEN = (
    "label{position:absolute!important;clip-path:inset(50%)}"  # but heard by screen readers
)


class PairPage(pn.viewable.Viewer):
    """Parameters are the state, the browser holds the data, the last method is the layout."""

    pair = param.Selector(objects=["BTCUSDT~ETHUSDT"], label="Pair: y on x")
    interval = param.Selector(default="1m", objects=list(INTERVALS), label="Interval")

    def __init__(self, api: str, search: str = "") -> None:
        super().__init__()
        self._notice = charts.Notice(api=api)
        self._tiles = charts.PairTiles(api=api)
        self._y = charts.BarsChart(api=api, group=GROUP, leg="y", height=BARS_PX)
        self._x = charts.BarsChart(api=api, group=GROUP, leg="x", height=BARS_PX)
        self._spread = charts.SpreadChart(api=api, group=GROUP, height=SPREAD_PX)
        self._state = charts.PageState(api=api)
        self._show(**state_of(search))
        self._follow()
        self._state.param.watch(self._went, ["search"])
        self._state.param.watch(self._listed, ["pairs"])

    @param.depends("pair", "interval", watch=True)
    def _follow(self) -> None:
        """Tell the parts what to show."""
        y, x = self.pair.split("~")
        self._y.param.update(symbol=y, interval=self.interval)
        self._x.param.update(symbol=x, interval=self.interval)
        self._tiles.param.update(pair=self.pair, interval=self.interval)
        self._spread.param.update(pair=self.pair, interval=self.interval)
        self._state.search = search_of(self.pair, self.interval)
        self._notice.message = unknown_pair(self.pair, self._state.pairs)

    def _went(self, *_: object) -> None:
        """The browser went back or forward."""
        self._show(**state_of(self._state.search))

    def _listed(self, *_: object) -> None:
        """The API has said which pairs it watches."""
        self.param.pair.objects = choices({*self._state.pairs, self.pair})
        self._notice.message = unknown_pair(self.pair, self._state.pairs)

    def _show(self, *, pair: str, interval: str) -> None:
        self.param.pair.objects = choices({*self._state.pairs, pair})
        self.param.update(pair=pair, interval=interval)

    def __panel__(self) -> pn.viewable.Viewable:
        toolbar = pmui.Row(
            pmui.Select.from_param(self.param.pair, width=240, size="small", margin=0),
            pmui.RadioButtonGroup.from_param(
                self.param.interval, size="small", margin=0, stylesheets=[LABEL_UNSEEN]
            ),
            sizing_mode="stretch_width",
            margin=0,
            sx={"alignItems": "flex-end", "gap": "12px", "flexWrap": "wrap", "pt": "4px"},
        )
        legs = layout.grid(
            "minmax(0,1fr) minmax(0,1fr)",
            layout.card("Leg y", self._y),
            layout.card("Leg x", self._x),
        )
        for part in (self._notice, self._tiles, self._y, self._x, self._spread):
            part.sizing_mode = "stretch_width"
        spread = layout.card("Spread · z-score · rolling correlation", self._spread)
        return pmui.Column(
            self._notice,
            toolbar,
            self._tiles,
            legs,
            spread,
            self._state,
            sizing_mode="stretch_width",
            margin=0,
            sx={"gap": "8px"},
        )


def view(api: str, search: str) -> PairPage:
    """Build the page for one visitor."""
    return PairPage(api, search)


def state_of(search: str) -> dict[str, str]:
    """Read a query string; what is missing or malformed there is the default."""
    given = {name: values[0] for name, values in parse_qs(search.lstrip("?")).items()}
    y, x = (given.get(leg, DEFAULT[leg]) for leg in ("y", "x"))
    interval = given.get("tf", DEFAULT["tf"])
    if not (SYMBOL.fullmatch(y) and SYMBOL.fullmatch(x)):
        y, x = DEFAULT["y"], DEFAULT["x"]
    return {"pair": f"{y}~{x}", "interval": interval if interval in INTERVALS else DEFAULT["tf"]}


def search_of(pair: str, interval: str) -> str:
    """Write the query string of a state."""
    y, x = pair.split("~")
    return "?" + urlencode({"y": y, "x": x, "tf": interval})


def choices(pairs: Iterable[str]) -> dict[str, str]:
    """Name each pair by its direction, for the list to choose from."""
    return {" on ".join(pair.split("~")): pair for pair in sorted(pairs)}


def unknown_pair(pair: str, known: list[str]) -> str:
    """Say so if the API does not watch this pair; "" if it does, or has not answered yet."""
    if not known or pair in known:
        return ""
    return (
        f"{' on '.join(pair.split('~'))} is not among the {len(known)} pairs that are watched: "
        "choose another one, or add it to a file in peer_groups/."
    )
