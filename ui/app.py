"""Settings -> the dashboard: its shell and its pages."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from types import ModuleType

import panel as pn
from panel_material_ui.template.base import Page

from oddlot.settings import Settings
from ui import charts, theme
from ui.pages import divergence, news, pairs, social

PAGES: tuple[ModuleType, ...] = (pairs, divergence, social, news)
TITLE = "ODDLOT"
ICON = Path(__file__).parent / "icon.svg"
PHONE = "Mobi"  # what browsers on phones say of themselves


def applications(settings: Settings) -> dict[str, Callable[[], Page]]:
    """Name the path of every page and what builds it."""

    def builder(page: ModuleType) -> Callable[[], Page]:
        return lambda: build(page, settings)  # Panel calls plain functions only, not partials

    return {page.PATH: builder(page) for page in PAGES}


def title(page: ModuleType) -> str:
    """Name a page for the browser's tab."""
    return f"{page.LABEL} · Oddlot"


def build(page: ModuleType, settings: Settings) -> Page:
    """Build one page for one visitor."""
    location = pn.state.location
    agent = (pn.state.headers or {}).get("User-Agent", "")
    return Page(
        title=TITLE,
        favicon=ICON,
        dark_theme=True,
        theme_toggle=False,
        theme_config={"dark": theme.material(), "light": theme.material()},
        header=[charts.TopBar(api=settings.api_base_url, sizing_mode="stretch_width", margin=0)],
        sidebar=[rail(page, location.pathname if location else page.PATH)],
        sidebar_width=theme.RAIL_PX,
        sidebar_resizable=False,
        sidebar_open=PHONE not in agent,  # on a phone the drawer would cover the page
        main=[page.view(settings.api_base_url, location.search if location else "")],
        raw_css=[theme.root_css()],
        stylesheets=[theme.shell_css()],
        busy_indicator=None,  # this server has nothing slow to do
    )


def rail(current: ModuleType, path: str) -> pn.viewable.Viewable:
    """Make the navigation; the current page keeps the path it was asked for under."""
    items = "".join(_link(page, path if page is current else "") for page in PAGES)
    return pn.pane.HTML(
        f'<nav class="o-rail" aria-label="Pages">{items}</nav>',
        stylesheets=[theme.component_css()],
        sizing_mode="stretch_width",
        margin=0,
    )


def _link(page: ModuleType, here: str) -> str:
    current = ' aria-current="page"' if here else ""
    icon = f'<span class="material-icons" aria-hidden="true">{page.ICON}</span>'
    return f'<a href="{escape(here or page.PATH)}"{current}>{icon}{escape(page.LABEL)}</a>'


pn.extension()
