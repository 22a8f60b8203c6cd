"""Reddit's Atom feed of a subreddit -> its posts."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit
from xml.etree import ElementTree

from oddlot.errors import BadMessage
from producers.forums.listings import SUBMISSION, link_of
from producers.forums.written import MAX_ID, Page, Written, plain, plain_of_markup

_ATOM = "{http://www.w3.org/2005/Atom}"
# Reddit marks where a post's own words begin and end; what follows names the author.
_OPENS, _CLOSES = "<!-- SC_OFF -->", "<!-- SC_ON -->"


def read_feed(body: bytes) -> Page:
    """Read a page of a feed; entries that cannot be read are put aside.

    Raises BadMessage if it is no feed.
    """
    try:
        # expat has a limit on what entities may grow to; entities of other files it never reads.
        feed = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError) as e:
        raise BadMessage(f"expected an Atom feed of Reddit, was something else: {e}") from e
    if feed.tag != f"{_ATOM}feed":
        raise BadMessage(f"expected an Atom feed of Reddit, was <{feed.tag[:40]}>")
    written, refused = [], []
    for entry in feed.iter(f"{_ATOM}entry"):
        if not _text(entry, "id").startswith(f"{SUBMISSION}_"):
            continue  # a comment, or an advertisement
        try:
            written.append(_written(entry))
        except (BadMessage, ValueError) as e:
            kept = f"{_text(entry, 'id')} {_text(entry, 'published')}".encode()
            refused.append((kept, f"expected an entry of Reddit, was something else: {e}"))
    older = written[-1].post_id if written else None
    return Page(written=tuple(written), older=older, refused=tuple(refused))


def _written(entry: ElementTree.Element) -> Written:
    post_id = _text(entry, "id")
    made = _text(entry, "published") or _text(entry, "updated")
    at = dt.datetime.fromisoformat(made)
    if len(post_id) > MAX_ID or at.tzinfo is None:
        raise BadMessage(f"an id and a time with its zone, was {post_id[:MAX_ID]!r}, {made!r}")
    link = entry.find(f"{_ATOM}link")
    address = link.get("href", "") if link is not None else ""
    _, opened, rest = _text(entry, "content").partition(_OPENS)
    return Written(
        post_id=post_id,
        event_ms=int(at.timestamp() * 1_000),
        title=plain(_text(entry, "title")),
        text=plain_of_markup(rest.partition(_CLOSES)[0]) if opened else "",
        url=link_of(urlsplit(address).path),
    )


def _text(entry: ElementTree.Element, name: str) -> str:
    return (entry.findtext(f"{_ATOM}{name}") or "").strip()
