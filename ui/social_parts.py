"""The social page -> its parts that live in the browser."""

from __future__ import annotations

import param

from ui.charts import BrowserPart


class SocialPart(BrowserPart):
    """A part that shows what the crowd talks about, and may change what the page shows."""

    forum = param.String(default="all", doc="all, reddit or stocktwits.")
    hour = param.String(doc="UTC, such as 2024-08-08T15; empty shows the newest with anything.")
    symbol = param.String(doc="Whose posts are shown; empty shows everybody's.")
    q = param.String(doc="Words that the posts shown have.")

    __abstract = True


class SocialNotice(SocialPart):
    """What is wrong and what to do, or nothing."""

    module = param.String(default="social_notice", constant=True)


class SocialToolbar(SocialPart):
    """Which forum, which hour, which words; files."""

    module = param.String(default="social_toolbar", constant=True)


class SocialTiles(SocialPart):
    """The figures of the hour."""

    module = param.String(default="social_tiles", constant=True)


class Ranking(SocialPart):
    """Who is talked about, against their baselines."""

    module = param.String(default="social_table", constant=True)


class Posts(SocialPart):
    """The posts behind a number."""

    module = param.String(default="social_posts", constant=True)


class Places(SocialPart):
    """Where posts are read: when last, when next, and why not."""

    module = param.String(default="social_places", constant=True)
