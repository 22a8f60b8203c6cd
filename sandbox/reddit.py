"""Requests as Reddit takes them -> tokens, listings and feeds of made-up posts, or a no."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox import atom, chatter, posts
from sandbox.posts import Crowd, Post
from sandbox.quotas import MINUTE_MS, Charge, Quota, is_nameless
from sandbox.rest import Answer, Query

DEPTH = 1_000  # posts that a listing reaches back
DEFAULT_ROWS, MAX_ROWS = 25, 100
WINDOW_MINUTES = 10  # over which Reddit averages its requests a minute
TOKEN_S = 86_400
MAX_TOKENS = 1_000
REFUSED_SECRET = "refused"  # no application has it, to try that out
PRIVATE, MISSING = "private", "nosuch"  # subreddits whose names begin so
WWW = "https://www.reddit.com"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NAME = re.compile(r"\w{2,21}", re.ASCII)

UNAUTHORISED = {"message": "Unauthorized", "error": 401}
TOO_MANY = {"message": "Too Many Requests", "error": 429}
NOT_FOUND = {"message": "Not Found", "error": 404}
NOT_YOURS = {"reason": "private", "message": "Forbidden", "error": 403}
BLOCKED = "<html><body>You've been blocked by network security.</body></html>"


class Reddit:
    """Reddit with and without a key.

    Parameters
    ----------
    crowd : who writes.
    a_minute : requests of a key, averaged over ten minutes.
    feeds_a_minute : requests of an address without a key.
    token_s : how long a token is good.
    """

    def __init__(
        self, crowd: Crowd, *, a_minute: int = 100, feeds_a_minute: int = 1, token_s: int = TOKEN_S
    ) -> None:
        self.calls = 0
        self.rejections: Counter[str] = Counter()
        self._crowd = crowd
        self._token_s = token_s
        self._keys = Quota(WINDOW_MINUTES * a_minute, WINDOW_MINUTES * MINUTE_MS)
        self._feeds = Quota(feeds_a_minute, MINUTE_MS)
        self._given = 0
        self._tokens: dict[str, tuple[str, int]] = {}  # whose, until when

    def token(self, headers: Mapping[str, str], form: Query, now_ms: int) -> Answer:
        """Answer a request for a token by client credentials."""
        self.calls += 1
        if refusal := self._refuse_the_nameless(headers):
            return refusal
        client = _client_of(headers.get("authorization", ""))
        if client is None:
            return Answer(401, UNAUTHORISED, {"WWW-Authenticate": 'Basic realm="reddit"'})
        if form.get("grant_type") != "client_credentials":
            return Answer(200, {"error": "unsupported_grant_type"}, {})
        self._given += 1
        token = f"{client}-{now_ms}-{self._given}"
        self._tokens[token] = client, now_ms + 1_000 * self._token_s
        while len(self._tokens) > MAX_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        value = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self._token_s,
            "scope": "*",
        }
        return Answer(200, value, {})

    def listing(self, name: str, query: Query, headers: Mapping[str, str], now_ms: int) -> Answer:
        """Answer a request for a subreddit's newest posts, with a token."""
        self.calls += 1
        if refusal := self._refuse_the_nameless(headers):
            return refusal
        token = headers.get("authorization", "").removeprefix("bearer ").removeprefix("Bearer ")
        client, until_ms = self._tokens.get(token, ("", 0))
        if now_ms >= until_ms:
            challenge = 'Bearer realm="reddit", error="invalid_token"'
            return Answer(401, UNAUTHORISED, {"WWW-Authenticate": challenge})
        charge = self._keys.charge(client, now_ms)
        if not charge.is_within:
            self.rejections["key"] += 1
            return Answer(429, TOO_MANY, _told(charge))
        if refusal := _refuse(name):
            return refusal._replace(headers=_told(charge))
        escapes = query.get("raw_json") != "1"
        page, after, before = self._page(name, query, now_ms)
        children = [{"kind": "t3", "data": _row(name, post, escapes=escapes)} for post in page]
        data = {
            "after": after,
            "dist": len(page),
            "modhash": None,
            "geo_filter": None,
            "children": children,
            "before": before,
        }
        return Answer(200, {"kind": "Listing", "data": data}, _told(charge))

    def feed(
        self, name: str, query: Query, headers: Mapping[str, str], *, client: str, now_ms: int
    ) -> Answer:
        """Answer a request for a subreddit's Atom feed; `client` is an address."""
        self.calls += 1
        if refusal := self._refuse_the_nameless(headers):
            return refusal
        charge = self._feeds.charge(client, now_ms)
        if not charge.is_within:
            self.rejections["feed"] += 1
            return Answer(429, "Too Many Requests", _told(charge))
        if refusal := _refuse(name):
            return Answer(refusal.status, BLOCKED, _told(charge))
        page, _after, _before = self._page(name, query, now_ms)
        entries = [_entry(name, post) for post in page]
        text = atom.feed(name, entries, updated_ms=now_ms)
        return Answer(200, text, {"Content-Type": atom.CONTENT_TYPE, **_told(charge)})

    def refuse_anonymous(self) -> Answer:
        """Answer whoever wants JSON without a key, as Reddit does since 2025."""
        self.calls += 1
        return Answer(403, BLOCKED, {"Content-Type": "text/html"})

    def _page(
        self, name: str, query: Query, now_ms: int
    ) -> tuple[list[Post], str | None, str | None]:
        """Give a page and the names to go on with: older, newer."""
        rows = query.get("limit", "")
        limit = min(MAX_ROWS, max(1, int(rows))) if rows.isdecimal() else DEFAULT_ROWS
        place = posts.place_of_subreddit(name)
        seen = posts.take(self._crowd.newest(place, now_ms), DEPTH)
        names = [fullname(post) for post in seen]
        after, before = query.get("after", ""), query.get("before", "")
        if (after and after not in names) or (before and not after and before not in names):
            return [], None, None  # a deleted anchor: the listing is empty, and says no more
        if before and not after:
            stop = names.index(before)
            start = max(0, stop - limit)
            newer = names[start] if start else None
            return seen[start:stop], names[stop - 1] if start else None, newer
        start = names.index(after) + 1 if after else 0
        page = seen[start : start + limit]
        older = fullname(page[-1]) if page and start + limit < len(seen) else None
        return page, older, fullname(page[0]) if page and after else None

    def _refuse_the_nameless(self, headers: Mapping[str, str]) -> Answer | None:
        if is_nameless(headers.get("user-agent", "")):
            self.rejections["user agent"] += 1
            return Answer(429, TOO_MANY, {})
        return None


