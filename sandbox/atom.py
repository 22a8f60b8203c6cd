"""Posts of a subreddit -> its Atom feed, as Reddit writes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

CONTENT_TYPE = "application/atom+xml; charset=UTF-8"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_SPACES = 'xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"'


class Entry(NamedTuple):
    """One post; `html` is markup, everything else plain text."""

    id: str
    title: str
    html: str
    link: str
    author: str
    published_ms: int


def feed(name: str, entries: Sequence[Entry], *, updated_ms: int) -> str:
    """Write a subreddit's feed."""
    place = f"/r/{name}/new/"
    category = f"<category term={quoteattr(name)} label={quoteattr(f'r/{name}')}/>"
    body = "".join(_entry(entry, category) for entry in entries)
    return (
        f"{_HEAD}<feed {_SPACES}>{category}<updated>{_time(updated_ms)}</updated>"
        f"<icon>https://www.redditstatic.com/icon.png/</icon><id>{place}.rss</id>"
        f'<link rel="self" href="https://www.reddit.com{place}.rss" type="application/atom+xml"/>'
        f'<link rel="alternate" href="https://www.reddit.com{place}" type="text/html"/>'
        f"<title>newest submissions : {escape(name)}</title>{body}</feed>"
    )


def _entry(entry: Entry, category: str) -> str:
    time = _time(entry.published_ms)
    author = f"https://www.reddit.com{entry.author.replace('/u/', '/user/')}"
    return (
        f"<entry><author><name>{escape(entry.author)}</name><uri>{escape(author)}</uri></author>"
        f'{category}<content type="html">{escape(entry.html)}</content><id>{entry.id}</id>'
        f"<link href={quoteattr(entry.link)}/><updated>{time}</updated>"
        f"<published>{time}</published><title>{escape(entry.title)}</title></entry>"
    )


def _time(at_ms: int) -> str:
    return dt.datetime.fromtimestamp(at_ms // 1_000, dt.UTC).isoformat()
