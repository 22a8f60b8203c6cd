"""What a watched pair looks like over HTTP, asked for and given."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from oddlot.contracts.messages import Hedge, Interval, Prices, Spread

_Window = Field(description="Closed bars behind the regression.", examples=[300])
_PricesField = Field(description="What the regression runs on.")
_Intervals = Field(description="Of the bars it is computed on.", min_length=1, examples=[["1s"]])
_Silence = Field(description="Bars a leg may go without a trade before the pair is stale.")
_Hedge = Field(description="How the hedge ratio is found.")
_Enter = Field(description="An alert begins at |z| >= this.", examples=[2.0])
_Leave = Field(description="It ends at |z| <= this.", examples=[0.5])
_Cooldown = Field(description="Bars after its end before another may begin.")


@checked(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class PairBody:
    """How to watch a pair; what is left out has its default."""

    window: Annotated[int | None, _Window] = None
    prices: Annotated[Prices | None, _PricesField] = None
    intervals: Annotated[list[Interval] | None, _Intervals] = None
    silence_bars: Annotated[int | None, _Silence] = None
    hedge: Annotated[Hedge | None, _Hedge] = None
    enter_z: Annotated[float | None, _Enter] = None
    leave_z: Annotated[float | None, _Leave] = None
    cooldown_bars: Annotated[int | None, _Cooldown] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """One watched pair: y regressed on x."""

    pair: Annotated[str, Field(examples=["BTCUSDT~ETHUSDT"])]
    y: Annotated[str, Field(examples=["BTCUSDT"])]
    x: Annotated[str, Field(examples=["ETHUSDT"])]
    group: Annotated[
        str | None,
        Field(description="Id of the first group with both.", examples=["crypto-majors"]),
    ]
    added: Annotated[bool, Field(description="It is watched so by a change, not by a file.")]
    window: Annotated[int, _Window]
    prices: Annotated[Prices, _PricesField]
    intervals: Annotated[list[Interval], _Intervals]
    silence_bars: Annotated[int, _Silence]
    hedge: Annotated[Hedge, _Hedge]
    enter_z: Annotated[float, _Enter]
    leave_z: Annotated[float, _Leave]
    cooldown_bars: Annotated[int, _Cooldown]
    latest: Annotated[
        dict[Interval, Spread | None], Field(description="Newest spread of each interval.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsView:
    """Every watched pair: the peer groups' in their order, then the added ones."""

    pairs: list[PairView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one pair is watched and stands on one interval, flat, for files."""

    pair: str
    y: str
    x: str
    group: str | None
    added: bool
    window: int
    prices: Prices
    silence_bars: int
    hedge: Hedge
    enter_z: float
    leave_z: float
    cooldown_bars: int
    interval: Interval
    open_ms: int | None
    y_close: float | None
    x_close: float | None
    hedge_ratio: float | None
    spread: float | None
    z: float | None
    correlation: float | None
    n: int | None
    warm: bool | None
    stale: bool | None


_STANDING = [field.name for field in fields(Standing)]


def standings(view: PairView) -> list[Standing]:
    """Give a row for each interval; what a spread would say is missing where there is none."""
    rows = []
    for interval, spread in view.latest.items():
        said = {name: getattr(spread, name, None) for name in _STANDING}
        how = {name: getattr(view, name) for name in _STANDING if hasattr(view, name)}
        rows.append(Standing(**{**said, **how, "interval": interval}))
    return rows
