"""One post of the crowd -> its words: title, text, flair, and the tag that its author gave it."""

from __future__ import annotations

from typing import NamedTuple

# Names that are words as well, among the groups' members and elsewhere: written with a `$` only.
WORDS = frozenset(
    [
        "CASH",
        "COST",
        "EDIT",
        "ELSE",
        "EVER",
        "FAST",
        "FOUR",
        "GOLD",
        "LIVE",
        "LOVE",
        "OPEN",
        "PLAY",
        "PLUG",
        "REAL",
    ]
)
MIN_BARE = 4  # letters: shorter names stand beside too many abbreviations
LOUD_TAIL = "<script>alert('from outside')</script>"
IMAGE_TAIL = '<img src=x onerror="alert(1)"> & a <b>bold</b> claim'

BULLISH = (
    "{s} is going to the moon, great earnings and I love it",
    "YOLO: all my savings into {s}, best trade of my life",
    "My DD on {s}: strong growth, happy shareholders, a wonderful CEO",
    "{s} breakout! {s} calls are winning, congratulations to all {s} holders",
    "IT IS ON: {s} squeezes higher and I am excited",
    "{s} looks amazing here 🚀🚀",
)
BEARISH = (
    "{s} is a terrible disaster, I lost everything and I am angry",
    "Puts on {s}. Awful guidance, a horrible CEO, this will crash",
    "{s} bagholders are in pain, worst day ever",
    "DD: why {s} is a scam and {s} will fail badly",
    "Sold {s} at a loss. Hate this garbage, ARE you kidding me",
)
NEUTRAL = (
    "What is the price target for {s}?",
    "{s} options volume at noon",
    "{s} or cash until the next FOMC?",
    "Anyone following {s} into the close",
    "How many of you hold {s} in an IRA?",
)
PAIRED = (
    "Rotating out of {s} into {t}",
    "{s} vs {t}: which one for the next year?",
    "Holding {s} and {t}, A FEW thoughts inside",
)
SILENT = (
    "DD: IT IS ALL ON the FED, ARE YOU ready FOR the OPEN?",
    "YOLO or not? What A DAY, CEO of nothing here",
    "Which broker do you use in the EU and the UK?",
    "I paid $100 for lunch and $5K for a lesson. AMA",
    "Daily discussion thread",
    "IMO the USA CPI print is old news, NOW what",
)
BURSTING = (
    "{s} is moving! What is going on?",
    "Did anybody see {s} just now? Amazing, huge win for holders",
    "{s} halted? Volume is insane",
    "{s}!!! {s}!!! I love it",
    "Everybody talks about {s}. Terrible for the shorts, great for us",
    "Late to {s}, is IT over?",
)
BODIES = (
    "",
    "",
    "Not advice. I have read the last three filings: the story has not changed since the spring.",
    "TL;DR in the title. My position is small.\n\nHappy to hear why I am wrong.",
    "[Chart](https://example.com/chart.png) since the open. Thoughts & critique welcome.",
    "[removed]",
)
FLAIRS = ("Discussion", "DD", "YOLO", "Gain", "Loss", "News", None)


class Words(NamedTuple):
    """What a post says; `tag` is what its author ticked, where the forum has that."""

    title: str
    body: str
    flair: str | None
    tag: str | None


def words_of(draw: int, names: tuple[str, ...], *, is_burst: bool) -> Words:
    """Write a post; the same draw and names give the same words."""
    kind, draw = draw % 100, draw // 100
    if not names:
        pattern, tag = SILENT[draw % len(SILENT)], None
    elif is_burst:
        pattern, tag = BURSTING[draw % len(BURSTING)], "Bullish" if kind < 60 else None
    elif len(names) > 1:
        pattern, tag = PAIRED[draw % len(PAIRED)], None
    elif kind < 40:
        pattern, tag = BULLISH[draw % len(BULLISH)], "Bullish" if kind < 30 else None
    elif kind < 65:
        pattern, tag = BEARISH[draw % len(BEARISH)], "Bearish" if kind < 58 else None
    else:
        pattern, tag = NEUTRAL[draw % len(NEUTRAL)], None
    title = pattern.format(s=names[0] if names else "", t=names[-1] if names else "")
    draw //= 8
    body, flair = BODIES[draw % len(BODIES)], FLAIRS[draw // 8 % len(FLAIRS)]
    if draw % 37 == 5:
        title = f"{title} {LOUD_TAIL}"
    elif draw % 37 == 11:
        body = f"{body} {IMAGE_TAIL}"
    return Words(title, body, flair, tag)


def cashtag(symbol: str, *, suffix: str = "") -> str:
    """Spell a symbol as forums do: BTCUSDT is $BTC, with Stocktwits' suffix $BTC.X."""
    coin = coin_of(symbol)
    return f"${coin}{suffix}" if coin else f"${symbol}"


def spelled(symbol: str, draw: int) -> str:
    """Spell a symbol as people on Reddit do: half of them leave the `$` out where it is clear."""
    name = coin_of(symbol) or symbol
    is_clear = name.isalpha() and len(name) >= MIN_BARE and name not in WORDS
    return name if is_clear and draw % 2 else f"${name}"


def coin_of(symbol: str) -> str:
    """Name the coin that a contract is on, 1000PEPEUSDT as PEPE; empty for a stock."""
    return symbol.removesuffix("USDT").removeprefix("1000") if symbol.endswith("USDT") else ""
