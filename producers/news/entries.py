"""The bytes of an RSS or Atom feed -> its entries, in plain text and within limits."""

from __future__ import annotations

import calendar
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import feedparser

from oddlot.contracts.social import MAX_EXCERPT, MAX_TITLE, MAX_URL
from oddlot.errors import BadMessage
from producers.news.markup import cut, plain

MAX_ENTRIES = 200  # of one reading; feeds have 10 to 100
MAX_ID = 200  # characters; longer ones become digests
SHOWN_BYTES = 80
# What feedparser is known to raise on malformed input, where it should have made the best of it.
BROKEN_BY_INPUT = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError,
                   TypeError, ValueError)  # fmt: skip
_MARKUP = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as its source has it.

    Attributes
    ----------
    entry_id : the source's own, or a digest of the title.
    title, excerpt : plain text.
    url : http or https, or empty.
    symbols : what the source itself says that it is about.
    published_ms : what the source says; None where it says nothing.
    """

    entry_id: str
    title: str
    excerpt: str
    url: str
    published_ms: int | None
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The entries of a feed, and how many had nothing to show."""

    entries: tuple[Entry, ...]
    rejected: int = 0


def read_feed(body: bytes, headers: Mapping[str, str], *, url: str) -> Reading:
    """Read a feed, however badly it is made.

    Parameters
    ----------
    body : as it came.
    headers : of the answer, names in lower case; they may name the encoding.
    url : where it came from: addresses in it may be relative.

    Raises BadMessage where it is no feed at all.
    """
    known = {"content-location": url}
    if "content-type" in headers:
        known["content-type"] = headers["content-type"]
    try:
        # A file, never a name: feedparser would open those.
        parsed = feedparser.parse(io.BytesIO(body), response_headers=known)
    except BROKEN_BY_INPUT as e:
        raise BadMessage(f"a feed that cannot be read: {e!r:.200}") from e
    if not parsed.get("version") and not parsed.entries:
        kind = headers.get("content-type", "").partition(";")[0] or "no type"
        raise BadMessage(f"expected RSS or Atom, was {kind}: {body[:SHOWN_BYTES]!r}")
    found = [_entry(each) for each in parsed.entries[:MAX_ENTRIES]]
    entries = tuple(entry for entry in found if entry)
    return Reading(entries, len(found) - len(entries))


def entry_of(
    *,
    entry_id: object,
    title: str,
    excerpt: str,
    url: object,
    published_ms: int | None,
    symbols: tuple[str, ...] = (),
) -> Entry | None:
    """Make an entry of what a source says; None where there is no title."""
    title = cut(title, MAX_TITLE)
    if not title:
        return None
    said = str(entry_id or "").strip()
    if not said:
        said = "title:" + _digest(normalised(title))
    elif len(said) > MAX_ID or not said.isprintable():
        said = _digest(said)
    excerpt = cut(excerpt, MAX_EXCERPT)
    return Entry(
        entry_id=said,
        title=title,
        excerpt="" if normalised(excerpt) == normalised(title) else excerpt,
        url=safe_url(url),
        published_ms=published_ms,
        symbols=symbols,
    )


def normalised(title: str) -> str:
    """Give a title without what two sites write differently.

    Examples
    --------
    >>> normalised("NVIDIA’s “big” day — again!")
    'nvidia s big day again'
    """
    return " ".join(re.findall(r"\w+", title.casefold()))


def safe_url(url: object) -> str:
    """Give an address that a browser may be sent to, or nothing.

    Examples
    --------
    >>> safe_url("javascript:alert(1)"), safe_url(" https://a.example/x ")
    ('', 'https://a.example/x')
    """
    text = str(url or "").strip()
    try:
        place = urlsplit(text)
        is_good = place.scheme in {"http", "https"} and bool(place.hostname)
    except ValueError:
        return ""
    is_clean = text.isprintable() and not set(text) & set(' "<>\\^`{|}')
    return text if is_good and is_clean and len(text) <= MAX_URL else ""


def _entry(given: Any) -> Entry | None:
    return entry_of(
        entry_id=given.get("id"),
        title=_text(given, "title"),
        excerpt=_text(given, "summary"),
        url=given.get("link"),
        published_ms=_published_ms(given),
    )


def _text(given: Any, name: str) -> str:
    detail = given.get(f"{name}_detail") or {}
    return plain(str(detail.get("value") or ""), is_markup=detail.get("type") in _MARKUP)


def _published_ms(given: Any) -> int | None:
    # Asked as a plain dictionary: feedparser gives one date for the other, with a warning.
    parsed = dict.get(given, "published_parsed") or dict.get(given, "updated_parsed")
    try:
        return calendar.timegm(parsed) * 1_000 if parsed else None
    except (OverflowError, ValueError):
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:24]
