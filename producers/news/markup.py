"""Text as sites write it, with markup and entities -> plain text on one line."""

from __future__ import annotations

import re
from html import unescape

# What a text may hold that is no HTML: "AT&T < Verizon", "<40 cents". Only names of elements count.
_ELEMENTS = (
    "a|abbr|article|aside|audio|b|big|blockquote|body|br|button|center|cite|code|col|dd|del|div|dl|"
    "dt|em|embed|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|"
    "ins|kbd|label|li|link|main|mark|meta|nav|noscript|object|ol|option|p|picture|pre|q|s|samp|"
    "section|select|small|source|span|strike|strong|sub|summary|sup|svg|table|tbody|td|textarea|tfoot|"
    "th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
_DROPPED = re.compile(
    r"<(script|style|template)\b[^>]*>.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_INLINE = re.compile(r"</?(?:a|abbr|b|em|font|i|mark|small|span|strong|sub|sup|u)\b", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

MAX_MARKUP = 100_000  # characters that are looked at


def plain(text: str, *, is_markup: bool) -> str:
    """Give the words alone.

    Parameters
    ----------
    text : as it was written.
    is_markup : it says of itself that it is HTML, so that entities in it stand for signs;
        they do as well where it has elements, whatever it says.

    Examples
    --------
    >>> plain("<b>R&amp;D</b> of<br>AT&amp;T", is_markup=True)
    'R&D of AT&T'
    >>> plain("Fees < 5 cents <script>alert(1)</script>", is_markup=False)
    'Fees < 5 cents'
    >>> plain("R&amp;D <script>alert(1)</script>", is_markup=False)
    'R&D'
    """
    text = text[:MAX_MARKUP]
    words = _DROPPED.sub(" ", text)
    words = _TAG.sub(lambda tag: "" if _INLINE.match(tag[0]) else " ", words)
    if is_markup or words != text:
        words = unescape(words)
    return " ".join(_UNSEEN.sub("", words.replace("\xa0", " ")).split())


def cut(text: str, most: int) -> str:
    """Shorten a text to so many characters, at a word where there is one.

    Examples
    --------
    >>> cut("a longer text", 10)
    'a longer…'
    """
    if len(text) <= most:
        return text
    head = text[: most - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:.-") + "…"
