"""The view of a pair's statistics: whether its spread comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.formats import FormatDep
from api.legs import legs_of
from api.pairs import latest_spread
from api.problems import documented
from oddlot.contracts.messages import Interval, PairTest, Spread
from oddlot.store import views

router = APIRouter(tags=["spreads"])

HISTORY_TESTS = 100  # an hour and a half of tests, one a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsView:
    """How one pair stands on one interval."""

    pair: Annotated[str, Field(examples=["BTCUSDT~ETHUSDT"])]
    y: Annotated[str, Field(examples=["BTCUSDT"])]
    x: Annotated[str, Field(examples=["ETHUSDT"])]
    interval: Interval
    latest: Annotated[PairTest | None, Field(description="Newest test; null before the first.")]
    spread: Annotated[Spread | None, Field(description="Newest spread; null before the first.")]
    history: Annotated[list[PairTest], Field(description=f"Up to {HISTORY_TESTS}, newest last.")]


@router.get(
    "/spreads/{pair}/stats",
    summary="Tests of a pair: cointegration, half-life, Hurst",
    response_model=StatsView,
    responses={**formats.documented(StatsView), **documented(404, 422, 503)},
)
async def stats(
    pair: Annotated[str, Path(description="y~x", examples=["BTCUSDT~ETHUSDT"])],
    backend: BackendDep,
    format_: FormatDep,
    interval: Annotated[Interval, Query(description="Of the bars behind it.")] = "1s",
) -> Response:
    """Return the newest test and spread of a pair, and the tests before; as a file, all tests."""
    y, x = await legs_of(pair, interval, backend)
    wanted = views.pair_tests(pair, interval)
    if format_ != "json":
        name = f"pair-tests-{pair}-{interval}"
        return await backend.exports.of_store(backend.store, wanted, name=name, format_=format_)
    history = await _history(pair, interval, backend)
    return json_of(
        StatsView(
            pair=pair,
            y=y,
            x=x,
            interval=interval,
            latest=history[-1] if history else None,
            spread=await latest_spread(pair, interval, backend),
            history=history,
        )
    )


async def _history(pair: str, interval: Interval, backend: Backend) -> list[PairTest]:
    """Give the stored tests, and the newest one even if it is not stored yet."""
    wanted = views.pair_tests(pair, interval)
    page = await backend.store.ask(lambda reader: reader.latest(wanted, limit=HISTORY_TESTS))
    found = page.rows
    newest = backend.hub.latest(f"pair-tests:{pair}:{interval}")
    if isinstance(newest, PairTest) and (not found or newest.open_ms > found[-1].open_ms):
        found = [*found, newest][-HISTORY_TESTS:]
    return found
