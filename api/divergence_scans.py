"""Scans on demand: asked for, answered at once with what is known, followed to their end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.answers import json_of
from api.backend import Backend, BackendDep
from api.divergence import MAX_Z, MIN_Z, SHOWN_CHARACTERS, ZQuery
from api.divergence_jobs import PASTED
from api.divergence_views import Accepted, ScanView
from api.hub import VENUE
from api.problems import documented
from oddlot import errors
from oddlot.contracts.divergence import MAX_BASKETS, MAX_MEMBERS, MIN_MEMBERS
from oddlot.contracts.messages import Basket, Venue

router = APIRouter(tags=["divergence"])

MAX_PASTED = 4 * MAX_MEMBERS  # before repetitions are taken out
BENCHMARKS: dict[Venue, str] = {"binance": "BTCUSDT"}  # of pasted symbols without one
BENCHMARK = "SPY"
COINS = ("USDT", "USDC")  # how symbols end that nobody but Binance has
SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,19}")  # as `contracts.pairs.Symbol`


@checked(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class ScanBody:
    """What to scan: peer groups, or pasted symbols."""

    groups: Annotated[
        list[str] | None,
        Field(max_length=MAX_BASKETS, description="Ids.", examples=[["semiconductors"]]),
    ] = None
    symbols: Annotated[
        list[str] | None,
        Field(
            max_length=MAX_PASTED,
            description=f"{MIN_MEMBERS} to {MAX_MEMBERS} different ones, instead of groups.",
        ),
    ] = None
    benchmark: Annotated[
        str | None, Field(description=f"Of the symbols; {BENCHMARK} or BTCUSDT unless said.")
    ] = None
    venue: Annotated[
        Venue | None,
        Field(description="Of symbols in no peer group; found by their form unless said."),
    ] = None
    z: Annotated[
        float | None, Field(ge=MIN_Z, le=MAX_Z, description="Threshold of what is answered.")
    ] = None


@router.post(
    "/divergence/scans",
    summary="Scan groups or pasted symbols, fetching what is missing",
    status_code=202,
    response_model=Accepted,
    responses=documented(404, 422, 503),
)
async def post_scan(body: ScanBody, backend: BackendDep) -> Response:
    """Return at once what is known; the rest is fetched, and the result comes by itself.

    While a scan goes on, and for a short while after, the same body gives the same scan.
    """
    if (body.groups is None) == (body.symbols is None):
        raise errors.BadRequest("body: expected either groups or symbols, was both or neither")
    if body.groups is not None:
        baskets, venues = _of_groups(body.groups, backend)
    else:
        baskets, venues = _of_symbols(body, backend)
    job = backend.diverging.scan(sorted(baskets, key=lambda basket: basket.id), venues)
    view = backend.diverging.jobs.view(job)
    memory = backend.diverging.memory
    return json_of(
        Accepted(
            scan=view.scan,
            state=view.state,
            text=view.text,
            groups=[
                memory.judged(
                    memory.find(view.scan if basket.id == PASTED else basket.id, "1d"), body.z
                )
                for basket in baskets
            ],
            missing=backend.diverging.jobs.missing(job),
        ),
        status=202,
    )


@router.get(
    "/divergence/scans/{scan}",
    summary="How far a scan has come",
    response_model=ScanView,
    responses=documented(404, 422),
)
async def get_scan(
    scan: Annotated[str, Path(description="Its id.", examples=["scan-9f86d081884c7d65"])],
    backend: BackendDep,
    z: ZQuery = None,
) -> Response:
    """Return what the channel `scans:ID` says, from memory."""
    job = backend.diverging.jobs.find(scan)
    if job is None:
        shown = scan[:SHOWN_CHARACTERS]
        raise HTTPException(
            404, f"expected a scan of late, was {shown!r}; POST /divergence/scans starts one"
        )
    memory = backend.diverging.memory
    return json_of(backend.diverging.jobs.view(job, judge=lambda result: memory.judged(result, z)))


def _of_groups(ids: Sequence[str], backend: Backend) -> tuple[list[Basket], dict[str, Venue]]:
    if not ids:
        raise errors.BadRequest("groups: expected at least one id, was none")
    known, baskets, venues = backend.grouping.by_id, [], dict[str, Venue]()
    for group_id in dict.fromkeys(ids):
        if group_id not in known:
            shown = group_id[:SHOWN_CHARACTERS]
            raise HTTPException(
                404, f"groups: expected known ids, was {shown!r}; GET /peer-groups lists them"
            )
        group = known[group_id]
        baskets.append(Basket(id=group.id, symbols=group.symbols, benchmark=group.benchmark))
        for symbol in (*group.symbols, group.benchmark):
            venues.setdefault(symbol, group.venue)
    return baskets, venues


def _of_symbols(body: ScanBody, backend: Backend) -> tuple[list[Basket], dict[str, Venue]]:
    """Make a basket of pasted symbols; their order and repetitions make no other scan."""
    symbols = sorted({_symbol("symbols", text) for text in body.symbols or ()})
    if not MIN_MEMBERS <= len(symbols) <= MAX_MEMBERS:
        raise errors.BadRequest(
            f"symbols: expected {MIN_MEMBERS} to {MAX_MEMBERS} different ones, was {len(symbols)}"
        )
    venues: dict[str, Venue] = {
        s: backend.grouping.venues.get(s) or body.venue or _venue_of(s) for s in symbols
    }
    if body.benchmark is None:
        most = max(venues.values(), key=list(venues.values()).count)
        benchmark = BENCHMARKS.get(most, BENCHMARK)
    else:
        benchmark = _symbol("benchmark", body.benchmark)
    venues[benchmark] = backend.grouping.venues.get(benchmark) or _venue_of(benchmark)
    return [Basket(id=PASTED, symbols=tuple(symbols), benchmark=benchmark)], venues


def _symbol(field: str, text: str) -> str:
    symbol = text.strip().upper()
    if not SYMBOL.fullmatch(symbol):
        raise errors.BadRequest(
            f"{field}: expected symbols such as NVDA, BRK-B or BTCUSDT, "
            f"was {text[:SHOWN_CHARACTERS]!r}"
        )
    return symbol


def _venue_of(symbol: str) -> Venue:
    return VENUE if symbol.endswith(COINS) else "us"
