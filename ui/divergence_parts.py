"""The divergence page -> its parts that live in the browser."""

from __future__ import annotations

import param

from ui.charts import BrowserPart


class DivergencePart(BrowserPart):
    """A part that shows who breaks ranks, and may change what the page shows."""

    groups = param.String(doc="Ids of peer groups; empty shows the one with the most divergers.")
    interval = param.String(default="1d", doc="Daily closes, or live one-minute bars.")
    z = param.Number(default=0.0, doc="|z| that counts as breaking ranks; 0 leaves it to the API.")
    symbols = param.String(doc="Pasted ones, shown instead of groups.")
    benchmark = param.String(doc="Of the pasted symbols.")

    __abstract = True


class DivergenceNotice(DivergencePart):
    """What is wrong and what to do, or nothing."""

    module = param.String(default="divergence_notice", constant=True)


class DivergenceToolbar(DivergencePart):
    """Which groups, which bars, which threshold; how far the scan is."""

    module = param.String(default="divergence_toolbar", constant=True)


class DivergenceTiles(DivergencePart):
    """The figures of what is shown."""

    module = param.String(default="divergence_tiles", constant=True)


class DispersionStrip(DivergencePart):
    """Every member as a dot by its z."""

    module = param.String(default="divergence_strip", constant=True)


class DivergenceHeat(DivergencePart):
    """Members by windows, coloured by z."""

    module = param.String(default="divergence_heat", constant=True)


class DivergenceTable(DivergencePart):
    """Every member, ranked, in words and figures."""

    module = param.String(default="divergence_table", constant=True)


class DivergenceHistory(DivergencePart):
    """Who broke ranks before."""

    module = param.String(default="divergence_history", constant=True)


class Budgets(DivergencePart):
    """What the providers of closes still give, and why a symbol waits."""

    module = param.String(default="divergence_budgets", constant=True)


class GroupsTable(DivergencePart):
    """Every peer group; a row opens it."""

    module = param.String(default="divergence_groups", constant=True)
