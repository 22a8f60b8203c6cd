"""Histories of peer groups -> signals.divergence: scored, labelled, with what is odd said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from oddlot.contracts.messages import (
    Basket,
    Divergence,
    Float64s,
    Int64s,
    MemberScore,
    ScanInterval,
    WindowScore,
    WindowSpread,
)
from oddlot.quant.close_checks import Oddity, check
from oddlot.quant.closes import Aligned, History, align, closes_on
from oddlot.quant.divergence import Rules, Scores, score
from oddlot.quant.flags import flags_of
from oddlot.quant.returns import window_returns
from oddlot.quant.verdicts import judged

NO_HISTORY = History(np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanning:
    """What all groups of a scan have in common.

    Attributes
    ----------
    rules : windows and thresholds.
    interval : of the bars.
    now_ms : our clock.
    scan : id of the scan that asked; None where nobody did.
    """

    rules: Rules
    interval: ScanInterval
    now_ms: int
    scan: str | None = None


class _Part(NamedTuple):
    """One group's share of what was computed for all."""

    closes: Float64s
    oddities: Mapping[int, Sequence[Oddity]]
    scores: Scores
    benchmark: Float64s


def scan_groups(
    baskets: Sequence[Basket], histories: Mapping[str, History], scanning: Scanning
) -> list[Divergence]:
    """Scan groups, all at once; each on its own calendar, to its own last bar.

    Parameters
    ----------
    baskets : the groups.
    histories : closes by symbol, reaching back `rules.bars`; whoever has none is flagged.
    scanning : windows, thresholds, and who wants to know.

    Returns
    -------
    one message a group, in order; a group without any close is left out.
    """
    bars = scanning.rules.bars
    panels = [
        (basket, align([histories.get(s, NO_HISTORY) for s in basket.symbols], bars=bars))
        for basket in baskets
    ]
    filled = [(basket, panel) for basket, panel in panels if len(panel.open_ms)]
    if not filled:
        return []
    sizes = np.array([len(basket.symbols) for basket, _ in filled])
    found = check(np.vstack([_widened(panel.closes, bars) for _, panel in filled]), sizes)
    scores = score(found.closes, sizes, rules=scanning.rules, breaks=found.breaks)
    marks = _benchmarks(filled, histories, scanning.rules)
    odd: dict[int, list[Oddity]] = {}
    for oddity in found.oddities:
        odd.setdefault(oddity.row, []).append(oddity)
    messages = []
    for i, (basket, panel) in enumerate(filled):
        rows = slice(int(sizes[:i].sum()), int(sizes[: i + 1].sum()))
        width = panel.closes.shape[1]
        part = _Part(
            closes=found.closes[rows, bars - width :],
            oddities={
                row - rows.start: [each._replace(bar=each.bar - bars + width) for each in odd[row]]
                for row in range(rows.start, rows.stop)
                if row in odd
            },
            scores=scores.of_group(rows, i),
            benchmark=marks[i],
        )
        messages.append(_message(basket, panel, part, scanning))
    return messages


def _widened(closes: Float64s, bars: int) -> Float64s:
    short = bars - closes.shape[1]
    return np.hstack([np.full((len(closes), short), np.nan), closes]) if short else closes


def _benchmarks(
    filled: Sequence[tuple[Basket, Aligned]], histories: Mapping[str, History], rules: Rules
) -> Float64s:
    """Give the returns of every group's benchmark, (g, w)."""
    rows = [
        closes_on(panel.open_ms, histories.get(basket.benchmark, NO_HISTORY))
        for basket, panel in filled
    ]
    closes = np.vstack([_widened(row[None], rules.bars) for row in rows])
    found = check(closes, np.ones(len(closes), np.int64))
    return window_returns(found.closes, rules.windows, found.breaks)


def _message(basket: Basket, panel: Aligned, part: _Part, scanning: Scanning) -> Divergence:
    rules = scanning.rules
    members = tuple(
        _member(i, symbol, panel.open_ms, part, scanning) for i, symbol in enumerate(basket.symbols)
    )
    scan = Divergence(
        group=basket.id,
        interval=scanning.interval,
        open_ms=int(panel.open_ms[-1]),
        benchmark=basket.benchmark,
        lookback=rules.lookback,
        enter_z=rules.enter_z,
        min_correlation=rules.min_correlation,
        scored=sum(any(each.z is not None for each in member.windows) for member in members),
        divergers=(),
        loners=(),
        windows=tuple(
            WindowSpread(
                window=window,
                median_return=_number(part.scores.medians[0, w]),
                dispersion=_number(part.scores.dispersions[0, w]),
                benchmark_return=_number(part.benchmark[w]),
            )
            for w, window in enumerate(rules.windows)
        ),
        members=members,
        complete=not np.isnan(part.closes[:, -1]).any(),
        text="",
        computed_ms=scanning.now_ms,
        scan=scanning.scan,
    )
    return judged(scan, enter_z=rules.enter_z, min_correlation=rules.min_correlation)


def _member(i: int, symbol: str, open_ms: Int64s, part: _Part, scanning: Scanning) -> MemberScore:
    """Give a member's figures; the verdict comes once all are there."""
    scores, closes = part.scores, part.closes[i]
    known = np.flatnonzero(~np.isnan(closes))
    return MemberScore(
        symbol=symbol,
        close=float(closes[known[-1]]) if len(known) else None,
        closes=len(known),
        correlation=_number(scores.now.correlation[i]),
        beta=_number(scores.now.beta[i]),
        usual_correlation=_number(scores.usual.correlation[i]),
        windows=tuple(
            WindowScore(
                window=window,
                own_return=_number(scores.returns[i, w]),
                others_return=_number(scores.others.median[i, w]),
                z=_number(scores.others.z[i, w]),
                crosses=False,
                confirmed=False,
                label="",
            )
            for w, window in enumerate(scanning.rules.windows)
        ),
        window=None,
        z=None,
        verdict="unscored",
        label="",
        flags=flags_of(
            closes,
            open_ms,
            part.oddities.get(i, ()),
            interval=scanning.interval,
            wanted=scanning.rules.bars,
        ),
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
