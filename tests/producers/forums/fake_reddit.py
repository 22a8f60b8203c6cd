"""A Reddit that a test writes: its posts, what was deleted, how it feels today."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx

from oddlot.settings import Settings, load

DEPTH = 1_000
SECRET = "secret"


class FakeReddit:
    """Answers as Reddit does, newest posts first; a page after a deleted post is empty."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.asked: list[httpx.Request] = []
        self.answers: list[httpx.Response] = []  # given before any of our own
        self.token_answers: list[httpx.Response] = []
        self.after_asking: list[Callable[[], object]] = []  # called once each, between two requests
        self.tokens = 0
        self.expired: set[str] = set()
        self.headers: dict[str, str] = {}

    @property
    def anchors(self) -> list[str | None]:
        """What pages were asked for after."""
        return [request.url.params.get("after") for request in self.asked]

    def write(self, title: str, *, event_ms: int, **more: Any) -> str:
        """Write a post; give its name."""
        name = f"t3_{len(self.posts):x}"
        self.posts.append({"name": name, "created_utc": event_ms / 1_000, "title": title, **more})
        return name

    def write_hourly(self, count: int, *, until_ms: int, title: str = "TSLA") -> list[str]:
        """Write a post an hour up to a time, oldest first."""
        hours = range(count - 1, -1, -1)
        return [self.write(title, event_ms=until_ms - hour * 3_600_000) for hour in hours]

    def delete(self, *names: str) -> None:
        """Delete posts."""
        self.posts = [post for post in self.posts if post["name"] not in names]

    def client(self) -> httpx.AsyncClient:
        """Give a client that reaches it."""
        return httpx.AsyncClient(
            transport=httpx.MockTransport(self._answer), headers={"user-agent": "tests"}
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("access_token"):
            return self._token(request)
        self.asked.append(request)
        if self.answers:
            return self.answers.pop(0)
        if "authorization" in request.headers:
            if request.headers["authorization"].removeprefix("bearer ") in self.expired:
                return httpx.Response(401, json={"message": "Unauthorized", "error": 401})
            answer = httpx.Response(200, json=self._listing(request), headers=self.headers)
        else:
            answer = httpx.Response(200, text=self._feed(request), headers=self.headers)
        for step in self.after_asking[:1]:
            del self.after_asking[0]
            step()
        return answer

    def _token(self, request: httpx.Request) -> httpx.Response:
        if self.token_answers:
            return self.token_answers.pop(0)
        assert parse_qs(request.content.decode()) == {"grant_type": ["client_credentials"]}
        expected = httpx.BasicAuth("me", SECRET)
        wanted = next(expected.auth_flow(httpx.Request("POST", request.url)))
        if request.headers["authorization"] != wanted.headers["authorization"]:
            return httpx.Response(401, json={"message": "Unauthorized", "error": 401})
        self.tokens += 1
        token = f"token-{self.tokens}"
        return httpx.Response(
            200, json={"access_token": token, "token_type": "bearer", "expires_in": 86_400}
        )

    def _page(self, request: httpx.Request) -> tuple[list[dict[str, Any]], str | None]:
        newest = sorted(self.posts, key=lambda post: -post["created_utc"])[:DEPTH]
        names = [post["name"] for post in newest]
        after, limit = request.url.params.get("after"), int(request.url.params["limit"])
        if after and after not in names:
            return [], None
        start = names.index(after) + 1 if after else 0
        page = newest[start : start + limit]
        return page, page[-1]["name"] if start + limit < len(newest) else None

    def _listing(self, request: httpx.Request) -> dict[str, Any]:
        page, after = self._page(request)
        children = [{"kind": "t3", "data": {"author": "someone", **post}} for post in page]
        return {"kind": "Listing", "data": {"after": after, "children": children}}

    def _feed(self, request: httpx.Request) -> str:
        page, _ = self._page(request)
        return atom(*page)


def atom(*posts: dict[str, Any]) -> str:
    """Write a feed as Reddit does: the post's words between marks, then its author."""
    entries = "".join(_entry(post) for post in posts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:media="http://search.yahoo.com/mrss/"><id>/r/x/new/.rss</id>{entries}</feed>'
    )


def settings_of(*, key: bool = True, secret: str = SECRET, **more: Any) -> Settings:
    """Give settings with or without a key."""
    given = {"reddit_client_id": "me", "reddit_client_secret": secret} if key else {}
    return load(**given, **more)


def at_ms(ago_s: float = 0.0) -> int:
    """Give a time in the past, whole seconds as Reddit has them."""
    return int(time.time() - ago_s) * 1_000


def listing_body(*posts: dict[str, Any], after: str | None = None) -> bytes:
    """Give the body of a listing."""
    children = [{"kind": "t3", "data": post} for post in posts]
    return json.dumps({"kind": "Listing", "data": {"after": after, "children": children}}).encode()


def _entry(post: dict[str, Any]) -> str:
    made = datetime.fromtimestamp(post["created_utc"], UTC).isoformat()
    words = html.escape(post.get("selftext", ""))
    markup = f'<!-- SC_OFF --><div class="md"><p>{words}</p></div><!-- SC_ON -->' if words else ""
    markup += ' submitted by <a href="https://www.reddit.com/user/someone"> /u/someone </a>'
    link = f"https://www.reddit.com/r/stocks/comments/{post['name'][3:]}/x/"
    return (
        "<entry><author><name>/u/someone</name><uri>https://www.reddit.com/user/someone</uri>"
        f'</author><category term="stocks" label="r/stocks"/>'
        f'<content type="html">{html.escape(markup)}</content><id>{post["name"]}</id>'
        f'<link href="{link}"/><updated>{made}</updated><published>{made}</published>'
        f"<title>{html.escape(post['title'])}</title></entry>"
    )
