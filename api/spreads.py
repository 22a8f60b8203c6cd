"""Views of spreads."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.answers import json_of
from api.backend import Backend, BackendDep
from api.hub import watched
from api.problems import documented
from api.stretches import DEFAULT_ROWS, Limit, StretchDep
from oddlot import errors
from oddlot.contracts.messages import INTERVAL_MS, Hedge, Interval, Prices, Spread

router = APIRouter(tags=["spreads"])

MAX_PAIR = 41  # characters: two symbols and a tilde

_Figure = float | None


@dataclass(frozen=True, slots=True)
class SpreadRow:
    """The state of a pair at one bar: y = intercept + hedge_ratio * x + spread."""

    open_ms: Annotated[int, Field(description="The bar that both legs have closed.")]
    y_close: Annotated[float, Field(description="Last close of y.", examples=[55031.9])]
    x_close: Annotated[float, Field(description="Last close of x.", examples=[2342.1])]
    hedge_ratio: Annotated[_Figure, Field(description="Least squares of y on x.")]
    intercept: Annotated[_Figure, Field(description="Of the same regression.")]
    r_squared: Annotated[_Figure, Field(description="Of the same regression.")]
    spread: Annotated[_Figure, Field(description="Last residual.")]
    z: Annotated[_Figure, Field(description="Spread / standard deviation.", examples=[-1.37])]
    correlation: Annotated[_Figure, Field(description="Of the legs' returns over the window.")]
    n: Annotated[int, Field(description="Aligned closes behind the figures.", examples=[300])]
    window: Annotated[int, Field(description="Aligned closes wanted.", examples=[300])]
    warm: Annotated[bool, Field(description="n has reached the window.")]
    stale: Annotated[bool, Field(description="A leg has been silent too long: no z.")]
    prices: Annotated[Prices, Field(description="What the regression runs on.")]
    hedge: Annotated[Hedge, Field(description="How the hedge ratio is found.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadsView:
    """Spreads of one pair, oldest first: y regressed on x."""

    pair: Annotated[str, Field(examples=["BTCUSDT~ETHUSDT"])]
    y: Annotated[str, Field(examples=["BTCUSDT"])]
    x: Annotated[str, Field(examples=["ETHUSDT"])]
    interval: Interval
    spreads: list[SpreadRow]


_values_of = attrgetter(*(field.name for field in fields(SpreadRow)))


@router.get(
    "/spreads/{pair}",
    summary="Spread, z-score and correlation of a pair",
    response_model=SpreadsView,
    responses=documented(404, 422, 503),
)
async def latest_spreads(
    pair: Annotated[str, Path(description="y~x", examples=["BTCUSDT~ETHUSDT"])],
    backend: BackendDep,
    stretch: StretchDep,
    interval: Annotated[Interval, Query(description="Of the bars behind it.")] = "1s",
    limit: Limit = DEFAULT_ROWS,
) -> Response:
    """Return the newest spreads within [from, to), oldest first.

    A pair that no peer group watches and that has no spreads is unknown: 404.
    """
    if len(pair) > MAX_PAIR:
        raise _unknown(pair)
    found = await backend.store.ask(
        lambda reader: reader.latest_spreads(
            pair,
            interval=interval,
            from_ms=stretch.from_ms,
            to_ms=stretch.to_ms,
            limit=limit,
        )
    )
    legs = _legs(found) or await _legs_of(pair, interval, backend)
    rows = [SpreadRow(*_values_of(spread)) for spread in found]
    return json_of(SpreadsView(pair=pair, y=legs[0], x=legs[1], interval=interval, spreads=rows))


def _legs(found: list[Spread]) -> tuple[str, str] | None:
    return (found[-1].y, found[-1].x) if found else None


async def _legs_of(pair: str, interval: Interval, backend: Backend) -> tuple[str, str]:
    """Name the legs of a pair without spreads in the stretch; raise where there is none."""
    if pair in (known := watched(backend.groups)):
        if interval not in known[pair].intervals:
            expected = " or ".join(known[pair].intervals)
            raise errors.BadRequest(f"interval: expected {expected} for {pair}, was {interval}")
        return known[pair].y, known[pair].x
    for any_interval in INTERVAL_MS:
        if legs := _legs(await _newest(pair, any_interval, backend)):
            return legs
    raise _unknown(pair)


async def _newest(pair: str, interval: Interval, backend: Backend) -> list[Spread]:
    return await backend.store.ask(
        lambda reader: reader.latest_spreads(pair, interval=interval, limit=1)
    )


def _unknown(pair: str) -> HTTPException:
    shown = pair[: 2 * MAX_PAIR]
    return HTTPException(404, f"expected a known pair, was {shown!r}; GET /pairs lists them")
