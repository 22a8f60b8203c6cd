"""A news site in memory, and a client that asks nobody else."""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from producers.news.asking import AGENT, MAX_REDIRECTS
from sandbox import newsroom

NOW_MS = 1_732_752_000_000
SITE = "http://news.example/news"


@dataclass
class World:
    """Answers requests by address, and notes them; without an answer, as the sandbox does."""

    now_ms: int = NOW_MS
    answers: dict[str, httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]] = (
        field(default_factory=dict)
    )
    requests: list[httpx.Request] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.MockTransport(self._answer),
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            headers={"user-agent": AGENT},
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get(str(request.url.copy_with(query=None)))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        if answer is not None:
            return answer(request)
        status, headers, body = newsroom.answer(
            request.url.path, dict(request.headers), now_ms=self.now_ms, seed=1
        )
        return httpx.Response(status, headers=headers, content=body)


def rss(*items: str, title: str = "Example") -> bytes:
    """Make a feed of some items, each given as XML."""
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f"<rss version='2.0'><channel><title>{title}</title>{listed}</channel></rss>".encode()


def item(title: str, *, guid: str = "", minutes: int = 1, more: str = "") -> str:
    """Make an item, published some minutes before NOW_MS."""
    at = httpx_date(NOW_MS - minutes * 60_000)
    named = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    return f"<title>{title}</title>{named}<pubDate>{at}</pubDate>{more}"


def httpx_date(at_ms: int) -> str:
    """Write a time as HTTP and RSS do."""
    return email.utils.formatdate(at_ms / 1_000, usegmt=True)
