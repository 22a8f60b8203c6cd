"""A site's feed, asked only for what has changed since -> its entries."""

from __future__ import annotations

import asyncio

import httpx

from producers.news import asking
from producers.news.entries import Reading, read_feed
from producers.news.sites import Site
from producers.news.source import check

ACCEPT = "application/rss+xml, application/atom+xml, text/xml;q=0.9, */*;q=0.1"
REFUSED = "correct or remove it in ODDLOT_NEWS_FEEDS"
NOT_MODIFIED = 304


class SiteSource:
    """One RSS or Atom feed."""

    def __init__(self, http: httpx.AsyncClient, site: Site, *, every_s: float) -> None:
        self.name = site.name
        self.every_s = every_s
        self._http = http
        self._url = site.url
        self._validators: dict[str, str] = {}

    async def read(self, now_ms: int) -> Reading:
        """Give all entries of the feed, or none where it has not changed."""
        headers = {"accept": ACCEPT, **self._validators}
        answer = await asking.ask(self._http, self._url, headers=headers)
        if answer.status == NOT_MODIFIED and self._validators:
            return Reading(())
        check(answer, refused=REFUSED, now_ms=now_ms)
        # Reading a long feed takes a while: not on the loop that carries the trades.
        reading = await asyncio.to_thread(read_feed, answer.body, answer.headers, url=self._url)
        told = answer.headers
        given = {"if-none-match": "etag", "if-modified-since": "last-modified"}
        self._validators = {name: told[key] for name, key in given.items() if told.get(key)}
        return reading
