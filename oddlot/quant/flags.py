"""Closes of one member -> what is odd about them, in plain English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from oddlot.contracts.messages import Float64s, Int64s, ScanInterval
from oddlot.quant.close_checks import Oddity

MAX_ODDITIES = 3  # told one by one; a symbol with more of them needs another provider, not a list


def flags_of(
    closes: Float64s,
    open_ms: Int64s,
    oddities: Sequence[Oddity],
    *,
    interval: ScanInterval,
    wanted: int,
) -> tuple[str, ...]:
    """Say what is missing, short or wrong.

    Parameters
    ----------
    closes : (t,) of the member; NaN where there is none, or none to trust.
    open_ms : (t,) the calendar.
    oddities : what was found wrong, by bar of the calendar.
    interval : of the bars.
    wanted : closes that a full scan looks at.

    Examples
    --------
    >>> flags_of(np.array([np.nan, 5.0]), np.array([0, 86_400_000]), (), interval="1d", wanted=2)
    ('short history: 1 of 2 closes',)
    """
    known = np.flatnonzero(~np.isnan(closes))
    if not len(known):
        return ("no closes", *_wrong(oddities, open_ms, interval))
    said = []
    if known[-1] < len(closes) - 1:
        last, wanted_bar = (_when(open_ms[i], interval) for i in (known[-1], -1))
        said.append(f"no close for {wanted_bar}; the last is of {last}")
    if (have := len(closes) - int(known[0])) < wanted:
        said.append(f"short history: {have} of {wanted} closes")
    wrong = {odd.bar for odd in oddities}
    holes = [i for i in range(known[0], known[-1]) if np.isnan(closes[i]) and i not in wrong]
    if holes:
        number = "1 close is" if len(holes) == 1 else f"{len(holes)} closes are"
        said.append(f"{number} missing, the last for {_when(open_ms[holes[-1]], interval)}")
    return (*said, *_wrong(oddities, open_ms, interval))


def _wrong(oddities: Sequence[Oddity], open_ms: Int64s, interval: ScanInterval) -> list[str]:
    newest = oddities[-MAX_ODDITIES:]
    said = [_oddity(odd, _when(open_ms[odd.bar], interval)) for odd in reversed(newest)]
    if more := len(oddities) - len(newest):
        said.append(f"{more} more like it")
    return said


def _oddity(odd: Oddity, when: str) -> str:
    if odd.kind == "bad print":
        return f"bad print of {when} left out: {odd.at:g} between {odd.before:g} and {odd.after:g}"
    if odd.kind == "split":
        return (
            f"looks like a split not adjusted for, {when}: {odd.before:g} to {odd.at:g}; "
            "no return is taken across it"
        )
    return f"no price for {when}: was {odd.at:g}"


def _when(open_ms: int, interval: ScanInterval) -> str:
    moment = dt.datetime.fromtimestamp(int(open_ms) / 1_000, dt.UTC)
    return f"{moment:%Y-%m-%d}" if interval == "1d" else f"{moment:%Y-%m-%d %H:%M} UTC"
