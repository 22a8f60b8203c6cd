"""Parts of a page -> a stack, or a grid that becomes one column on a phone."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui

GAP = "8px"


def stack(*parts: pn.viewable.Viewable) -> pn.viewable.Viewable:
    """Put parts under one another."""
    return pmui.Column(*parts, sizing_mode="stretch_width", margin=0, sx={"gap": GAP})


def grid(columns: str, *parts: pn.viewable.Viewable) -> pn.viewable.Viewable:
    """Put parts side by side; `columns` is CSS's grid-template-columns on a wide screen."""
    template = {"xs": "minmax(0,1fr)", "md": columns}
    return pmui.Row(
        *parts,
        sizing_mode="stretch_width",
        margin=0,
        sx={
            "display": "grid",
            "gap": GAP,
            "alignItems": "stretch",
            "gridTemplateColumns": template,
        },
    )
