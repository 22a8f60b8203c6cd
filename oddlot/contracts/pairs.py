"""What a watched pair is: two symbols, a direction, a window, thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from oddlot.contracts.market import Interval
from oddlot.contracts.signals import Hedge, Prices

Symbol = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9][A-Z0-9.\-]{0,19}$")]

DEFAULT_WINDOW = 300  # closed bars behind a pair's regression
DEFAULT_INTERVALS: tuple[Interval, ...] = ("1s", "1m", "5m")
DEFAULT_SILENCE_BARS = 30
DEFAULT_ENTER_Z, DEFAULT_LEAVE_Z = 2.0, 0.5  # two standard deviations, and nearly home
DEFAULT_COOLDOWN_BARS = 10


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
    hedge : how the hedge ratio is found: least squares over the window, with an intercept or
        through the origin, or a Kalman filter.
    enter_z, leave_z : an alert begins at |z| >= enter_z and ends at |z| <= leave_z.
    cooldown_bars : bars after its end before another may begin.
    """

    y: Symbol
    x: Symbol
    window: Annotated[int, msgspec.Meta(ge=10, le=5_000)] = DEFAULT_WINDOW
    prices: Prices = "level"
    intervals: tuple[Interval, ...] = DEFAULT_INTERVALS
    silence_bars: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = DEFAULT_SILENCE_BARS
    hedge: Hedge = "ols"
    enter_z: Annotated[float, msgspec.Meta(gt=0, le=100)] = DEFAULT_ENTER_Z
    leave_z: Annotated[float, msgspec.Meta(ge=0, le=100)] = DEFAULT_LEAVE_Z
    cooldown_bars: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = DEFAULT_COOLDOWN_BARS

    def __post_init__(self) -> None:
        if self.y == self.x:
            raise ValueError(f"y and x: expected two symbols, was {self.y} twice")
        if self.leave_z >= self.enter_z:
            raise ValueError(
                f"leave_z: expected below enter_z {self.enter_z:g}, was {self.leave_z:g}"
            )

    @property
    def id(self) -> str:
        """Its name in URLs and as a key."""
        return pair_id(self.y, self.x)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairChange:
    """A pair added, changed or removed while the system runs; the newest one of a pair counts.

    Attributes
    ----------
    pair : `y~x`.
    watched : how it is watched from now on; None where it no longer is.
    changed_ms : our clock.
    """

    pair: str
    watched: Pair | None
    changed_ms: int
