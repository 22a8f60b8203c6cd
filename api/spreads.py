"""Views of spreads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.formats import Format, FormatDep
from api.legs import MAX_PAIR, legs_of
from api.problems import documented
from api.rows import rows_as
from api.stretches import DEFAULT_ROWS, Limit, NextTo, Resolution, StretchDep
from api.tables import table_of
from oddlot.contracts.messages import Hedge, Interval, Prices, Spread
from oddlot.store import views
from oddlot.store.views import Page, Selection

router = APIRouter(tags=["spreads"])

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
    next_to: NextTo


_rows = rows_as(SpreadRow)


@router.get(
    "/spreads/{pair}",
    summary="Spread, z-score and correlation of a pair",
    response_model=SpreadsView,
    responses={**formats.documented(SpreadsView), **documented(404, 422, 503)},
)
async def latest_spreads(
    pair: Annotated[str, Path(description="y~x", examples=["BTCUSDT~ETHUSDT"])],
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    interval: Annotated[Interval, Query(description="Of the bars behind it.")] = "1s",
    limit: Limit = DEFAULT_ROWS,
    resolution: Resolution = None,
) -> Response:
    """Return the newest spreads within [from, to), oldest first; as a file, all of them.

    A pair that no peer group watches and that has no spreads is unknown: 404.
    """
    wanted = views.spreads(pair[: MAX_PAIR + 1], interval, stretch.from_ms, stretch.to_ms)
    if format_ != "json":
        await legs_of(pair, interval, backend)
        return await _file(wanted, resolution, format_, backend)
    page = await _page(wanted, limit, resolution, backend)
    newest = page.rows[-1] if page.rows else None
    y, x = (newest.y, newest.x) if newest else await legs_of(pair, interval, backend)
    return json_of(
        SpreadsView(
            pair=pair,
            y=y,
            x=x,
            interval=interval,
            spreads=_rows(page.rows),
            next_to=page.next_to_ms,
        )
    )


async def _page(
    wanted: Selection[Spread], limit: int, resolution: int | None, backend: Backend
) -> Page[Spread]:
    if resolution is None:
        return await backend.store.ask(lambda reader: reader.latest(wanted, limit=limit))
    rows = await backend.store.ask(lambda reader: reader.thinned(wanted, limit=resolution))
    return Page(rows=rows, next_to_ms=None)


async def _file(
    wanted: Selection[Spread], resolution: int | None, format_: Format, backend: Backend
) -> Response:
    name = f"spreads-{wanted.where['pair']}-{wanted.where['interval']}"
    if resolution is None:
        return await backend.exports.of_store(backend.store, wanted, name=name, format_=format_)
    rows = await backend.store.ask(lambda reader: reader.thinned(wanted, limit=resolution))
    return await backend.exports.of_table(table_of(rows, Spread), name=name, format_=format_)