def fullname(post: Post) -> str:
    """Give a post's name, as listings and anchors have it."""
    return f"t3_{short_id(post)}"


def short_id(post: Post) -> str:
    """Give a post's id in Reddit's base 36."""
    number, text = post.number, ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text


def _words(post: Post) -> chatter.Words:
    names = tuple(chatter.spelled(symbol, post.draw + i) for i, symbol in enumerate(post.symbols))
    return chatter.words_of(post.draw, names, is_burst=post.is_burst)


def _row(name: str, post: Post, *, escapes: bool) -> dict[str, Any]:
    words, made_s = _words(post), post.event_ms // 1_000
    safe = html.escape if escapes else str
    link = _permalink(name, post, words.title)
    is_removed = words.body == "[removed]"
    return {
        "approved_at_utc": None,
        "subreddit": name,
        "subreddit_name_prefixed": f"r/{name}",
        "subreddit_id": "t5_2th52",
        "id": short_id(post),
        "name": fullname(post),
        "author": f"made_up_{post.draw % 9_999}",
        "author_fullname": f"t2_{post.draw % 99_999}",
        "title": safe(words.title),
        "selftext": safe(words.body),
        "selftext_html": html.escape(_paragraph(words.body)) if words.body else None,
        "link_flair_text": words.flair,
        "created": float(made_s),
        "created_utc": float(made_s),
        "edited": False,
        "permalink": link,
        "url": f"{WWW}{link}",
        "domain": f"self.{name}",
        "is_self": True,
        "score": 1 + post.draw % 40,
        "ups": 1 + post.draw % 40,
        "downs": 0,
        "upvote_ratio": 0.9,
        "num_comments": post.draw % 60,
        "over_18": False,
        "spoiler": False,
        "locked": False,
        "stickied": False,
        "removed_by_category": "moderator" if is_removed else None,
        "distinguished": None,
        "media": None,
    }


def _entry(name: str, post: Post) -> atom.Entry:
    words = _words(post)
    return atom.Entry(
        id=fullname(post),
        title=words.title,
        html=_paragraph(words.body),
        link=f"{WWW}{_permalink(name, post, words.title)}",
        author=f"/u/made_up_{post.draw % 9_999}",
        published_ms=post.event_ms // 1_000 * 1_000,
    )


def _permalink(name: str, post: Post, title: str) -> str:
    slug = "_".join(re.findall(r"[a-z0-9]+", title.lower()))[:50].strip("_") or "post"
    return f"/r/{name}/comments/{short_id(post)}/{slug}/"


def _paragraph(text: str) -> str:
    inside = f"<p>{html.escape(text)}</p>\n"
    return f'<!-- SC_OFF --><div class="md">{inside}</div><!-- SC_ON -->' if text else ""


def _told(charge: Charge) -> dict[str, str]:
    return {
        "X-Ratelimit-Used": str(charge.used),
        "X-Ratelimit-Remaining": f"{charge.left:.1f}",
        "X-Ratelimit-Reset": str(charge.reset_s),
    }


def _refuse(name: str) -> Answer | None:
    if not _NAME.fullmatch(name) or name.lower().startswith(MISSING):
        return Answer(404, NOT_FOUND, {})
    return Answer(403, NOT_YOURS, {}) if name.lower().startswith(PRIVATE) else None


def _client_of(authorisation: str) -> str | None:
    """Read an application's id out of its credentials; None if nobody has them."""
    try:
        given = base64.b64decode(authorisation.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    client, _, secret = given.partition(":")
    return client if client and secret and secret != REFUSED_SECRET else None
