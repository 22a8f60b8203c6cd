"""The view of pairs: what is watched, and how each stands now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from api.answers import json_of
from api.backend import Backend, BackendDep
from api.hub import VENUE
from api.problems import documented
from oddlot.contracts.messages import Interval, Prices, Spread
from oddlot.contracts.pairs import Pair

router = APIRouter(tags=["pairs"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """One watched pair: y regressed on x."""

    pair: Annotated[str, Field(examples=["BTCUSDT~ETHUSDT"])]
    y: Annotated[str, Field(examples=["BTCUSDT"])]
    x: Annotated[str, Field(examples=["ETHUSDT"])]
    group: Annotated[str, Field(description="Id of its group.", examples=["crypto-majors"])]
    window: Annotated[int, Field(description="Closed bars behind the regression.")]
    prices: Annotated[Prices, Field(description="What the regression runs on.")]
    intervals: Annotated[list[Interval], Field(description="Of the bars it is computed on.")]
    latest: Annotated[
        dict[Interval, Spread | None], Field(description="Newest spread of each interval.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsView:
    """Every watched pair, in the order of the peer groups."""

    pairs: list[PairView]


@router.get(
    "/pairs",
    summary="Every watched pair, and its latest spreads",
    response_model=PairsView,
    responses=documented(503),
)
async def pairs(backend: BackendDep) -> Response:
    """Return every watched pair; a spread is null before the first bar of both legs."""
    groups_of: dict[str, tuple[Pair, str]] = {}
    for group in backend.groups:
        for pair in group.pairs if group.venue == VENUE else ():
            groups_of[pair.id] = (pair, group.id)
    views = await asyncio.gather(
        *(_view_of(pair, group, backend) for pair, group in groups_of.values())
    )
    return json_of(PairsView(pairs=list(views)))


async def _view_of(pair: Pair, group: str, backend: Backend) -> PairView:
    latest = {interval: await _latest(pair.id, interval, backend) for interval in pair.intervals}
    return PairView(
        pair=pair.id,
        y=pair.y,
        x=pair.x,
        group=group,
        window=pair.window,
        prices=pair.prices,
        intervals=list(pair.intervals),
        latest=latest,
    )


async def _latest(pair: str, interval: Interval, backend: Backend) -> Spread | None:
    """Give the spread in memory, where the newest is, or else the store's."""
    found = backend.hub.latest(f"spreads:{pair}:{interval}")
    if isinstance(found, Spread):
        return found
    stored = await backend.store.ask(
        lambda reader: reader.latest_spreads(pair, interval=interval, limit=1)
    )
    return stored[-1] if stored else None
