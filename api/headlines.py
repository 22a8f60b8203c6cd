"""The view of headlines, and of the sources that they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import BackendDep
from api.bars import MAX_SYMBOL
from api.formats import FormatDep
from api.live import now_ms
from api.problems import documented
from api.stretches import Limit, NextTo, StretchDep
from oddlot.contracts.messages import Headline, NewsSource
from oddlot.store import headlines as stored

router = APIRouter(tags=["news"])

DEFAULT_ROWS = 100
MAX_TEXT, MAX_SOURCE = 500, 40  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlinesView:
    """Headlines, newest first, and how their sources are doing."""

    headlines: list[Headline]
    next_to: NextTo
    sources: Annotated[
        list[NewsSource],
        Field(description="Every source that is read, or could be with a key, by name."),
    ]
    now_ms: Annotated[int, Field(description="Our clock, to compare with `next_ms`.")]


@router.get(
    "/headlines",
    summary="What the news says, and of which symbols",
    response_model=HeadlinesView,
    responses={**formats.documented(HeadlinesView), **documented(422, 503)},
)
async def headlines(
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    q: Annotated[
        str,
        Query(
            max_length=MAX_TEXT,
            description="Words that have to be in it, in any order and case.",
            examples=["chip plant"],
        ),
    ] = "",
    symbol: Annotated[
        str | None,
        Query(
            max_length=MAX_SYMBOL,
            description="Only those that name it, as the peer groups do.",
            examples=["NVDA"],
        ),
    ] = None,
    source: Annotated[
        str | None,
        Query(max_length=MAX_SOURCE, description="Of this source alone.", examples=["sec"]),
    ] = None,
    limit: Limit = DEFAULT_ROWS,
) -> Response:
    """Return the newest headlines within [from, to), newest first; as a file, all, oldest first."""
    wanted = stored.headlines(
        source=source,
        symbol=symbol.upper() if symbol else None,
        text=q,
        from_ms=stretch.from_ms,
        to_ms=stretch.to_ms,
    )
    if format_ != "json":
        name = "-".join(filter(None, ["headlines", source, wanted.symbol, *wanted.words]))
        return await backend.exports.of_store(backend.store, wanted, name=name, format_=format_)
    page = await backend.store.ask(lambda reader: reader.latest(wanted, limit=limit))
    view = HeadlinesView(
        headlines=page.rows[::-1],
        next_to=page.next_to_ms,
        sources=backend.news_sources.known,
        now_ms=now_ms(),
    )
    return json_of(view)
