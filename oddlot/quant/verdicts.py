"""Scores of a scan and thresholds -> verdicts, labels, the result in one sentence."""

from __future__ import annotations

from dataclasses import replace

from oddlot.contracts.messages import Divergence, MemberScore, WindowScore
from oddlot.quant.labels import label_of, summary_of, verdict_of


def judged(scan: Divergence, *, enter_z: float, min_correlation: float) -> Divergence:
    """Judge every member of a scan by other thresholds; its figures stay.

    Parameters
    ----------
    scan : whose members are scored.
    enter_z : |z| from which a score crosses, above 0.
    min_correlation : from which a member counts as usually moving with its group.

    Returns
    -------
    the same scan with other verdicts, labels, lists and text.
    """
    members = tuple(_judged(member, enter_z, min_correlation) for member in scan.members)
    strongest = sorted(members, key=lambda member: -abs(member.z or 0))
    divergers = [member for member in strongest if member.verdict == "diverger"]
    return replace(
        scan,
        enter_z=enter_z,
        min_correlation=min_correlation,
        members=members,
        divergers=tuple(member.symbol for member in divergers),
        loners=tuple(member.symbol for member in strongest if member.verdict == "loner"),
        text=summary_of(divergers, scored=scan.scored, members=len(members)),
    )


def _judged(member: MemberScore, enter_z: float, min_correlation: float) -> MemberScore:
    usual = member.usual_correlation
    is_usual = usual is not None and usual >= min_correlation
    windows = tuple(_crossed(window, enter_z, is_usual) for window in member.windows)
    scored = [each for each in windows if each.z is not None]
    best = max(scored, key=lambda each: (each.confirmed, abs(each.z or 0)), default=None)
    verdict, label = verdict_of(best, usual, member.flags)
    return replace(
        member,
        windows=windows,
        window=best.window if best else None,
        z=best.z if best else None,
        verdict=verdict,
        label=label,
    )


def _crossed(score: WindowScore, enter_z: float, is_usual: bool) -> WindowScore:
    own, others, z = score.own_return, score.others_return, score.z
    if own is None or others is None or z is None or abs(z) < enter_z:
        return replace(score, crosses=False, confirmed=False, label="")
    label = label_of(own, others, (own - others) / z)
    return replace(score, crosses=True, confirmed=is_usual, label=label)
