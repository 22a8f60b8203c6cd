"""Scores of a member and its group -> what happened, in plain English."""

from __future__ import annotations

from collections.abc import Sequence

from oddlot.contracts.messages import MemberScore, Verdict, WindowScore

IN_LINE = "In line with the group"
SHOWN_DIVERGERS = 3  # in one sentence


def label_of(own_return: float, others_return: float, others_sigma: float) -> str:
    """Say how a member differed from its group over one window.

    Parameters
    ----------
    own_return : of the member, as a fraction.
    others_return, others_sigma : median of the others' returns and their robust deviation. The
        group has moved if its median lies further from zero than its members from each other.

    Examples
    --------
    >>> label_of(-0.001, -0.045, 0.007)
    'Held up while group fell'
    >>> label_of(-0.08, 0.001, 0.007)
    'Sold off alone'
    """
    is_ahead = own_return > others_return
    if abs(others_return) <= others_sigma:
        return "Broke out alone" if is_ahead else "Sold off alone"
    if others_return > 0:
        if is_ahead:
            return "Outran group rally"
        return "Fell while group rallied" if own_return < 0 else "Lagged group rally"
    if is_ahead:
        return "Rose while group fell" if own_return > 0 else "Held up while group fell"
    return "Fell harder than group"


def verdict_of(
    best: WindowScore | None, usual_correlation: float | None, flags: Sequence[str]
) -> tuple[Verdict, str]:
    """Judge a member by its strongest score.

    Parameters
    ----------
    best : that score; None where there is none.
    usual_correlation : with the others; None where too few closes are known.
    flags : what is odd about its closes.

    Returns
    -------
    the verdict, and the same in plain English.

    Examples
    --------
    >>> verdict_of(None, None, ["no closes"])
    ('unscored', 'Not scored: no closes')
    """
    if best is None:
        return "unscored", f"Not scored: {flags[0] if flags else 'the others give no measure'}"
    if not best.crosses:
        return "in line", IN_LINE
    if best.confirmed:
        return "diverger", best.label
    if usual_correlation is None:
        return "unproven", f"{best.label}, but too few closes to tell whether that is unusual"
    return "loner", f"{best.label}, but it seldom moves with the group"


def summary_of(divergers: Sequence[MemberScore], *, scored: int, members: int) -> str:
    """Say the result of a scan in one sentence.

    Parameters
    ----------
    divergers : strongest first.
    scored, members : how many have a score, and how many there are.

    Examples
    --------
    >>> summary_of([], scored=14, members=15)
    'Nobody breaks ranks (14 of 15 scored)'
    """
    part = "" if scored == members else f" ({scored} of {members} scored)"
    if not divergers:
        return f"Nobody breaks ranks{part}"
    shown = [
        f"{each.symbol} ({each.label}, z {each.z:+.1f} over {bars_of(each.window or 0)})"
        for each in divergers[:SHOWN_DIVERGERS]
    ]
    if more := len(divergers) - len(shown):
        shown.append(f"{more} more")
    verb = "breaks" if len(divergers) == 1 else "break"
    return f"{len(divergers)} of {members} {verb} ranks: {', '.join(shown)}{part}"


def bars_of(window: int) -> str:
    """Name a window.

    Examples
    --------
    >>> bars_of(1), bars_of(20)
    ('1 bar', '20 bars')
    """
    return f"{window} bar" if window == 1 else f"{window} bars"
