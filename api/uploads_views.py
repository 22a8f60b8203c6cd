"""Views of an upload, in the shapes of the live ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import formats, uploads_exports, uploads_series
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.formats import Format, FormatDep
from api.problems import documented
from api.rows import rows_as
from api.spreads import SpreadRow
from api.stretches import DEFAULT_ROWS, Limit, NextTo, Resolution, StretchDep
from api.uploads import UploadId
from api.uploads_kept import Bars
from api.uploads_series import Bounds
from oddlot import errors
from oddlot.contracts.messages import Hedge, PairTest, Prices, Spread
from oddlot.contracts.pairs import DEFAULT_SILENCE_BARS, DEFAULT_WINDOW, Pair
from oddlot.quant.uploads_pairs import PairSeries

router = APIRouter(tags=["uploads"])

_Value = float | None


@dataclass(frozen=True, slots=True)
class UploadedBarRow:
    """One bar of a file; what the file does not say is null."""

    open_ms: Annotated[int, Field(description="Start, as the file says.")]
    open: _Value
    high: _Value
    low: _Value
    close: float
    volume: _Value
    quote_volume: _Value
    taker_buy_volume: _Value
    trades: _Value


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedBarsView:
    """Bars of one symbol of an upload, oldest first."""

    symbol: Annotated[str, Field(examples=["XLF"])]
    interval: Annotated[str, Field(description="The commonest step.", examples=["1d"])]
    interval_ms: int
    bars: list[UploadedBarRow]
    next_to: NextTo


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedSpreadsView:
    """Spreads of one pair of an upload, oldest first: y regressed on x."""

    pair: Annotated[str, Field(examples=["XLF~XLK"])]
    y: str
    x: str
    interval: Annotated[str, Field(examples=["1d"])]
    interval_ms: int
    spreads: list[SpreadRow]
    next_to: NextTo


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedStatsView:
    """Tests of one pair of an upload: of its last window, and of those before, without overlap."""

    pair: Annotated[str, Field(examples=["XLF~XLK"])]
    y: str
    x: str
    interval: Annotated[str, Field(examples=["1d"])]
    interval_ms: int
    latest: PairTest | None
    spread: Spread | None
    history: Annotated[list[PairTest], Field(description="Newest last.")]


def how(
    pair: Annotated[str, Path(description="y~x", examples=["XLF~XLK"])],
    window: Annotated[
        int, Query(ge=10, le=5_000, description="Bars behind the regression.")
    ] = DEFAULT_WINDOW,
    prices: Annotated[Prices, Query(description="What the regression runs on.")] = "level",
    hedge: Annotated[Hedge, Query(description="How the hedge ratio is found.")] = "ols",
    silence_bars: Annotated[
        int, Query(ge=1, le=5_000, description="Bars a leg may miss before the pair is stale.")
    ] = DEFAULT_SILENCE_BARS,
) -> Pair:
    """Say what is to be computed; raise where the pair is none."""
    y, tilde, x = pair.partition("~")
    if not (y and tilde and x) or y == x:
        raise HTTPException(404, f"expected a pair of two symbols, y~x, was {pair[:82]!r}")
    return Pair(y=y, x=x, window=window, prices=prices, hedge=hedge, silence_bars=silence_bars)


HowDep = Annotated[Pair, Depends(how)]
OwnInterval = Annotated[
    str | None, Query(max_length=20, description="An upload has one of its own; to make sure.")
]

_spread_rows = rows_as(SpreadRow)


@router.get(
    "/uploads/{upload}/bars/{symbol}",
    summary="Bars of an upload",
    response_model=UploadedBarsView,
    responses={**formats.documented(UploadedBarsView), **documented(404, 422, 503)},
)
async def uploaded_bars(
    upload: UploadId,
    symbol: Annotated[str, Path(description="A symbol of the upload.", examples=["XLF"])],
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    interval: OwnInterval = None,
    limit: Limit = DEFAULT_ROWS,
    resolution: Resolution = None,
) -> Response:
    """Return the newest bars within [from, to), oldest first; as a file, all of them.

    With `resolution`, bars are folded into longer ones.
    """
    uploads, bounds = backend.uploads, Bounds.of(stretch)
    bars = await uploads.compute(lambda: _bars(backend, upload, symbol, bounds, resolution))
    _check_interval(interval, bars.interval)
    if format_ != "json":
        name = f"bars-{symbol}-{bars.interval}"
        return await _file(backend, uploads_exports.bar_tables(bars, bounds), name, format_)

    def answer() -> Response:
        at, next_to = uploads_series.newest_bars(bars, bounds, resolution or limit)
        view = UploadedBarsView(
            symbol=symbol,
            interval=bars.interval,
            interval_ms=bars.interval_ms,
            bars=[UploadedBarRow(*row) for row in uploads_series.bar_rows(bars, at)],
            next_to=next_to,
        )
        return json_of(view)

    return await uploads.compute(answer)


@router.get(
    "/uploads/{upload}/spreads/{pair}",
    summary="Spread, z-score and correlation of a pair of an upload",
    response_model=UploadedSpreadsView,
    responses={**formats.documented(UploadedSpreadsView), **documented(404, 422, 503)},
)
async def uploaded_spreads(
    upload: UploadId,
    pair: HowDep,
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    interval: OwnInterval = None,
    limit: Limit = DEFAULT_ROWS,
    resolution: Resolution = None,
) -> Response:
    """Return the newest spreads within [from, to), oldest first; as a file, all of them.

    They are computed when asked for, by the functions that compute the live ones.
    """
    uploads, bounds = backend.uploads, Bounds.of(stretch)
    series, own = await uploads.compute(lambda: _series(backend, upload, pair, interval))
    if format_ != "json":
        tables = uploads_exports.spread_tables(series, own, bounds, resolution)
        return await _file(backend, tables, f"spreads-{pair.id}-{own}", format_)

    def answer() -> Response:
        next_to: int | None = None
        if resolution is None:
            found, next_to = uploads_series.newest_spreads(series, own, bounds, limit)
        else:
            found = uploads_series.thinned_spreads(series, own, bounds, resolution)
        view = UploadedSpreadsView(
            pair=pair.id,
            y=pair.y,
            x=pair.x,
            interval=own,
            interval_ms=series.length_ms,
            spreads=_spread_rows(found),
            next_to=next_to,
        )
        return json_of(view)

    return await uploads.compute(answer)


@router.get(
    "/uploads/{upload}/spreads/{pair}/stats",
    summary="Tests of a pair of an upload",
    response_model=UploadedStatsView,
    responses={**formats.documented(UploadedStatsView), **documented(404, 422, 503)},
)
async def uploaded_stats(
    upload: UploadId,
    pair: HowDep,
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    interval: OwnInterval = None,
) -> Response:
    """Return the test of the last window within [from, to), and of the windows before."""
    uploads, bounds = backend.uploads, Bounds.of(stretch)
    series, own = await uploads.compute(lambda: _series(backend, upload, pair, interval))
    history = await uploads.compute(lambda: uploads_series.tests(series, own, bounds))
    if format_ != "json":
        tables = uploads_exports.test_tables(history)
        return await _file(backend, tables, f"pair-tests-{pair.id}-{own}", format_)

    def answer() -> Response:
        newest, _ = uploads_series.newest_spreads(series, own, bounds, 1)
        view = UploadedStatsView(
            pair=pair.id,
            y=pair.y,
            x=pair.x,
            interval=own,
            interval_ms=series.length_ms,
            latest=history[-1] if history else None,
            spread=newest[-1] if newest else None,
            history=history,
        )
        return json_of(view)

    return await uploads.compute(answer)


async def _file(
    backend: Backend, tables: Iterator[pa.Table], name: str, format_: Format
) -> Response:
    made = uploads_exports.taken(backend.uploads, tables)
    return await backend.exports.of_tables(made, name=name, format_=format_)


def _bars(
    backend: Backend, upload: str, symbol: str, bounds: Bounds, resolution: int | None
) -> Bars:
    bars = backend.uploads.bars(upload, symbol)
    if resolution is None:
        return bars
    return uploads_series.coarser_bars(bars, bounds, resolution)


def _series(
    backend: Backend, upload: str, pair: Pair, interval: str | None
) -> tuple[PairSeries, str]:
    y, x = (backend.uploads.bars(upload, symbol) for symbol in (pair.y, pair.x))
    _check_interval(interval, y.interval)
    return uploads_series.pair_series(y, x, pair), y.interval


def _check_interval(asked: str | None, own: str) -> None:
    if asked is not None and asked != own:
        raise errors.BadRequest(f"interval: expected {own}, the upload's own, was {asked}")
