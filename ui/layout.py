"""Parts of a page -> cards in a grid that becomes one column on a phone."""

from __future__ import annotations

from html import escape

import panel as pn
import panel_material_ui as pmui

CARD = """
:host{background:var(--o-panel);border:1px solid var(--o-line);border-radius:4px;overflow:hidden;
box-sizing:border-box;padding:0 8px 6px}
"""
TITLE = "font:600 12px var(--o-font);line-height:30px;margin:0;color:var(--o-t2)"


def card(title: str, *parts: pn.viewable.Viewable) -> pn.viewable.Viewable:
    """Frame parts under a heading."""
    heading = pn.pane.HTML(
        f'<h2 style="{TITLE}">{escape(title)}</h2>', margin=0, sizing_mode="stretch_width"
    )
    return pn.Column(heading, *parts, margin=0, sizing_mode="stretch_width", stylesheets=[CARD])


def grid(columns: str, *parts: pn.viewable.Viewable) -> pn.viewable.Viewable:
    """Put parts side by side; `columns` is CSS's grid-template-columns on a wide screen."""
    template = {"xs": "minmax(0,1fr)", "md": columns}
    return pmui.Row(
        *parts,
        sizing_mode="stretch_width",
        margin=0,
        sx={"display": "grid", "gap": "8px", "gridTemplateColumns": template},
    )
