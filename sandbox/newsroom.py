"""A path, a seed and the time -> RSS and Atom feeds as news sites have them, flaws included.

What a feed says at a time is always the same, whoever asks. Stories come every so often, all made
up; some are said by two feeds, some have no id, some have markup in their titles.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from sandbox.stories import Story, story_of

PREFIX = "/news/"
SHOWN = 30  # stories of a feed at a time
# A story is syndicated word for word by the desks below the wire, this long after it.
SYNDICATED_MS = 20_000
EXCERPT_MARKUP = '<p>{text}</p><img src="http://127.0.0.1/pixel.gif" onerror="alert(1)">'

Answered = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One feed.

    Attributes
    ----------
    name : of its file, without the ending.
    title : for people.
    form : RSS or Atom.
    every_ms : between two of its stories.
    has_ids : whether entries have ids of their own.
    topic : what it writes about.
    """

    name: str
    title: str
    form: Literal["rss", "atom"]
    every_ms: int
    has_ids: bool
    topic: Literal["stocks", "crypto"]


DESKS = (
    Desk(name="market-wire", title="Market Wire (simulated)", form="rss", every_ms=45_000,
         has_ids=True, topic="stocks"),
    Desk(name="street-notes", title="Street Notes (simulated)", form="atom", every_ms=90_000,
         has_ids=True, topic="stocks"),
    Desk(name="coin-desk", title="Coin Desk (simulated)", form="rss", every_ms=60_000,
         has_ids=False, topic="crypto"),
)  # fmt: skip
NAMES = tuple(desk.name for desk in DESKS)


def answer(
    path: str,
    headers: Mapping[str, str],
    *,
    now_ms: int,
    seed: int,
    moves: Mapping[str, float] | None = None,
) -> Answered:
    """Answer a GET request.

    Parameters
    ----------
    path : `/news/<name>.xml`, or a story's own page.
    headers : of the request; their names may be in any case.
    now_ms : the time; nothing later is told.
    seed : the same one gives the same stories.
    moves : by symbol, as fractions; some stories are about these.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    name = path.removeprefix(PREFIX)
    if name.startswith("story/"):
        return (
            200,
            {"content-type": "text/plain; charset=utf-8"},
            b"A story made up by the sandbox.",
        )
    desk = next((each for each in DESKS if name == f"{each.name}.xml"), None)
    if desk is None or not path.startswith(PREFIX):
        return 404, {"content-type": "text/plain"}, b"no such feed"
    host = sent.get("host", "127.0.0.1")
    items = stories(desk, now_ms=now_ms, seed=seed, moves=moves or {})
    body = (_rss if desk.form == "rss" else _atom)(desk, items, host).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    newest_ms = items[0][1] if items else now_ms
    validators = {"etag": etag, "last-modified": _http_date(newest_ms)}
    if _is_known(sent, etag, newest_ms):
        return 304, validators, b""
    return 200, {"content-type": f"application/{desk.form}+xml", **validators}, body


def stories(
    desk: Desk, *, now_ms: int, seed: int, moves: Mapping[str, float]
) -> list[tuple[int, int, Story]]:
    """Give a desk's newest stories: number, time of publication, and what they say."""
    newest = now_ms // desk.every_ms
    found = []
    for number in range(newest, newest - SHOWN - 1, -1):
        published_ms = number * desk.every_ms
        story = _story(desk, number, seed=seed, moves=moves)
        if _is_syndicated(desk, number, seed):
            wire = DESKS[0]
            origin = published_ms // wire.every_ms - 1
            story = _story(wire, origin, seed=seed, moves=moves)
            published_ms = origin * wire.every_ms + SYNDICATED_MS
        if published_ms <= now_ms:
            found.append((number, published_ms, story))
    return sorted(found, key=lambda each: -each[1])[:SHOWN]


def _story(desk: Desk, number: int, *, seed: int, moves: Mapping[str, float]) -> Story:
    rng = random.Random(f"{seed}:{desk.name}:{number}")
    return story_of(rng, desk.topic, number, moves)


def _is_syndicated(desk: Desk, number: int, seed: int) -> bool:
    if desk is DESKS[0] or desk.topic != "stocks":
        return False
    return random.Random(f"{seed}:{desk.name}:{number}:again").random() < 0.3


def _rss(desk: Desk, items: list[tuple[int, int, Story]], host: str) -> str:
    entries = []
    for number, published_ms, story in items:
        guid = f'<guid isPermaLink="false">{desk.name}-{number}</guid>' if desk.has_ids else ""
        text = EXCERPT_MARKUP.format(text=escape(story.text))
        entries.append(
            f"<item><title>{_title(story)}</title><link>{_link(host, desk, number)}</link>{guid}"
            f"<pubDate>{_http_date(published_ms)}</pubDate>"
            f"<description><![CDATA[{text}]]></description></item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>{escape(desk.title)}</title><link>http://{escape(host)}/</link>"
        f"<description>Made up by the sandbox.</description>{''.join(entries)}</channel></rss>"
    )


def _atom(desk: Desk, items: list[tuple[int, int, Story]], host: str) -> str:
    entries = []
    for number, published_ms, story in items:
        at = dt.datetime.fromtimestamp(published_ms / 1_000, dt.UTC).isoformat()
        entries.append(
            f"<entry><id>tag:{desk.name},2024:{number}</id>"
            f'<title type="html">{_title(story)}</title>'
            f'<link href="{_link(host, desk, number)}"/><updated>{at}</updated>'
            f'<published>{at}</published><summary type="html">'
            f"{escape(EXCERPT_MARKUP.format(text=escape(story.text)))}</summary></entry>"
        )
    at = dt.datetime.fromtimestamp((items[0][1] if items else 0) / 1_000, dt.UTC).isoformat()
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(desk.title)}</title><id>tag:{desk.name},2024:feed</id>"
        f"<updated>{at}</updated>{''.join(entries)}</feed>"
    )


def _title(story: Story) -> str:
    """Write a title as sites do: its markup escaped once, its own signs escaped within."""
    return escape(story.title_html)


def _link(host: str, desk: Desk, number: int) -> str:
    return f"http://{escape(host)}{PREFIX}story/{desk.name}/{number}"


def _is_known(sent: Mapping[str, str], etag: str, newest_ms: int) -> bool:
    if "if-none-match" in sent:
        return etag in sent["if-none-match"]
    since = sent.get("if-modified-since", "")
    try:
        return (
            email.utils.parsedate_to_datetime(since).timestamp() * 1_000
            >= newest_ms // 1_000 * 1_000
        )
    except ValueError:
        return False


def _http_date(at_ms: int) -> str:
    return email.utils.formatdate(at_ms / 1_000, usegmt=True)
