"""What can be asked of the headlines: chosen by source, symbol and words, by when they came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oddlot.contracts.messages import Headline
from oddlot.errors import BadRequest
from oddlot.store import schemas
from oddlot.store.views import Selection, View

MAX_WORDS = 8  # looked for at a time: each is one more pass over the texts
MAX_WORD = 60  # characters

HEADLINES = View(
    table="headlines",
    kind=Headline,
    time="published_ms",
    names=("source",),
    schema=schemas.HEADLINES,
    spacing_ms=None,
)
_SYMBOL = "has(symbols, {symbol:String})"
_WORDS = (
    "arrayAll(word -> positionCaseInsensitiveUTF8(concat(title, ' ', excerpt), word) > 0, "
    "{words:Array(String)})"
)


@dataclass(frozen=True, kw_only=True)
class HeadlineSelection(Selection[Headline]):
    """Headlines of a source or of all.

    Attributes
    ----------
    symbol : only those that name it; None does not matter.
    words : all of them are in the title or the excerpt, whatever their case.
    """

    symbol: str | None = None
    words: tuple[str, ...] = ()

    @property
    def condition(self) -> str:
        """What follows WHERE; the values are bound by the server."""
        more = [_SYMBOL] * (self.symbol is not None) + [_WORDS] * bool(self.words)
        return " AND ".join([super().condition, *more])

    @property
    def parameters(self) -> dict[str, Any]:
        """The values bound."""
        more = {"symbol": self.symbol, "words": list(self.words)}
        return {**super().parameters, **{name: value for name, value in more.items() if value}}


def headlines(
    *,
    source: str | None = None,
    symbol: str | None = None,
    text: str = "",
    from_ms: int | None = None,
    to_ms: int | None = None,
) -> HeadlineSelection:
    """Choose headlines.

    Parameters
    ----------
    source : who said it; None is anybody.
    symbol : what it names; None is anything, and nothing.
    text : words that have to be in it, in any order and case.
    from_ms, to_ms : bounds of `published_ms`; None is open.

    Raises
    ------
    BadRequest
        If there are too many words, or one is too long.

    Examples
    --------
    >>> headlines(source="sec", text="chip  plant").words
    ('chip', 'plant')
    """
    words = tuple(dict.fromkeys(text.split()))
    if len(words) > MAX_WORDS or any(len(word) > MAX_WORD for word in words):
        raise BadRequest(
            f"q: expected at most {MAX_WORDS} words of {MAX_WORD} characters, "
            f"was {len(words)} words; leave some out"
        )
    where = {} if source is None else {"source": source}
    return HeadlineSelection(
        view=HEADLINES, where=where, symbol=symbol, words=words, from_ms=from_ms, to_ms=to_ms
    )
