"""What divergence looks like over HTTP: groups, scans on demand, how far they have come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from oddlot.contracts.messages import (
    Divergence,
    FetchState,
    ScanInterval,
    WindowSpread,
)
from oddlot.store.divergence_reader import PastDiverger

ScanState = Literal["fetching", "done", "partial"]

_Group = Field(description="Id of a peer group.", examples=["semiconductors"])
_Age = Field(description="Since it was computed, by our clock.")
_Scan = Field(description="Id of the scan.", examples=["scan-9f86d081884c7d65"])


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """How one peer group stands; without a scan yet, all but its names is null or empty."""

    group: Annotated[str, _Group]
    title: str
    sector: str
    venue: str
    interval: ScanInterval
    open_ms: Annotated[int | None, Field(description="The bar that the scan ends with.")]
    computed_ms: int | None
    age_ms: Annotated[int | None, _Age]
    scored: Annotated[int, Field(description="Members with a score.")]
    members: Annotated[int, Field(description="Of the group.")]
    divergers: Annotated[list[str], Field(description="Symbols, strongest first.")]
    loners: list[str]
    windows: list[WindowSpread]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsSummary:
    """Every peer group, in the order of their ids."""

    interval: ScanInterval
    groups: list[GroupSummary]


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceView(Divergence):
    """The latest scan of one group, whole.

    `names` and `sparklines` are by symbol; a sparkline is oldest first.
    """

    title: str
    sector: str
    venue: str
    age_ms: int
    names: dict[str, str]
    sparklines: dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergersView:
    """Past divergers of one group, newest first."""

    group: Annotated[str, _Group]
    interval: ScanInterval
    divergers: list[PastDiverger]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A scan that goes on, and what was known when it was asked for."""

    scan: Annotated[str, _Scan]
    state: ScanState
    text: str
    groups: Annotated[
        list[Divergence | None],
        Field(description="The latest scan of each group, in the order asked for."),
    ]
    missing: Annotated[list[str], Field(description="Symbols whose closes are requested.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A symbol that the scan goes on without."""

    symbol: str
    state: FetchState
    reason: str
    until_ms: Annotated[int | None, Field(description="When that may change; null: unknown.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far one group of a scan has come."""

    group: str
    open_ms: Annotated[int | None, Field(description="Null before its first result.")]
    computed_ms: int | None
    pending: Annotated[int | None, Field(description="Closes still awaited for it.")]
    scored: int
    members: int
    divergers: list[str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanView:
    """How far a scan has come. `said_ms` grows with every change."""

    scan: Annotated[str, _Scan]
    state: Annotated[
        ScanState,
        Field(description="partial: over, but some symbols wait for a quota or cannot be had."),
    ]
    members: Annotated[int, Field(description="Different symbols, benchmarks included.")]
    ready: Annotated[int, Field(description="Those whose closes are there and fresh.")]
    waiting: Annotated[list[Wait], Field(description="Those that it goes on without.")]
    text: Annotated[str, Field(examples=["fetching 37 of 80, 12 wait for tomorrow's quota"])]
    groups: list[Standing]
    result: Annotated[
        Divergence | None,
        Field(description="Of a scan of one group; null before, and where there are several."),
    ]
    requested_ms: int
    said_ms: int
