"""The view of alerts: thresholds crossed and left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api import formats
from api.answers import json_of
from api.backend import BackendDep
from api.formats import FormatDep
from api.legs import MAX_PAIR
from api.problems import documented
from api.stretches import DEFAULT_ROWS, Limit, NextTo, StretchDep
from oddlot.contracts.messages import Alert, Crossing, Interval
from oddlot.contracts.signals import AlertKind
from oddlot.store.views import ALERTS, Selection

router = APIRouter(tags=["alerts"])


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsView:
    """Alerts, newest first."""

    alerts: list[Alert]
    next_to: NextTo


@router.get(
    "/alerts",
    summary="Thresholds crossed and left",
    response_model=AlertsView,
    responses={**formats.documented(AlertsView), **documented(422, 503)},
)
async def alerts(
    backend: BackendDep,
    stretch: StretchDep,
    format_: FormatDep,
    subject: Annotated[
        str | None,
        Query(description="Of this pair alone.", max_length=MAX_PAIR, examples=["BTCUSDT~ETHUSDT"]),
    ] = None,
    kind: Annotated[AlertKind | None, Query(description="What is watched.")] = None,
    interval: Annotated[Interval | None, Query(description="Of the bars behind it.")] = None,
    crossing: Annotated[Crossing | None, Query(description="Only these.")] = None,
    limit: Limit = DEFAULT_ROWS,
) -> Response:
    """Return the newest alerts within [from, to), newest first; as a file, all, oldest first."""
    asked = {"subject": subject, "kind": kind, "interval": interval, "crossing": crossing}
    wanted: Selection[Alert] = Selection(
        view=ALERTS,
        where={name: value for name, value in asked.items() if value is not None},
        from_ms=stretch.from_ms,
        to_ms=stretch.to_ms,
    )
    if format_ != "json":
        name = "-".join(["alerts", *wanted.where.values()])
        return await backend.exports.of_store(backend.store, wanted, name=name, format_=format_)
    page = await backend.store.ask(lambda reader: reader.latest(wanted, limit=limit))
    return json_of(AlertsView(alerts=page.rows[::-1], next_to=page.next_to_ms))
