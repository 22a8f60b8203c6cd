"""Views of closed bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import BackendDep
from api.formats import FormatDep
from api.hub import streaming
from api.problems import documented
from api.rows import rows_as
from api.stretches import DEFAULT_ROWS, Limit, NextTo, StretchDep
from oddlot.contracts.messages import Interval
from oddlot.store import views

router = APIRouter(tags=["bars"])

MAX_SYMBOL = 20  # characters, as in peer groups


@dataclass(frozen=True, slots=True)
class BarRow:
    """One closed bar over [open_ms, open_ms + interval)."""

    open_ms: Annotated[int, Field(description="Start, venue time.", examples=[1723075200000])]
    open: Annotated[float, Field(description="First price.", examples=[55012.3])]
    high: Annotated[float, Field(description="Highest price.", examples=[55040.0])]
    low: Annotated[float, Field(description="Lowest price.", examples=[55001.1])]
    close: Annotated[float, Field(description="Last price.", examples=[55031.9])]
    volume: Annotated[float, Field(description="Base currency traded.", examples=[12.408])]
    quote_volume: Annotated[float, Field(description="Quote currency traded.")]
    taker_buy_volume: Annotated[float, Field(description="Base currency bought by takers.")]
    trades: Annotated[int, Field(description="Raw trades.", examples=[318])]
    first_id: Annotated[int, Field(description="The venue's id of the first tick.")]
    last_id: Annotated[int, Field(description="The venue's id of the last tick.")]
    complete: Annotated[
        bool, Field(description="False where the venue's ids jump in it or right before it.")
    ]
    revision: Annotated[int, Field(description="Grows each time the bar is published anew.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsView:
    """Closed bars of one symbol, oldest first; none for an interval without a trade."""

    symbol: Annotated[str, Field(examples=["BTCUSDT"])]
    interval: Interval
    bars: list[BarRow]
    next_to: NextTo


_rows = rows_as(BarRow)


@router.get(
    "/bars/{symbol}",
    summary="Closed bars of a symbol",
    response_model=BarsView,
    responses={**formats.documented(BarsView), **documented(404, 422, 503)},
)
async def latest_bars(
    symbol: Annotated[str, Path(description="As the venue names it.", examples=["BTCUSDT"])],
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    interval: Annotated[Interval, Query(description="Length of a bar.")] = "1m",
    limit: Limit = DEFAULT_ROWS,
) -> Response:
    """Return the newest closed bars within [from, to), oldest first; as a file, all of them.

    A symbol that is in no peer group and has no bars is unknown: 404.
    """
    known = symbol in streaming(backend.groups)
    if not known and len(symbol) > MAX_SYMBOL:
        raise _unknown(symbol)
    wanted = views.bars(symbol, interval, stretch.from_ms, stretch.to_ms)
    if format_ != "json":
        if not known and not await _has_bars(backend, symbol):
            raise _unknown(symbol)
        name = f"bars-{symbol}-{interval}"
        return await backend.exports.of_store(backend.store, wanted, name=name, format_=format_)
    page = await backend.store.ask(lambda reader: reader.latest(wanted, limit=limit))
    if not page.rows and not known and not await _has_bars(backend, symbol):
        raise _unknown(symbol)
    return json_of(
        BarsView(symbol=symbol, interval=interval, bars=_rows(page.rows), next_to=page.next_to_ms)
    )


async def _has_bars(backend: BackendDep, symbol: str) -> bool:
    newest = views.bars(symbol, "1s")
    return bool((await backend.store.ask(lambda reader: reader.latest(newest, limit=1))).rows)


def _unknown(symbol: str) -> HTTPException:
    shown = symbol[: 2 * MAX_SYMBOL]
    return HTTPException(404, f"expected a known symbol, was {shown!r}; GET /symbols lists them")
