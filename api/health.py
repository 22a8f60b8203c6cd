"""Views of health: alive, and ready."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from api.answers import json_of
from api.backend import Backend, BackendDep
from api.live import now_ms
from oddlot import errors
from oddlot.contracts.messages import FeedHealth

router = APIRouter(tags=["health"])

REPORT_DEADLINE_MS = 10_000  # producers report once a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """The process answers."""

    status: Literal["ok"] = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that has to work, in plain words."""

    ok: bool
    detail: Annotated[str, Field(examples=["connected, 0 records behind"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """Everything that has to work."""

    kafka: Annotated[Check, Field(description="Live updates come from here.")]
    clickhouse: Annotated[Check, Field(description="History comes from here.")]
    feeds: Annotated[Check, Field(description="The outside world, as producers report it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether live data and history are there."""

    status: Literal["ready", "not ready"]
    checks: Checks
    simulated: Annotated[bool, Field(description="The outside world is the sandbox.")]


@router.get("/healthz", summary="Is the process alive?", response_model=Alive)
async def healthz() -> Response:
    """Return at once, whatever else is away."""
    return json_of(Alive())


@router.get(
    "/readyz",
    summary="Are live data and history there?",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Something is not; the checks say what"}},
)
async def readyz(backend: BackendDep) -> Response:
    """Return 200 if everything works, else 503; the body says the same of each part."""
    checks = Checks(
        kafka=Check(ok=backend.live.is_connected, detail=backend.live.detail),
        clickhouse=await _check_store(backend),
        feeds=_check_feeds(backend.hub.feeds.values(), now_ms()),
    )
    is_ready = checks.kafka.ok and checks.clickhouse.ok and checks.feeds.ok
    readiness = Readiness(
        status="ready" if is_ready else "not ready",
        checks=checks,
        simulated=backend.settings.simulated
        or any(feed.simulated for feed in backend.hub.feeds.values()),
    )
    return json_of(readiness, status=200 if is_ready else 503)


async def _check_store(backend: Backend) -> Check:
    try:
        await backend.store.ask(lambda reader: reader.ping())
    except errors.StoreUnavailable as e:
        return Check(ok=False, detail=str(e))
    return Check(ok=True, detail="answers")


def _check_feeds(feeds: Collection[FeedHealth], now: int) -> Check:
    """Check the feeds; those that the system is well without are only told of."""
    checks = [(feed.feed, _check_feed(feed, now)) for feed in feeds]
    optional = {feed.feed for feed in feeds if feed.optional}
    if len(optional) == len(checks):
        return Check(ok=False, detail="no producer of trades has reported")
    return Check(
        ok=all(check.ok for name, check in checks if name not in optional),
        detail="; ".join(f"{name}: {check.detail}" for name, check in checks),
    )


def _check_feed(feed: FeedHealth, now: int) -> Check:
    quiet_ms = now - feed.sent_ms
    if quiet_ms > REPORT_DEADLINE_MS:
        return Check(ok=False, detail=f"its producer last reported {quiet_ms / 1_000:.0f} s ago")
    silence = "" if feed.silence_ms is None else f", last frame {feed.silence_ms / 1_000:.1f} s ago"
    return Check(ok=feed.connected, detail=f"{feed.detail}{silence}")
