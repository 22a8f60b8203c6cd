"""The news page -> its parts that live in the browser."""

from __future__ import annotations

import param

from ui.charts import BrowserPart


class NewsPart(BrowserPart):
    """A part that shows headlines, and may change which ones the page shows."""

    q = param.String(doc="Words that the headlines shown have.")
    symbol = param.String(doc="What they name; empty shows all.")
    source = param.String(doc="Who said them; empty shows everybody's.")

    __abstract = True


class NewsNotice(NewsPart):
    """What is wrong and what to do, or nothing."""

    module = param.String(default="news_notice", constant=True)


class NewsToolbar(NewsPart):
    """Which words, which symbol, which source; files."""

    module = param.String(default="news_toolbar", constant=True)


class Headlines(NewsPart):
    """The headlines, newest first, as they come."""

    module = param.String(default="news_list", constant=True)


class Named(NewsPart):
    """Which symbols the headlines shown name most."""

    module = param.String(default="news_named", constant=True)


class Sources(NewsPart):
    """Every source: when it was read, when it is read next, and what is wrong with it."""

    module = param.String(default="news_sources", constant=True)
