"""A subreddit and a page -> one page of its posts, newest first: with a key, or without."""

from __future__ import annotations

import asyncio
from typing import Protocol

import httpx

from oddlot.errors import KeyRefused, QuotaSpent, VenueUnavailable
from oddlot.settings import Settings
from producers.forums.atom import read_feed
from producers.forums.calls import call
from producers.forums.listings import read_listing, read_token
from producers.forums.pace import MINUTE_MS, Pace, now_ms, reset_of
from producers.forums.written import Page
from producers.providers.adapter import TOO_MANY_REQUESTS, Answer

PAGE_POSTS = "100"  # the most that Reddit gives at once
FEEDS_PER_MINUTE = 1  # what Reddit lets an address without a key read, as measured by many
TOKEN_SHARE = 0.9  # of its life: a token that ends on the way is a request for nothing
REFUSED_KEY = (400, 401, 403)
OK, REFUSED_TOKEN, NOT_YOURS, NOT_FOUND = 200, 401, (403, 451), (301, 302, 404)
HOW_TO_GET_A_KEY = (
    "have Reddit approve an application, register it at https://www.reddit.com/prefs/apps, set "
    "ODDLOT_REDDIT_CLIENT_ID and ODDLOT_REDDIT_CLIENT_SECRET"
)
TAKE_IT_OUT = "take it out of ODDLOT_REDDIT_SUBREDDITS"


class Source(Protocol):
    """Whoever gives pages of subreddits."""

    pace: Pace
    about: str

    async def page(self, name: str, after: str | None) -> Page:
        """Give the newest page, or the one after a post.

        Raises QuotaSpent, KeyRefused or VenueUnavailable, saying why and what to do, and BadMessage
        where the answer cannot be read.
        """


def source_of(settings: Settings, http: httpx.AsyncClient) -> Source:
    """Give the API where there is a key for it, else the feeds."""
    return Listings(settings, http) if settings.reddit_client_id else Feeds(settings, http)


class Listings:
    """Reddit's API, with the key of an application."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self.pace = Pace(settings.reddit_per_minute, MINUTE_MS)
        self.about = "with a key"
        self._settings = settings
        self._http = http
        self._token = ""
        self._token_until_ms = 0

    async def page(self, name: str, after: str | None) -> Page:
        """Give a page; a token that was taken back is asked for once more."""
        answer = await self._ask(name, after)
        if answer.status == REFUSED_TOKEN:
            self._token_until_ms = 0
            answer = await self._ask(name, after)
        _check(answer, name, has_key=True)
        return await asyncio.to_thread(read_listing, answer.body)

    async def _ask(self, name: str, after: str | None) -> Answer:
        if now_ms() >= self._token_until_ms:
            await self._renew()
        params = {"limit": PAGE_POSTS, "raw_json": "1"} | ({"after": after} if after else {})
        url = f"{self._settings.reddit_url}/r/{name}/new"
        headers = {"authorization": f"bearer {self._token}"}
        return await _paced(self.pace, self._http, url, params, headers)

    async def _renew(self) -> None:
        key = httpx.BasicAuth(
            self._settings.reddit_client_id,
            self._settings.reddit_client_secret.get_secret_value(),
        )
        asked_ms = now_ms()
        url = f"{self._settings.reddit_www_url}/api/v1/access_token"
        answer = await _named(
            self._http, "POST", url, form={"grant_type": "client_credentials"}, auth=key
        )
        if answer.status in REFUSED_KEY:
            raise KeyRefused(
                f"Reddit does not take the key (HTTP {answer.status}): compare "
                "ODDLOT_REDDIT_CLIENT_ID and ODDLOT_REDDIT_CLIENT_SECRET with "
                "https://www.reddit.com/prefs/apps"
            )
        if answer.status not in (OK, TOO_MANY_REQUESTS):
            raise VenueUnavailable(
                f"Reddit gives no token (HTTP {answer.status}); asked again later"
            )
        _check(answer, "", has_key=True)
        token = read_token(answer.body)
        self._token = token.access_token
        self._token_until_ms = asked_ms + round(1_000 * TOKEN_SHARE * token.expires_in)


class Feeds:
    """Reddit's Atom feeds, open to everybody, one a minute."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self.pace = Pace(FEEDS_PER_MINUTE, MINUTE_MS)
        self.about = "feeds without a key, one a minute"
        self._settings = settings
        self._http = http

    async def page(self, name: str, after: str | None) -> Page:
        """Give a page."""
        params = {"limit": PAGE_POSTS} | ({"after": after} if after else {})
        url = f"{self._settings.reddit_www_url}/r/{name}/new/.rss"
        answer = await _paced(self.pace, self._http, url, params, {})
        _check(answer, name, has_key=False)
        return await asyncio.to_thread(read_feed, answer.body)


async def _paced(
    pace: Pace, http: httpx.AsyncClient, url: str, params: dict[str, str], headers: dict[str, str]
) -> Answer:
    pace.note_sent(now_ms())
    answer = await _named(http, "GET", url, params=params, headers=headers)
    pace.obey(answer.headers, now_ms())
    return answer


async def _named(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    params: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
    auth: httpx.BasicAuth | None = None,
) -> Answer:
    try:
        return await call(http, method, url, params=params, headers=headers, form=form, auth=auth)
    except VenueUnavailable as e:
        raise VenueUnavailable(f"Reddit {e}") from e


def _check(answer: Answer, name: str, *, has_key: bool) -> None:
    """Raise what an answer that is none means."""
    status = answer.status
    if status == OK:
        return
    if status == TOO_MANY_REQUESTS:
        now = now_ms()
        reset_ms = reset_of(answer.headers, now)
        raise QuotaSpent(
            "Reddit says that there were too many requests; it is asked again when it has more"
            + ("" if has_key else f". A key has a hundred times as many: {HOW_TO_GET_A_KEY}"),
            window="minute",
            retry_ms=None if reset_ms is None else reset_ms - now,
        )
    if status in NOT_YOURS:
        if has_key:
            raise KeyRefused(
                f"Reddit does not show r/{name} to this key (HTTP {status}): it may be private or "
                f"in quarantine; {TAKE_IT_OUT}"
            )
        raise KeyRefused(
            f"Reddit refuses r/{name} without a key (HTTP {status}): {HOW_TO_GET_A_KEY}; if others "
            f"are read, this one may be private, then {TAKE_IT_OUT}"
        )
    if status in NOT_FOUND:
        raise KeyRefused(f"Reddit has no r/{name} (HTTP {status}): correct it or {TAKE_IT_OUT}")
    if status == REFUSED_TOKEN:
        raise KeyRefused("Reddit takes back every token it gives (HTTP 401); asked again later")
    raise VenueUnavailable(f"Reddit has trouble of its own (HTTP {status}); asked again later")
