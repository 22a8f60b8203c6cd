"""Scans of groups and budgets of providers -> Arrow tables, flat, for files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from api.divergence_views import GroupSummary
from api.rows import rows_as
from api.tables import table_of
from oddlot.contracts.messages import (
    Budget,
    Divergence,
    MemberScore,
    ScanInterval,
    Verdict,
    WindowScore,
    WindowSpread,
)

_OF_MEMBER = {
    "own_return": pa.float64(),
    "others_return": pa.float64(),
    "z": pa.float64(),
    "crosses": pa.bool_(),
    "confirmed": pa.bool_(),
}
_OF_GROUP = {
    "median_return": pa.float64(),
    "dispersion": pa.float64(),
    "benchmark_return": pa.float64(),
}


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One peer group; a column a figure and window follows."""

    group: str
    title: str
    sector: str
    venue: str
    interval: ScanInterval
    open_ms: int | None
    computed_ms: int | None
    age_ms: int | None
    scored: int
    members: int
    divergers: list[str]
    loners: list[str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One member of a scan; a column a figure and window follows."""

    group: str
    interval: ScanInterval
    open_ms: int
    computed_ms: int
    symbol: str
    name: str
    verdict: Verdict
    label: str
    window: int | None
    z: float | None
    close: float | None
    closes: int
    correlation: float | None
    usual_correlation: float | None
    beta: float | None
    flags: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """One limit of a provider; a provider without limits has one row without figures."""

    provider: str
    title: str
    unit: str
    has_key: bool
    blocked_until_ms: int | None
    detail: str
    fetched_total: int
    rejected_total: int
    sent_ms: int
    window: str | None
    limit: int | None
    used: int | None
    left: int | None
    resets_ms: int | None


_group_rows = rows_as(GroupRow)


def table_of_groups(groups: Sequence[GroupSummary]) -> pa.Table:
    """Give a row for each group."""
    table = table_of(_group_rows(groups), GroupRow)
    return _with_windows(table, [group.windows for group in groups], _OF_GROUP)


def table_of_members(scan: Divergence, names: Mapping[str, str]) -> pa.Table:
    """Give a row for each member, in the order of the group; `names` is by symbol."""
    rows = [_member_row(scan, member, names) for member in scan.members]
    table = table_of(rows, MemberRow)
    return _with_windows(table, [member.windows for member in scan.members], _OF_MEMBER)


def table_of_budgets(budgets: Iterable[Budget]) -> pa.Table:
    """Give a row for each limit of each provider."""
    return table_of([row for budget in budgets for row in _budget_rows(budget)], BudgetRow)


def _with_windows(
    table: pa.Table,
    rows: Sequence[Sequence[WindowScore] | Sequence[WindowSpread]],
    figures: Mapping[str, pa.DataType],
) -> pa.Table:
    """Add a column for each figure of each window; scans that are kept may differ in those."""
    by_window = [{each.window: each for each in row} for row in rows]
    for window in sorted({window for row in by_window for window in row}):
        for name, kind in figures.items():
            values = [getattr(row.get(window), name, None) for row in by_window]
            table = table.append_column(f"{name}_{window}", pa.array(values, kind))
    return table


def _member_row(scan: Divergence, member: MemberScore, names: Mapping[str, str]) -> MemberRow:
    return MemberRow(
        group=scan.group,
        interval=scan.interval,
        open_ms=scan.open_ms,
        computed_ms=scan.computed_ms,
        symbol=member.symbol,
        name=names.get(member.symbol, member.symbol),
        verdict=member.verdict,
        label=member.label,
        window=member.window,
        z=member.z,
        close=member.close,
        closes=member.closes,
        correlation=member.correlation,
        usual_correlation=member.usual_correlation,
        beta=member.beta,
        flags=list(member.flags),
    )


def _budget_rows(budget: Budget) -> list[BudgetRow]:
    return [
        BudgetRow(
            provider=budget.provider,
            title=budget.title,
            unit=budget.unit,
            has_key=budget.has_key,
            blocked_until_ms=budget.blocked_until_ms,
            detail=budget.detail,
            fetched_total=budget.fetched_total,
            rejected_total=budget.rejected_total,
            sent_ms=budget.sent_ms,
            window=limit.window if limit else None,
            limit=limit.limit if limit else None,
            used=limit.used if limit else None,
            left=limit.left if limit else None,
            resets_ms=limit.resets_ms if limit else None,
        )
        for limit in budget.windows or [None]
    ]
