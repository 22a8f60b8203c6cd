"""Settings -> every source of headlines that is read, and those that would need a key."""

from __future__ import annotations

import httpx

from oddlot.contracts.messages import NewsSource
from oddlot.settings import Settings
from producers.budget import Limit
from producers.closes import ledger_path
from producers.news import finnhub, fmp
from producers.news.purse import Purse
from producers.news.site_source import SiteSource
from producers.news.sites import sites_of
from producers.news.source import Source

KEYS = {
    finnhub.NAME: "no key: set ODDLOT_FINNHUB_KEY to read its news, too",
    fmp.NAME: "no key: set ODDLOT_FMP_KEY to read its news, too",
}


def sources_of(settings: Settings, http: httpx.AsyncClient) -> tuple[Source, ...]:
    """Give the sources to read; raises BadSetting where they were set wrongly."""
    every_s = float(settings.news_every_s)
    sources: list[Source] = [SiteSource(http, site, every_s=every_s) for site in sites_of(settings)]
    path = ledger_path(settings)
    if key := settings.finnhub_key.get_secret_value():
        purse = Purse(path, finnhub.NAME, finnhub.PER_MINUTE)
        url = settings.finnhub_url
        sources.append(finnhub.Finnhub(http, purse, url=url, key=key, every_s=every_s))
    if key := settings.fmp_key.get_secret_value():
        per_day = settings.fmp_per_day
        spare = int(per_day * fmp.SPARE_SHARE)
        purse = Purse(path, fmp.NAME, [Limit("day", per_day)], spare=spare)
        sources.append(fmp.Fmp(http, purse, url=settings.fmp_url, key=key, every_s=every_s))
    return tuple(sources)


def keyless(settings: Settings, now_ms: int) -> list[NewsSource]:
    """Say of the sources without a key what would make them readable."""
    keys = {finnhub.NAME: settings.finnhub_key, fmp.NAME: settings.fmp_key}
    return [
        NewsSource(
            source=name,
            state="unavailable",
            detail=KEYS[name],
            headlines=0,
            read_ms=None,
            next_ms=None,
            sent_ms=now_ms,
        )
        for name, key in keys.items()
        if not key.get_secret_value()
    ]
