"""Views of daily closes, and of what their providers still give."""

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
from api.bars import MAX_SYMBOL
from api.divergence_files import table_of_budgets
from api.formats import FormatDep
from api.live import now_ms
from api.problems import documented
from api.tables import table_of
from oddlot.contracts.messages import Budget, CloseState, DailyClose
from oddlot.store.closes import MAX_SESSIONS

router = APIRouter(tags=["closes"])

DEFAULT_SESSIONS = 140  # as fetched: half a year


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosesView:
    """Daily closes of one symbol, oldest first, all from its newest fetch."""

    symbol: Annotated[str, Field(examples=["NVDA"])]
    name: Annotated[str | None, Field(description="In the peer groups; null: in none.")]
    state: Annotated[
        CloseState | None, Field(description="How far they have come; null: never asked for.")
    ]
    closes: list[DailyClose]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetsView:
    """What every provider still gives, in the order of their names."""

    providers: list[Budget]
    now_ms: Annotated[int, Field(description="Our clock, to compare with `resets_ms`.")]


@router.get(
    "/closes/{symbol}",
    summary="Daily closes of a symbol",
    response_model=ClosesView,
    responses={**formats.documented(ClosesView), **documented(404, 422, 503)},
)
async def closes(
    symbol: Annotated[str, Path(description="As the venue names it.", examples=["NVDA"])],
    backend: BackendDep,
    format_: FormatDep,
    limit: Annotated[
        int, Query(ge=1, le=MAX_SESSIONS, description="Newest sessions at most.")
    ] = DEFAULT_SESSIONS,
) -> Response:
    """Return the newest closes; 404 where a symbol is in no group and was never asked for.

    A file has the newest 1000, whatever `limit`.
    """
    most = limit if format_ == "json" else MAX_SESSIONS
    state = backend.diverging.memory.states.get(symbol)
    found: dict[str, list[DailyClose]] = {}
    if len(symbol) <= MAX_SYMBOL:
        found = await backend.closes.ask(
            lambda reader: reader.latest_closes([symbol], sessions=most)
        )
    if state is None and symbol not in found and symbol not in backend.grouping.venues:
        shown = symbol[: 2 * MAX_SYMBOL]
        raise HTTPException(
            404,
            f"expected a symbol with closes, was {shown!r}; POST /divergence/scans requests them",
        )
    rows = found.get(symbol, [])
    if format_ != "json":
        table = table_of(rows, DailyClose)
        return await backend.exports.of_table(table, name=f"closes-{symbol}", format_=format_)
    name = backend.grouping.names.get(symbol)
    return json_of(ClosesView(symbol=symbol, name=name, state=state, closes=rows))


@router.get(
    "/budgets",
    summary="What providers of daily closes give",
    response_model=BudgetsView,
    responses={**formats.documented(BudgetsView), **documented(422, 503)},
)
async def budgets(backend: BackendDep, format_: FormatDep) -> Response:
    """Return limits, what is used and left, and when they return, from memory.

    As a file it has a row for each limit of each provider.
    """
    known = sorted(backend.diverging.memory.budgets.values(), key=lambda budget: budget.provider)
    if format_ != "json":
        table = table_of_budgets(known)
        return await backend.exports.of_table(table, name="budgets", format_=format_)
    return json_of(BudgetsView(providers=known, now_ms=now_ms()))
