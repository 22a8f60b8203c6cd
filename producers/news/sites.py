"""Settings -> the sites whose RSS and Atom feeds are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from oddlot.errors import BadSetting
from oddlot.settings import Settings

MAX_SITES = 40  # at five minutes each, one request in eight seconds
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
TAKEN = frozenset({"finnhub", "fmp"})  # sources with a key have these names


@dataclass(frozen=True, slots=True)
class Site:
    """One feed: the name that its headlines carry, and where it is."""

    name: str
    url: str


# Feeds that anybody may read, of agencies, exchanges and authorities; NEWS_FEEDS replaces them.
USUAL = (
    Site("cnbc", "https://www.cnbc.com/id/100003114/device/rss/rss.html"),
    Site("marketwatch", "https://feeds.content.dowjones.io/public/rss/mw_topstories"),
    Site("marketwatch-pulse", "https://feeds.content.dowjones.io/public/rss/mw_marketpulse"),
    Site("yahoo-finance", "https://finance.yahoo.com/news/rssindex"),
    Site("seeking-alpha", "https://seekingalpha.com/market_currents.xml"),
    Site("globenewswire", "https://www.globenewswire.com/RssFeed/orgclass/1/feedTitle/"
                          "GlobeNewswire%20-%20News%20about%20Public%20Companies"),
    Site("prnewswire", "https://www.prnewswire.com/rss/news-releases-list.rss"),
    Site("sec", "https://www.sec.gov/news/pressreleases.rss"),
    Site("federal-reserve", "https://www.federalreserve.gov/feeds/press_all.xml"),
    Site("coindesk", "https://www.coindesk.com/arc/outboundfeeds/rss/"),
    Site("cointelegraph", "https://cointelegraph.com/rss"),
)  # fmt: skip


def sites_of(settings: Settings) -> tuple[Site, ...]:
    """Give the sites to read: those that were set, or else the usual ones.

    Raises BadSetting where what was set cannot be used.
    """
    given = [each.strip() for each in settings.news_feeds.split(",") if each.strip()]
    if not given:
        return USUAL
    sites = tuple(map(_site, given))
    names = [site.name for site in sites]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _bad(f"different names, {twice[0]!r} is there twice")
    if len(sites) > MAX_SITES:
        raise _bad(f"at most {MAX_SITES} feeds, was {len(sites)}")
    return sites


def _site(given: str) -> Site:
    name, equals, url = given.partition("=")
    name = name.strip().lower()
    if not equals or not NAME.fullmatch(name) or name in TAKEN:
        raise _bad(
            f"NAME=URL with a name of letters, digits and dashes other than "
            f"{' and '.join(sorted(TAKEN))}, was {given[:80]!r}"
        )
    try:
        place = urlsplit(url.strip())
        is_good = place.scheme in {"http", "https"} and place.hostname and place.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise _bad(f"http[s]://host/path as the address of {name}, was {url[:80]!r}")
    return Site(name, url.strip())


def _bad(expected: str) -> BadSetting:
    return BadSetting(f"ODDLOT_NEWS_FEEDS: expected {expected}; correct it, or unset it")
