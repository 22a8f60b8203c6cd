"""The view of a scan: all pairs of a group, ranked by cointegration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from api import formats
from api.answers import json_of
from api.backend import Backend, BackendDep
from api.formats import FormatDep
from api.hub import VENUE
from api.problems import documented, problem_of
from api.scans import Asked, Job, Outcome
from api.tables import table_of
from oddlot import errors
from oddlot.contracts.messages import Interval, Prices
from oddlot.contracts.pairs import DEFAULT_WINDOW, pair_id
from oddlot.quant.scan import Candidate

router = APIRouter(tags=["pairs"])

MIN_WINDOW, MAX_WINDOW = 10, 5_000  # as of a watched pair
NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRow:
    """One pair of a scan, in the better of its two directions."""

    pair: Annotated[str, Field(examples=["BTCUSDT~ETHUSDT"])]
    y: str
    x: str
    n: Annotated[int, Field(description="Closes behind the figures.")]
    hedge_ratio: Annotated[float | None, Field(description="Least squares of y on x.")]
    eg_statistic: Annotated[float | None, Field(description="Engle-Granger with one lag.")]
    eg_p: Annotated[float | None, Field(description="Of this trial alone.")]
    q_value: Annotated[float | None, Field(description="Among all trials.")]
    is_cointegrated: Annotated[bool | None, Field(description="q_value below 0.05.")]
    half_life_bars: Annotated[float | None, Field(description="Of a deviation.")]
    correlation: Annotated[float | None, Field(description="Of the legs' returns.")]
    z: Annotated[float | None, Field(description="Of the spread now.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanView:
    """All pairs of a group, best first."""

    group: Annotated[str, Field(examples=["crypto-majors"])]
    interval: Interval
    window: Annotated[int, Field(description="Closed bars wanted behind each test.")]
    prices: Annotated[Prices, Field(description="What was tested.")]
    trials: Annotated[int, Field(description="Tests done: two directions a pair.")]
    bonferroni_p: Annotated[float, Field(description="eg_p below it stands by any correction.")]
    corrections: Annotated[str, Field(description="What was done about the number of trials.")]
    computed_ms: Annotated[int, Field(description="When, by our clock.")]
    took_ms: Annotated[int, Field(description="How long it took.")]
    pairs: list[ScanRow]


@router.get(
    "/pairs/scan",
    summary="All pairs of a peer group, ranked by cointegration",
    response_model=ScanView,
    responses={**formats.documented(ScanView), **documented(422, 503)},
)
async def scan_pairs(
    backend: BackendDep,
    format_: FormatDep,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    group: Annotated[
        str | None, Query(description="One that streams; the first of them unless said.")
    ] = None,
    interval: Annotated[Interval, Query(description="Of the bars behind it.")] = "1m",
    window: Annotated[
        int, Query(ge=MIN_WINDOW, le=MAX_WINDOW, description="Closed bars behind each test.")
    ] = DEFAULT_WINDOW,
    prices: Annotated[Prices, Query(description="Test prices or their logarithms.")] = "level",
) -> Response:
    """Test every pair of a group in both directions, and say what the number of tests means.

    With `Accept: application/x-ndjson`, lines of progress come before the result.
    """
    name, symbols = _members(group, backend)
    asked = Asked(group=name, symbols=symbols, interval=interval, window=window, prices=prices)
    job = backend.scans.start(asked)
    if format_ == "json" and NDJSON in accept:
        return StreamingResponse(_lines(job, asked), media_type=NDJSON)
    view = _view_of(await job.outcome(), asked)
    if format_ != "json":
        file = f"scan-{name}-{interval}"
        table = table_of(view.pairs, ScanRow)
        return await backend.exports.of_table(table, name=file, format_=format_)
    return json_of(view)


async def _lines(job: Job, asked: Asked) -> AsyncIterator[bytes]:
    async for done, total in job.progress():
        yield _line({"type": "progress", "done": done, "total": total})
    try:
        outcome = await job.outcome()
    except errors.Unavailable as e:
        yield _line({"type": "error", "problem": msgspec.to_builtins(problem_of(503, str(e)))})
    else:
        yield _line({"type": "result", **asdict(_view_of(outcome, asked))})


def _line(said: dict[str, Any]) -> bytes:
    return msgspec.json.encode(said) + b"\n"


def _members(wanted: str | None, backend: Backend) -> tuple[str, tuple[str, ...]]:
    streaming = {group.id: group for group in backend.groups if group.venue == VENUE}
    name = wanted if wanted is not None else next(iter(streaming), "")
    if name not in streaming:
        raise errors.BadRequest(
            f"group: expected one that streams, {', '.join(streaming)}; was {name[:40]!r}"
        )
    return name, tuple(member.symbol for member in streaming[name].members)


def _view_of(outcome: Outcome, asked: Asked) -> ScanView:
    ranking = outcome.ranking
    return ScanView(
        group=asked.group,
        interval=asked.interval,
        window=asked.window,
        prices=asked.prices,
        trials=ranking.trials,
        bonferroni_p=ranking.bonferroni_p,
        corrections=ranking.corrections,
        computed_ms=outcome.computed_ms,
        took_ms=outcome.took_ms,
        pairs=[_row_of(candidate) for candidate in ranking.candidates],
    )


def _row_of(candidate: Candidate) -> ScanRow:
    return ScanRow(pair=pair_id(candidate.y, candidate.x), **asdict(candidate))
