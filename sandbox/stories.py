"""A random source -> a made-up story about a symbol of the simulated market."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

ABOUT_MOVES = 0.3  # of the stories, where there are moves to tell of
WITH_MARKUP = 0.15

STOCKS = {
    "NVDA": ("NVIDIA", "NASDAQ"),
    "AMD": ("Advanced Micro Devices", "NASDAQ"),
    "AVGO": ("Broadcom", "NASDAQ"),
    "MU": ("Micron Technology", "NASDAQ"),
    "TSLA": ("Tesla", "NASDAQ"),
    "JPM": ("JPMorgan Chase", "NYSE"),
    "BAC": ("Bank of America", "NYSE"),
    "XOM": ("Exxon Mobil", "NYSE"),
    "LLY": ("Eli Lilly", "NYSE"),
    "DAL": ("Delta Air Lines", "NYSE"),
    "MSFT": ("Microsoft", "NASDAQ"),
    "NEM": ("Newmont", "NYSE"),
    "RTX": ("RTX", "NYSE"),
    "CCJ": ("Cameco", "NYSE"),
}
COINS = {
    "BTCUSDT": ("Bitcoin", "BTC"),
    "ETHUSDT": ("Ether", "ETH"),
    "SOLUSDT": ("Solana", "SOL"),
    "XRPUSDT": ("XRP", "XRP"),
    "DOGEUSDT": ("Dogecoin", "DOGE"),
    "ADAUSDT": ("Cardano", "ADA"),
    "AVAXUSDT": ("Avalanche", "AVAX"),
    "LINKUSDT": ("Chainlink", "LINK"),
}
PLANS = (
    "opens a design centre in {town}",
    "raises its outlook for the {quarter} quarter",
    "cuts its outlook for the {quarter} quarter",
    "names a new head of finance",
    "buys back shares worth ${n} million",
    "signs a supply agreement over {n} weeks",
    "R&D spending grows by {n} % in the {quarter} quarter",
    "delays a plant near {town}",
)
COIN_NEWS = (
    "{name} ({code}) funds see inflows of ${n} million",
    "Developers of {name} set a date for the next upgrade",
    "{code} futures: open interest rises by {n} %",
    "Exchange lists {n} more pairs against ${code}",
    "{name} miners and validators debate fees of <{n} cents",
)
MARKET = (
    "Stocks: what traders watch this morning",
    "Bond yields little changed before the auction",
    "DD, ALL and IT: three abbreviations every investor meets",
)
ASIDES = (
    "while its peers stand still",
    "in heavy trading",
    "as traders look for a reason",
    "against its sector",
)
LEADS = (
    "The news came before the market opened.",
    "Nobody had expected that so early in the year.",
    "It is the second such step within months, and may not be the last.",
    "People who know of the matter would not say more.",
)
TOWNS = ("Austin", "Dresden", "Hsinchu", "Leuven", "Boise", "Kumamoto")
QUARTERS = ("first", "second", "third", "fourth")
MARKUP = (
    "<b>{title}</b>",
    "{title} <script>alert('title')</script>",
    '<a href="javascript:alert(1)">{title}</a>',
    "{title} <img src=x onerror=alert(2)>",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What an entry says.

    Attributes
    ----------
    title_html : with its own signs escaped, and sometimes with markup.
    text : plain.
    """

    title_html: str
    text: str


def story_of(
    rng: random.Random,
    topic: Literal["stocks", "crypto"],
    number: int,
    moves: Mapping[str, float],
) -> Story:
    """Make one up.

    Parameters
    ----------
    rng : says which.
    topic : what about.
    number : of the story; its figures differ by it, so that few titles are the same.
    moves : by symbol, as fractions.
    """
    told = {s: moves[s] for s in (STOCKS if topic == "stocks" else COINS) if s in moves}
    if told and rng.random() < ABOUT_MOVES:
        symbol = rng.choice(sorted(told))
        title = _move(rng, symbol, told[symbol])
    elif topic == "crypto":
        name, code = COINS[rng.choice(sorted(COINS))]
        title = rng.choice(COIN_NEWS).format(name=name, code=code, n=2 + number % 97)
    elif rng.random() < 0.1:
        title = rng.choice(MARKET)
    else:
        title = _company(rng, number)
    markup = rng.choice(MARKUP) if rng.random() < WITH_MARKUP else "{title}"
    return Story(
        title_html=markup.format(title=escape(title, quote=False)),
        text=f"{rng.choice(LEADS)} Analysts were <not> asked. Story {number} was made up.",
    )


def _company(rng: random.Random, number: int) -> str:
    symbol = rng.choice(sorted(STOCKS))
    name, venue = STOCKS[symbol]
    plan = rng.choice(PLANS).format(
        town=rng.choice(TOWNS), quarter=rng.choice(QUARTERS), n=2 + number % 97
    )
    shown = rng.choice((name, f"{name} ({venue}: {symbol})", f"{name} ({symbol})", f"${symbol}"))
    return f"{shown} {plan}"


def _move(rng: random.Random, symbol: str, move: float) -> str:
    name = (STOCKS.get(symbol) or COINS[symbol])[0]
    verb = rng.choice(("jumps", "leaps", "climbs") if move > 0 else ("slides", "sinks", "drops"))
    return f"{name} {verb} {abs(100 * move):.1f} % {rng.choice(ASIDES)}"
