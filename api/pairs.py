"""The watched pairs: what they are, how each stands now; pairs added, changed and removed."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.formats import FormatDep
from api.hub import streaming
from api.legs import unknown
from api.pair_views import PairBody, PairsView, PairView, Standing, standings
from api.problems import documented
from api.tables import table_of
from oddlot import errors
from oddlot.contracts.messages import Interval, Pair, Spread
from oddlot.contracts.pairs import pair_id
from oddlot.store import views

router = APIRouter(tags=["pairs"])

PairPath = Annotated[str, Path(description="y~x", examples=["BTCUSDT~ETHUSDT"])]


@router.get(
    "/pairs",
    summary="Every watched pair, and its latest spreads",
    response_model=PairsView,
    responses={**formats.documented(PairsView), **documented(422, 503)},
)
async def pairs(backend: BackendDep, format_: FormatDep) -> Response:
    """Return every watched pair; a spread is null before the first bar of both legs.

    As a file it has a row for each interval of each pair.
    """
    watched = backend.watching.pairs.values()
    found = await asyncio.gather(*(_view_of(pair, backend) for pair in watched))
    if format_ != "json":
        table = table_of([row for view in found for row in standings(view)], Standing)
        return await backend.exports.of_table(table, name="pairs", format_=format_)
    return json_of(PairsView(pairs=list(found)))


@router.get(
    "/pairs/{pair}",
    summary="One watched pair, and its latest spreads",
    response_model=PairView,
    responses=documented(404, 422, 503),
)
async def one_pair(pair: PairPath, backend: BackendDep) -> Response:
    """Return a watched pair."""
    if watched := backend.watching.pairs.get(pair):
        return json_of(await _view_of(watched, backend))
    raise unknown(pair)


@router.put(
    "/pairs/{pair}",
    summary="Watch a pair, or watch it in another way",
    response_model=PairView,
    status_code=201,
    responses={
        200: {"model": PairView, "description": "It was watched before; now it is so"},
        **documented(422, 503),
    },
)
async def put_pair(pair: PairPath, backend: BackendDep, body: PairBody | None = None) -> Response:
    """Watch a pair from now on, in every process and over restarts.

    What the body leaves out has its default. Both legs have to stream.
    """
    wanted = _wanted(pair, body or PairBody(), streaming(backend.groups))
    is_new = await backend.watching.watch(wanted)
    return json_of(await _view_of(wanted, backend), status=201 if is_new else 200)


@router.delete(
    "/pairs/{pair}",
    summary="Watch a pair no longer",
    status_code=204,
    response_class=Response,
    responses=documented(404, 422, 503),
)
async def delete_pair(pair: PairPath, backend: BackendDep) -> Response:
    """Watch a pair no longer; what was stored of it stays."""
    if not await backend.watching.unwatch(pair):
        raise unknown(pair)
    return Response(status_code=204)


async def latest_spread(pair: str, interval: Interval, backend: Backend) -> Spread | None:
    """Give the spread in memory, where the newest is, or else the store's."""
    found = backend.hub.latest(f"spreads:{pair}:{interval}")
    if isinstance(found, Spread):
        return found
    newest = views.spreads(pair, interval)
    stored = (await backend.store.ask(lambda reader: reader.latest(newest, limit=1))).rows
    return stored[-1] if stored else None


def _wanted(name: str, body: PairBody, symbols: tuple[str, ...]) -> Pair:
    y, _, x = name.partition("~")
    if absent := [leg for leg in (y, x) if leg not in symbols]:
        shown = " and ".join(repr(leg[:40]) for leg in absent)
        raise errors.BadRequest(
            f"pair: expected y~x of symbols that stream, {', '.join(symbols)}; was {shown}"
        )
    assert name == pair_id(y, x)
    given = {key: value for key, value in asdict(body).items() if value is not None}
    if "intervals" in given:
        given["intervals"] = tuple(dict.fromkeys(given["intervals"]))
    try:
        return msgspec.convert({"y": y, "x": x, **given}, Pair)
    except msgspec.ValidationError as e:
        raise errors.BadRequest(f"body: {e}") from e


async def _view_of(pair: Pair, backend: Backend) -> PairView:
    watchlist = backend.watching.watchlist
    latest = {i: await latest_spread(pair.id, i, backend) for i in pair.intervals}
    return PairView(
        pair=pair.id,
        y=pair.y,
        x=pair.x,
        group=watchlist.group_of(pair),
        added=watchlist.is_added(pair.id),
        window=pair.window,
        prices=pair.prices,
        intervals=list(pair.intervals),
        silence_bars=pair.silence_bars,
        hedge=pair.hedge,
        enter_z=pair.enter_z,
        leave_z=pair.leave_z,
        cooldown_bars=pair.cooldown_bars,
        latest=latest,
    )
