"""What a watched pair is: two symbols, a direction, a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from oddlot.contracts.messages import Interval, Prices

Symbol = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9][A-Z0-9.\-]{0,19}$")]

DEFAULT_WINDOW = 300  # closed bars behind a pair's regression
DEFAULT_INTERVALS: tuple[Interval, ...] = ("1s", "1m")
DEFAULT_SILENCE_BARS = 30


def pair_id(y: str, x: str) -> str:
    """Name a pair by its direction: y regressed on x, as a formula says it.

    Parameters
    ----------
    y, x : symbols of the legs.

    Examples
    --------
    >>> pair_id("ETHUSDT", "BTCUSDT")
    'ETHUSDT~BTCUSDT'
    """
    return f"{y}~{x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two symbols whose spread is watched: y regressed on x.

    Attributes
    ----------
    y, x : the legs.
    window : closed bars behind the regression.
    prices : regress prices or their logarithms.
    intervals : of the bars it is computed on.
    silence_bars : how many bars a leg may go without a trade before the pair is stale.
    """

    y: Symbol
    x: Symbol
    window: Annotated[int, msgspec.Meta(ge=10, le=5_000)] = DEFAULT_WINDOW
    prices: Prices = "level"
    intervals: tuple[Interval, ...] = DEFAULT_INTERVALS
    silence_bars: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = DEFAULT_SILENCE_BARS

    @property
    def id(self) -> str:
        """Its name in URLs and as a key."""
        return pair_id(self.y, self.x)
