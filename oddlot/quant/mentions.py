"""A text and the known symbols -> the symbols that it mentions, each once.

A cashtag counts always. A bare word counts only in capitals, known, and meant as nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from oddlot.contracts.pairs import Symbol
from oddlot.quant.ambiguous import AMBIGUOUS, AMBIGUOUS_NAMES, CURRENCIES, SHOUTED

MAX_CHARACTERS = 10_000  # of a text: what is named further down is not what it is about
MAX_SYMBOLS = 50  # of one text; a list of everything is about nothing
SHORTEST_WORD = 2  # single letters need the $
SHOUTING = 0.6  # share of the words in capitals from which a text shouts
MAX_NAME_WORDS = 6
# What coins are quoted in on the venue; what forums write is the coin alone.
QUOTES = ("USDT", "USDC")
_MULTIPLE = re.compile(r"^1000+(?=[A-Z])")  # the venue quotes a thousand of a cheap coin
_LETTERS = re.compile(r"[A-Za-z]{2,}")
# Words of a company's name that people leave out.
_LEGAL = frozenset(
    _LETTERS.findall(
        "co company corp corporation group holding holdings inc limited ltd motor motors nv plc "
        "platforms protocol sa technologies technology"
    )
)
# What people say for names that the groups have in another form.
_ALSO = {"GOOGL": ("Google",), "META": ("Facebook",), "ETHUSDT": ("Ethereum",)}

# Each part begins at a place of its own: a long run of letters is not looked at from every one.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|\b/?[ru]/\w+|(?<!\S)[^\s@]{1,64}@\S+\.\w+", re.IGNORECASE
)
_CASHTAG = re.compile(
    r"(?<![A-Za-z0-9])\$(?P<tag>[A-Za-z]{1,10})(?:[.\-](?P<suffix>[A-Za-z]))?(?![A-Za-z0-9])"
)
_WORD = re.compile(r"(?<![A-Za-z0-9$#_'’])[A-Z][A-Z0-9]*(?:[.\-][A-Z])?(?![A-Za-z0-9_])")
_NAME_WORD = re.compile(r"[A-Za-z0-9][\w&.]*(?<!\.)")
_LONGEST_UNKNOWN = 5  # letters of a listed symbol


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known by which word.

    Attributes
    ----------
    words : a word in capitals, as forums write it -> the symbol.
    names : the words of a name in small letters -> the symbol; empty where names do not count.
    """

    words: Mapping[str, Symbol]
    names: Mapping[tuple[str, ...], Symbol]


def lexicon_of(members: Iterable[tuple[Symbol, str]], *, with_names: bool = False) -> Lexicon:
    """Build the lexicon of some symbols.

    Parameters
    ----------
    members : symbols as the peer groups write them, and their names for people. A symbol that
        quotes a coin is known by the coin as well: BTC is BTCUSDT, PEPE is 1000PEPEUSDT.
    with_names : whether the names count as mentions, too.

    Examples
    --------
    >>> known = lexicon_of([("BTCUSDT", "Bitcoin"), ("BRK-B", "Berkshire Hathaway")])
    >>> sorted(known.words)
    ['BRK-B', 'BTC', 'BTCUSDT']
    """
    words: dict[str, str] = {}
    names: dict[tuple[str, ...], str] = {}
    for symbol, name in members:
        words[symbol] = symbol
        if coin := _coin_of(symbol):
            words.setdefault(coin, symbol)
        if with_names:
            for each in (name, *_ALSO.get(symbol, ())):
                if found := _name_words(each):
                    names.setdefault(found, symbol)
    return Lexicon(MappingProxyType(words), MappingProxyType(names))


def mentioned(text: str, lexicon: Lexicon) -> tuple[Symbol, ...]:
    """Give the symbols that a text mentions, each once, in the order of their first mention.

    Parameters
    ----------
    text : plain text, without markup or entities; its first 10,000 characters are read.
    lexicon : what is known. A cashtag in capitals counts even if nobody knows it.

    Examples
    --------
    >>> known = lexicon_of([("TSLA", "Tesla"), ("ON", "onsemi"), ("BTCUSDT", "Bitcoin")])
    >>> mentioned("ALL IN ON TSLA, $tsla and BTC; $GME for $100", known)
    ('TSLA', 'BTCUSDT', 'GME')
    >>> mentioned("I sold $ON", known)
    ('ON',)
    """
    plain = _ADDRESS.sub(" ", text[:MAX_CHARACTERS])
    found = [*_cashtags(plain, lexicon), *_words(plain, lexicon), *_names(plain, lexicon)]
    return tuple(dict.fromkeys(symbol for _, symbol in sorted(found)))[:MAX_SYMBOLS]


