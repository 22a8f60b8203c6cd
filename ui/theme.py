"""Design tokens -> Panel's and Material UI's themes, and the page's style sheets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

STYLES = Path(__file__).parent / "css"

# Contrast on `panel`, measured: t1 14.9, t2 7.5, t3 4.8, up 6.2, down 5.3, accent 5.7, warn 10.2,
# violet 7.4; text needs 4.5 (WCAG 2.2, AA).
TOKENS = {
    "ground": "#0a0d12",
    "panel": "#10141b",
    "bg2": "#161b24",
    "bg3": "#1f2632",
    "line": "#222a36",
    "grid": "#1a202b",
    "t1": "#e2e7ee",
    "t2": "#9aa6b8",
    "t3": "#75829a",
    "up": "#26a69a",
    "down": "#ef5350",
    "accent": "#4f8cff",
    "warn": "#f5b642",
    "violet": "#c78bea",
    "low": "#f59e42",
}

FONT = 'Roboto, "Segoe UI", system-ui, sans-serif'
HEADER_PX = 44
RAIL_PX = 188


def root_css() -> str:
    """The tokens as custom properties, then the rules of the document."""
    tokens = ";".join(f"--o-{name}:{colour}" for name, colour in TOKENS.items())
    return f":root{{{tokens}}}\n{(STYLES / 'page.css').read_text('utf-8')}"


def shell_css() -> str:
    """The rules inside the shell's shadow root."""
    return (STYLES / "shell.css").read_text("utf-8")


def component_css() -> str:
    """The rules inside every component's shadow root."""
    sheets = ("components.css", "controls.css", "divergence.css", "social.css", "news.css")
    return "\n".join((STYLES / name).read_text("utf-8") for name in sheets)


def material() -> dict[str, Any]:
    """Material UI's theme: flat, dense, dark."""
    bar = {
        "backgroundImage": "none",
        "backgroundColor": TOKENS["ground"],
        "color": TOKENS["t1"],
        "borderBottom": f"1px solid {TOKENS['line']}",
    }
    rail = {"backgroundColor": TOKENS["ground"], "borderRight": f"1px solid {TOKENS['line']}"}
    toolbar = {
        "minHeight": f"{HEADER_PX}px !important",
        "paddingLeft": "12px !important",
        "paddingRight": "12px !important",
    }
    return {
        "palette": _palette(),
        "typography": {
            "fontFamily": FONT,
            "fontSize": 13,
            "button": {"textTransform": "none"},
            "h3": {"fontSize": 16, "fontWeight": 700},
        },
        "shape": {"borderRadius": 4},
        "components": {
            "MuiAppBar": {"defaultProps": {"elevation": 0}, "styleOverrides": {"root": bar}},
            "MuiToolbar": {"styleOverrides": {"root": toolbar}},
            "MuiDrawer": {"styleOverrides": {"paper": rail}},
            "MuiPaper": {"styleOverrides": {"root": {"backgroundImage": "none"}}},
        },
    }


def _palette() -> dict[str, Any]:
    return {
        "mode": "dark",
        "primary": {"main": TOKENS["accent"]},
        "secondary": {"main": TOKENS["t2"]},
        "success": {"main": TOKENS["up"]},
        "error": {"main": TOKENS["down"]},
        "warning": {"main": TOKENS["warn"]},
        "background": {"default": TOKENS["ground"], "paper": TOKENS["panel"]},
        "text": {"primary": TOKENS["t1"], "secondary": TOKENS["t2"]},
        "divider": TOKENS["line"],
    }
