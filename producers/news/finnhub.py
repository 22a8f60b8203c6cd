"""Finnhub's market news -> entries; two requests a reading, of the 60 a minute that it gives."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

from oddlot.errors import BadMessage, QuotaSpent
from producers.budget import Limit
from producers.news import asking
from producers.news.entries import Entry, Reading, entry_of
from producers.news.markup import plain
from producers.news.purse import Purse
from producers.news.source import check
from producers.providers.adapter import Answer, decode, shown

NAME = "finnhub"
PATH = "/api/v1/news"
CATEGORIES = ("general", "crypto")
PER_MINUTE = (Limit("minute", 60),)  # of its free plan
KEY = "check ODDLOT_FINNHUB_KEY"


class Finnhub:
    """Asks for what is newer than the newest that it has given."""

    name = NAME

    def __init__(
        self, http: httpx.AsyncClient, purse: Purse, *, url: str, key: str, every_s: float
    ) -> None:
        self.every_s = every_s
        self._http = http
        self._purse = purse
        self._url = url.rstrip("/") + PATH
        self._key = key
        self._newest = dict.fromkeys(CATEGORIES, 0)

    async def read(self, now_ms: int) -> Reading:
        """Give what is new of every category."""
        entries: list[Entry] = []
        rejected = 0
        for category in CATEGORIES:
            answer = await self._purse.pay(lambda: self._ask(category), _now_ms)  # noqa: B023
            try:
                check(answer, refused=KEY, now_ms=now_ms)
            except QuotaSpent as e:
                spent = QuotaSpent(str(e), window="minute", retry_ms=e.retry_ms)
                await self._purse.refused(spent, now_ms)
                raise spent from e
            rows = await asyncio.to_thread(_rows, answer)
            found = [_entry(row) for row in rows]
            entries += [entry for entry in found if entry]
            rejected += found.count(None)
            self._newest[category] = max([self._newest[category], *map(_number, rows)])
        return Reading(tuple(entries), rejected)

    async def _ask(self, category: str) -> Answer:
        newest = self._newest[category]
        params = {"category": category, **({"minId": str(newest)} if newest else {})}
        # The key in a header: addresses end up in logs.
        headers = {"X-Finnhub-Token": self._key}
        return await asking.ask(self._http, self._url, params=params, headers=headers)


def _rows(answer: Answer) -> list[Any]:
    body = decode(answer)
    if not isinstance(body, list):
        raise BadMessage(f"expected a list of news, was {shown(answer.body)}")
    return body[:200]


def _entry(row: Any) -> Entry | None:
    if not isinstance(row, dict):
        return None
    at_s = row.get("datetime")
    related = [each.strip() for each in str(row.get("related") or "").split(",")]
    return entry_of(
        entry_id=row.get("id"),
        title=plain(str(row.get("headline") or ""), is_markup=True),
        excerpt=plain(str(row.get("summary") or ""), is_markup=True),
        url=row.get("url"),
        published_ms=int(at_s) * 1_000 if isinstance(at_s, int | float) and at_s > 0 else None,
        symbols=tuple(filter(None, related)),
    )


def _number(row: Any) -> int:
    found = row.get("id") if isinstance(row, dict) else None
    return found if isinstance(found, int) else 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
