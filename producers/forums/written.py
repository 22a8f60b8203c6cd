"""A post as a forum has it -> the mentions in it, as social.posts has them; no author anywhere."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from oddlot.contracts.messages import Post
from oddlot.contracts.social import MAX_EXCERPT, MAX_URL, Forum, Mood, MoodSource
from oddlot.quant.moods import mood_of

MAX_ID = 40  # characters
_REMOVED = frozenset({"[removed]", "[deleted]", "[deleted by user]"})
# Controls, and marks that turn or hide the text around them.
_UNSEEN = re.compile(
    r"[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_SPACES = re.compile(r"\s+")
# Somebody who is named in a post did not write it, but is somebody.
_PEOPLE = re.compile(r"(?<!\w)/?(?:u|user)/[\w-]{2,}|(?<![\w@])@[A-Za-z_]\w+")
_TAG: MoodSource = "tag"
_VADER: MoodSource = "vader"
# What tells what is wrong with a post without telling whose it is.
_HARMLESS = ("id", "name", "created_utc", "created_at")
_TAGS = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One post as a forum has it.

    Attributes
    ----------
    post_id : the forum's own.
    event_ms : when it was written.
    title, text : plain text; no people.
    url : where to read all of it.
    mood : the author's own tag.
    """

    post_id: str
    event_ms: int
    title: str
    text: str
    url: str
    mood: Mood | None = None

    @property
    def words(self) -> str:
        """All that it says."""
        return f"{self.title}\n{self.text}" if self.text else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a place, newest first.

    Attributes
    ----------
    written : what could be read of it.
    older : what to ask for the part before it with; None at the end.
    refused : posts that could not be read, without who wrote them, and the reason.
    """

    written: tuple[Written, ...]
    older: str | None
    refused: tuple[tuple[bytes, str], ...] = field(default=(), repr=False)


def plain(text: str) -> str:
    r"""Give text without what cannot be seen, and without people; nothing for what was removed.

    Examples
    --------
    >>> plain(" ask u/somebody or @someone\u202e ")
    'ask u/… or @…'
    >>> plain("[removed]")
    ''
    """
    seen = _UNSEEN.sub(lambda found: " " if found[0] in "\t\n\r\v\f" else "", text).strip()
    if seen in _REMOVED:
        return ""
    return _PEOPLE.sub(lambda found: "@…" if found[0].startswith("@") else "u/…", seen)


def plain_of_markup(markup: str) -> str:
    """Give the text of a piece of HTML.

    Examples
    --------
    >>> plain_of_markup('<div class="md"><p>TSLA &amp; NVDA<br/>up</p></div>')
    'TSLA & NVDA up'
    """
    return _SPACES.sub(" ", plain(html.unescape(_TAGS.sub(" ", markup)))).strip()


def without_author(raw: bytes) -> bytes:
    """Give what may be kept of a post that could not be read: what it is, and of when.

    Examples
    --------
    >>> without_author(b'{"name": "t3_1", "created_utc": "soon", "author": "someone"}')
    b'{"name":"t3_1","created_utc":"soon"}'
    """
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return b""
    fields = found if isinstance(found, dict) else {}
    return msgspec.json.encode({name: fields[name] for name in _HARMLESS if name in fields})


def excerpt_of(written: Written) -> str:
    """Give the beginning of a post, for people."""
    whole = f"{written.title}: {written.text}" if written.title and written.text else written.words
    text = _SPACES.sub(" ", whole).strip()
    return text if len(text) <= MAX_EXCERPT else f"{text[: MAX_EXCERPT - 1].rstrip()}…"


def posts_of(
    written: Written, symbols: Sequence[str], *, forum: Forum, place: str, seen_ms: int
) -> list[Post]:
    """Give a post as one mention of each symbol; its mood is the author's own, or VADER's."""
    if not symbols:
        return []
    score: float | None = None
    mood, mood_by = written.mood, _TAG
    if mood is None:
        mood, score = mood_of(written.words)
        mood_by = _VADER
    excerpt = excerpt_of(written)
    return [
        Post(
            symbol=symbol,
            forum=forum,
            place=place,
            post_id=written.post_id,
            event_ms=written.event_ms,
            mood=mood,
            mood_by=mood_by if mood else None,
            mood_score=score,
            excerpt=excerpt,
            url=written.url if len(written.url) <= MAX_URL else "",
            seen_ms=seen_ms,
        )
        for symbol in symbols
    ]
