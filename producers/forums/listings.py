"""Reddit's JSON -> its posts; a page of a listing, or a token."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from oddlot.errors import BadMessage
from producers.forums.written import MAX_ID, Page, Written, plain, without_author

PERMALINKS = "https://www.reddit.com"
SUBMISSION = "t3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What opens the API, and for how long."""

    access_token: str
    expires_in: float


class _Submission(msgspec.Struct):
    """What we read of a post; the author is not among it."""

    name: str
    created_utc: float
    title: str = ""
    selftext: str | None = None
    permalink: str | None = None


class _Child(msgspec.Struct):
    kind: str
    data: msgspec.Raw


class _Listing(msgspec.Struct):
    children: list[_Child]
    after: str | None = None


class _Answer(msgspec.Struct):
    kind: str
    data: _Listing


_answers = msgspec.json.Decoder(_Answer)
_submissions = msgspec.json.Decoder(_Submission)
_tokens = msgspec.json.Decoder(Token)


def read_listing(body: bytes) -> Page:
    """Read a page of a listing; posts that cannot be read are put aside.

    Raises BadMessage if it is no listing.
    """
    try:
        answer = _answers.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BadMessage(f"expected a listing of Reddit, was something else: {e}") from e
    written, refused = [], []
    for child in answer.data.children:
        if child.kind != SUBMISSION:
            continue
        raw = bytes(child.data)
        try:
            written.append(_written(_submissions.decode(raw)))
        except (msgspec.DecodeError, UnicodeDecodeError, BadMessage) as e:
            refused.append(
                (without_author(raw), f"expected a post of Reddit, was something else: {e}")
            )
    return Page(written=tuple(written), older=answer.data.after, refused=tuple(refused))


def read_token(body: bytes) -> Token:
    """Read a token; BadMessage where Reddit answers with something else."""
    try:
        return _tokens.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BadMessage(f"expected a token of Reddit, was something else: {e}") from e


def link_of(permalink: str) -> str:
    """Give a post's address, if it is that of a subreddit's post: others name their author.

    Examples
    --------
    >>> link_of("/r/stocks/comments/1/what/"), link_of("/user/somebody/comments/1/what/")
    ('https://www.reddit.com/r/stocks/comments/1/what/', '')
    """
    is_good = permalink.startswith("/r/") and not permalink.startswith("/r/u_")
    return f"{PERMALINKS}{permalink}" if is_good and not set(permalink) & set(" <>\"'\\") else ""


def _written(post: _Submission) -> Written:
    if not 0 < len(post.name) <= MAX_ID or not 0 < post.created_utc < 1e11:
        raise BadMessage(f"a name and a time, was {post.name[:MAX_ID]!r}, {post.created_utc}")
    return Written(
        post_id=post.name,
        event_ms=int(post.created_utc * 1_000),
        title=plain(post.title),
        text=plain(post.selftext or ""),
        url=link_of(post.permalink or ""),
    )
