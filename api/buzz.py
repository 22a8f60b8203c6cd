"""Views of buzz: who is suddenly talked about, the last result first."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.bars import MAX_SYMBOL
from api.buzz_hours import SPARK_HOURS, Coverage, Window, is_known
from api.buzz_views import (
    BaselineView,
    BuzzFileRow,
    BuzzRow,
    BuzzView,
    HourMentions,
    HourView,
    PlaceView,
    SymbolBuzzView,
)
from api.formats import FormatDep
from api.live import now_ms
from api.problems import documented
from api.stretches import MAX_CHARACTERS, StretchDep, parse_ms
from api.tables import table_of
from oddlot import errors
from oddlot.contracts.messages import Buzz, Crowd
from oddlot.contracts.social import BASELINE_DAYS
from oddlot.contracts.topics import HOUR_MS
from oddlot.store.buzz_reader import MAX_HOURS, PlaceScan

router = APIRouter(tags=["social"])

DEFAULT_ROWS, MAX_ROWS = 100, 1_000  # symbols of one ranking
DEFAULT_HOURS = 168  # a week

_FIELDS = [field.name for field in fields(Buzz)]
_OF_ROW = [
    field.name for field in fields(HourView) if field.name not in ("hour_ms", "mentions", "covered")
]

CrowdQuery = Annotated[Crowd, Query(description="Where it was written; all: both together.")]


@router.get(
    "/buzz",
    summary="Who is suddenly talked about",
    response_model=BuzzView,
    responses={**formats.documented(BuzzView), **documented(422, 503)},
)
async def list_buzz(
    backend: BackendDep,
    format_: FormatDep,
    forum: CrowdQuery = "all",
    hour_ms: Annotated[
        str | None,
        Query(
            max_length=MAX_CHARACTERS,
            description="An hour, or any time in it; without it the newest with anything.",
            examples=["1723075200000", "2024-08-08T00:00:00Z"],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS, description="How many at most.")] = DEFAULT_ROWS,
) -> Response:
    """Return one hour's symbols, the most abnormal first, from memory.

    Hours before the last day are read from the store. A file has all symbols, whatever `limit`.
    """
    asked_ms = None if hour_ms is None else _hour_of(parse_ms("hour_ms", hour_ms))
    window = await backend.buzzing.at(asked_ms)
    newest_ms = backend.buzzing.window.hours.newest_of(forum)
    shown_ms = newest_ms if asked_ms is None else asked_ms
    found = [] if shown_ms is None else window.hours.rows_of(forum, shown_ms)
    clock_ms = now_ms()
    if format_ != "json":
        rows = [_as_file(_row_of(row, window, backend, clock_ms=clock_ms)) for row in found]
        table = table_of(rows, BuzzFileRow)
        return await backend.exports.of_table(table, name=f"buzz-{forum}", format_=format_)
    as_of_ms = backend.buzzing.read_ms(forum)
    view = BuzzView(
        forum=forum,
        hour_ms=shown_ms,
        newest_hour_ms=newest_ms,
        as_of_ms=as_of_ms,
        age_ms=None if as_of_ms is None else clock_ms - as_of_ms,
        baseline=_baseline_of(found),
        detail=backend.buzzing.trouble or "",
        symbols=len(found),
        mentions=sum(row.mentions for row in found),
        rows=[_row_of(row, window, backend, clock_ms=clock_ms) for row in found[:limit]],
        scans=[_place_of(place) for place in _places(backend, forum)],
    )
    return json_of(view)


@router.get(
    "/buzz/{symbol}",
    summary="The hours of one symbol",
    response_model=SymbolBuzzView,
    responses={**formats.documented(SymbolBuzzView), **documented(404, 422, 503)},
)
async def get_buzz(
    symbol: Annotated[str, Path(description="As the peer groups name it.", examples=["NVDA"])],
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    forum: CrowdQuery = "all",
    limit: Annotated[
        int, Query(ge=1, le=MAX_HOURS, description="How many hours at most, the newest.")
    ] = DEFAULT_HOURS,
) -> Response:
    """Return every hour within [from, to), oldest first; without `to`, up to the present.

    An hour without a mention has 0, one that was not read null. While the store is away, the last
    hours come from memory.
    """
    clock_ms = now_ms()
    most = limit if format_ == "json" else MAX_HOURS
    end_ms = _hour_of(min(clock_ms if stretch.to_ms is None else stretch.to_ms - 1, clock_ms))
    end_ms += HOUR_MS
    first_ms = max(_from_hour(stretch.from_ms or 0), end_ms - most * HOUR_MS)
    found, coverage, detail = await _hours_of(symbol, forum, backend, (first_ms, end_ms))
    if not found and symbol not in backend.grouping.names:
        shown = symbol[: 2 * MAX_SYMBOL]
        raise HTTPException(
            404,
            f"expected a symbol of a peer group, or one mentioned, was {shown!r}; see GET /buzz",
        )
    if stretch.from_ms is None and format_ != "json":
        first_ms = min(found, default=end_ms)  # a file has all there is, and nothing before it
    hours = [
        _hour_view(found.get(at_ms), at_ms, coverage.share(forum, symbol, at_ms), clock_ms)
        for at_ms in range(first_ms, end_ms, HOUR_MS)
    ]
    if format_ != "json":
        name = f"buzz-{symbol}-{forum}"
        return await backend.exports.of_table(table_of(hours, HourView), name=name, format_=format_)
    return json_of(
        SymbolBuzzView(
            symbol=symbol,
            name=backend.grouping.names.get(symbol, symbol),
            forum=forum,
            first_seen_ms=min((row.first_seen_ms for row in found.values()), default=None),
            detail=detail,
            hours=hours,
        )
    )


async def _hours_of(
    symbol: str, forum: Crowd, backend: Backend, stretch: tuple[int, int]
) -> tuple[dict[int, Buzz], Coverage, str]:
    """Read the hours of a symbol; while the store is away, give those that are in memory."""
    first_ms, end_ms = stretch
    if len(symbol) > MAX_SYMBOL or first_ms >= end_ms:
        return {}, Coverage(), ""
    try:
        rows = await backend.buzz.ask(
            lambda reader: reader.of_symbol(
                symbol, forum, from_ms=first_ms, to_ms=end_ms, limit=MAX_HOURS
            )
        )
        read = await backend.buzz.ask(lambda reader: reader.covered(first_ms, end_ms))
    except errors.StoreUnavailable as e:
        window = backend.buzzing.window
        hours = range(first_ms, end_ms, HOUR_MS)
        kept = {at_ms: window.hours.find(forum, symbol, at_ms) for at_ms in hours}
        found = {at_ms: row for at_ms, row in kept.items() if row is not None}
        if not found:
            raise
        return found, window.coverage, str(e)
    return {row.hour_ms: row for row in rows}, Coverage(read), ""


def _row_of(row: Buzz, window: Window, backend: Backend, *, clock_ms: int) -> BuzzRow:
    told = row.bullish + row.bearish
    tagged, read = window.told(row.forum, row.symbol, row.hour_ms)
    first_ms = row.hour_ms - (SPARK_HOURS - 1) * HOUR_MS
    return BuzzRow(
        **{name: getattr(row, name) for name in _FIELDS},
        name=backend.grouping.names.get(row.symbol, row.symbol),
        balance=(row.bullish - row.bearish) / told if told else None,
        tagged=tagged,
        read=read,
        spark=[
            HourMentions(
                hour_ms=at_ms,
                mentions=window.mentions(row.forum, row.symbol, at_ms, now_ms=clock_ms),
            )
            for at_ms in range(first_ms, row.hour_ms + 1, HOUR_MS)
        ],
    )


def _as_file(row: BuzzRow) -> BuzzFileRow:
    values = {field.name: getattr(row, field.name) for field in fields(BuzzFileRow)}
    return BuzzFileRow(**{**values, "spark": [point.mentions for point in row.spark]})


def _hour_view(row: Buzz | None, hour_ms: int, share: float, clock_ms: int) -> HourView:
    silent = 0 if is_known(share, hour_ms, now_ms=clock_ms) else None
    return HourView(
        hour_ms=hour_ms,
        mentions=row.mentions if row is not None and row.mentions else silent,
        covered=share if row is None else row.covered,
        **{name: None if row is None else getattr(row, name) for name in _OF_ROW},
    )


def _baseline_of(rows: list[Buzz]) -> BaselineView:
    days = max((row.baseline_days for row in rows), default=0)
    return BaselineView(
        days=days, of=BASELINE_DAYS, text=f"baseline {days} of {BASELINE_DAYS} days"
    )


def _places(backend: Backend, forum: Crowd) -> list[PlaceScan]:
    places = backend.buzzing.places.items()
    return [place for (of, _), place in sorted(places) if forum in ("all", of)]


def _place_of(place: PlaceScan) -> PlaceView:
    scan = place.scan
    return PlaceView(
        forum=scan.forum,
        place=scan.place,
        symbol=scan.symbol,
        state=scan.state,
        detail=scan.detail,
        scanned_ms=scan.scanned_ms,
        read_ms=place.read_ms,
        next_ms=scan.next_ms,
    )


def _hour_of(at_ms: int) -> int:
    return at_ms - at_ms % HOUR_MS


def _from_hour(at_ms: int) -> int:
    return -(-at_ms // HOUR_MS) * HOUR_MS
