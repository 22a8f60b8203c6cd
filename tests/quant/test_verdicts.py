"""Verdicts follow the thresholds; the figures they judge stay."""

from __future__ import annotations

import numpy as np
import pytest

from oddlot.contracts.messages import Basket, Divergence
from oddlot.quant.divergence import Rules, score
from oddlot.quant.scans import Scanning, scan_groups
from oddlot.quant.verdicts import judged
from tests.quant.groups import Group, made_up


def scanned(group: Group, rules: Rules) -> Divergence:
    basket = Basket(id="g", symbols=group.symbols, benchmark="M0")
    scanning = Scanning(rules=rules, interval="1d", now_ms=5)
    return scan_groups([basket], group.histories(), scanning)[0]


@pytest.mark.parametrize("enter_z", [1.0, 2.5, 10.0])
@pytest.mark.parametrize("min_correlation", [-1.0, 0.7, 1.0])
def test_judging_again_is_scanning_again(enter_z: float, min_correlation: float) -> None:
    group = made_up()
    again = judged(scanned(group, Rules()), enter_z=enter_z, min_correlation=min_correlation)
    assert again == scanned(group, Rules(enter_z=enter_z, min_correlation=min_correlation))


@pytest.mark.parametrize("seed", range(8))
def test_a_message_says_what_the_arrays_say(seed: int) -> None:
    group, rules = made_up(seed), Rules(enter_z=2.0, min_correlation=0.7)
    found = score(group.closes, np.array([12]), rules=rules)
    scan = scanned(group, rules)
    for i, member in enumerate(scan.members):
        assert [each.crosses for each in member.windows] == found.crosses[i].tolist()
        assert [each.confirmed for each in member.windows] == found.confirmed[i].tolist()


def test_what_crosses_has_a_label_and_nothing_else_has() -> None:
    group = made_up()
    group.closes[4, -1] *= 1.3
    for member in scanned(group, Rules()).members:
        assert [bool(each.label) for each in member.windows] == [
            each.crosses for each in member.windows
        ]


def test_divergers_are_named_strongest_first() -> None:
    group = made_up()
    group.closes[4, -1] *= 1.2
    group.closes[7, -1] *= 0.6
    scan = scanned(group, Rules())
    assert scan.divergers[:2] == ("M7", "M4")