def tagged(tag: str, lexicon: Lexicon) -> Symbol | None:
    """Give the symbol behind what a forum itself has marked as one, such as TSLA, BTC.X, BRK.B.

    Examples
    --------
    >>> tagged("BTC.X", lexicon_of([("BTCUSDT", "Bitcoin")]))
    'BTCUSDT'
    >>> tagged("USD", lexicon_of([])) is None
    True
    """
    match = _CASHTAG.fullmatch(f"${tag.upper()}")
    return _symbol_of(match, lexicon) if match else lexicon.words.get(tag.upper())


def forum_tag_of(symbol: Symbol) -> str:
    """Give what Stocktwits calls a symbol: coins end in .X, classes of shares have a full stop.

    Examples
    --------
    >>> [forum_tag_of(symbol) for symbol in ("TSLA", "1000PEPEUSDT", "BRK-B")]
    ['TSLA', 'PEPE.X', 'BRK.B']
    """
    coin = _coin_of(symbol)
    return f"{coin}.X" if coin else symbol.replace("-", ".")


def _coin_of(symbol: str) -> str | None:
    for quote in QUOTES:
        if symbol.endswith(quote) and symbol != quote:
            return _MULTIPLE.sub("", symbol.removesuffix(quote))
    return None


def _cashtags(text: str, lexicon: Lexicon) -> Iterator[tuple[int, str]]:
    for match in _CASHTAG.finditer(text):
        if symbol := _symbol_of(match, lexicon):
            yield match.start(), symbol


def _symbol_of(match: re.Match[str], lexicon: Lexicon) -> str | None:
    """Give the symbol of a cashtag, or None: in small letters, or unknown, it may be money."""
    tag, suffix = match["tag"], match["suffix"]
    base = tag.upper()
    if not tag.isupper() and (len(tag) < SHORTEST_WORD or base in AMBIGUOUS):
        return None  # "worth the $s", "show me the $cash"
    if suffix and suffix.upper() != "X":
        listed = f"{base}-{suffix.upper()}"  # the class of a share: BRK.B
        if listed in lexicon.words or suffix.isupper():
            return lexicon.words.get(listed, listed)
    if known := lexicon.words.get(base):
        return known
    is_coin = bool(suffix)  # an unknown one, such as SAFEMOON.X
    if not tag.isupper() or (len(tag) > _LONGEST_UNKNOWN and not is_coin) or base in CURRENCIES:
        return None
    return base


def _words(text: str, lexicon: Lexicon) -> Iterator[tuple[int, str]]:
    shouts: bool | None = None
    for match in _WORD.finditer(text):
        word = match[0].replace(".", "-")
        base = word.partition("-")[0]
        symbol = lexicon.words.get(word) or lexicon.words.get(base)
        if symbol is None or len(base) < SHORTEST_WORD or base in AMBIGUOUS:
            continue
        if base in SHOUTED:
            shouts = _shouts(text) if shouts is None else shouts
            if shouts:
                continue
        yield match.start(), symbol


def _shouts(text: str) -> bool:
    words: list[str] = _LETTERS.findall(text)
    return sum(word.isupper() for word in words) > SHOUTING * len(words)


def _names(text: str, lexicon: Lexicon) -> Iterator[tuple[int, str]]:
    """Find names: all of their words, each beginning with a capital or as it is written."""
    if not lexicon.names:
        return
    words = [(match.start(), match[0]) for match in _NAME_WORD.finditer(text)]
    for first, (at, word) in enumerate(words):
        if not any(letter.isupper() for letter in word):
            continue
        run = [_plain(each) for _, each in words[first : first + MAX_NAME_WORDS]]
        for length in range(len(run), 0, -1):
            if symbol := lexicon.names.get(tuple(run[:length])):
                yield at, symbol
                break


def _name_words(name: str) -> tuple[str, ...] | None:
    """Give the words of a name that people use, or None where they mean too much else."""
    words = [_plain(word) for word in _NAME_WORD.findall(name.replace("'s", ""))]
    while len(words) > 1 and words[-1] in _LEGAL:
        words.pop()
    if not words or len(words) > MAX_NAME_WORDS:
        return None
    if len(words) == 1:
        alone = words[0]
        if alone in AMBIGUOUS_NAMES or alone.upper() in AMBIGUOUS or len(alone) < SHORTEST_WORD:
            return None
    return tuple(words)


def _plain(word: str) -> str:
    return word.casefold().removesuffix("'s")
