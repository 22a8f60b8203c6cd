"""FMP's news of stocks -> entries; seldom, since its 250 requests a day are for daily closes."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from oddlot.errors import BadMessage, KeyRefused, QuotaSpent, VenueUnavailable
from producers.news import asking
from producers.news.entries import Entry, Reading, entry_of
from producers.news.markup import plain
from producers.news.purse import Purse
from producers.news.source import check
from producers.providers.adapter import Answer, decode, retry_ms, shown
from producers.providers.adapter import plain as one_line

NAME = "fmp"
PATH = "/stable/news/stock-latest"
EVERY_S = 3_600.0  # a tenth of the free plan's day
ROWS = 50
SPARE_SHARE = 0.2  # of a day's requests that are left to daily closes
KEY = "check ODDLOT_FMP_KEY"
_NEW_YORK = ZoneInfo("America/New_York")  # its times name no zone


class Fmp:
    """Asks for the newest news of all stocks."""

    name = NAME

    def __init__(
        self, http: httpx.AsyncClient, purse: Purse, *, url: str, key: str, every_s: float
    ) -> None:
        self.every_s = max(every_s, EVERY_S)
        self._http = http
        self._purse = purse
        self._url = url.rstrip("/") + PATH
        self._key = key

    async def read(self, now_ms: int) -> Reading:
        """Give the newest rows there are."""
        answer = await self._purse.pay(self._ask, _now_ms)
        try:
            rows = await asyncio.to_thread(_rows, answer, now_ms)
        except QuotaSpent as e:
            await self._purse.refused(e, now_ms)
            raise
        found = [_entry(row) for row in rows]
        return Reading(tuple(entry for entry in found if entry), found.count(None))

    async def _ask(self) -> Answer:
        params = {"page": "0", "limit": str(ROWS), "apikey": self._key}
        return await asking.ask(self._http, self._url, params=params)


def _rows(answer: Answer, now_ms: int) -> list[Any]:
    if answer.status == 402:  # in plain text
        raise KeyRefused(f"has no news in this plan: {one_line(answer.body)}")
    if answer.status == 429:
        raise _spent(answer)
    if answer.status >= 500:
        raise VenueUnavailable(f"is in trouble (HTTP {answer.status}); it is asked again")
    body = decode(answer)
    if isinstance(body, dict):  # an error, which may come with HTTP 200
        words = str(body.get("Error Message", body.get("message", "")))
        if "Limit Reach" in words:
            raise _spent(answer)
        raise KeyRefused(f"refuses the request: {shown(words)}; {KEY}")
    check(answer, refused=KEY, now_ms=now_ms)
    if not isinstance(body, list):
        raise BadMessage(f"expected a list of news, was {shown(answer.body)}")
    return body[:ROWS]


def _spent(answer: Answer) -> QuotaSpent:
    return QuotaSpent(
        "says that its requests of the day are spent", window="day", retry_ms=retry_ms(answer)
    )


def _entry(row: Any) -> Entry | None:
    if not isinstance(row, dict):
        return None
    url, symbol = row.get("url"), str(row.get("symbol") or "").strip()
    return entry_of(
        entry_id=url,
        title=plain(str(row.get("title") or ""), is_markup=True),
        excerpt=plain(str(row.get("text") or ""), is_markup=True),
        url=url,
        published_ms=_at_ms(row.get("publishedDate")),
        symbols=(symbol,) if symbol else (),
    )


def _at_ms(text: object) -> int | None:
    try:
        at = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=_NEW_YORK)).timestamp() * 1_000)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
