"""What is planted in the sandbox's closes is found by a scan, once the adapters brought them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from oddlot import peer_groups
from oddlot.contracts.messages import Basket, Divergence
from oddlot.quant.closes import History, history_of, midnight_ms
from oddlot.quant.divergence import Rules
from oddlot.quant.scans import Scanning, scan_groups
from sandbox import providers
from sandbox.listings import MAJORS
from sandbox.providers import Providers
from sandbox.universe import BLOCK
from tests.conftest import ROOT
from tests.producers.providers.scans import NOON_MS, Scan

GROUPS = 14
LEAST_MEMBERS = 6
LAST = dt.datetime.fromtimestamp(NOON_MS / 1_000, dt.UTC).date() - dt.timedelta(days=1)


@pytest.fixture(scope="module")
def universe() -> providers.Universe:
    return providers.universe_of(peer_groups.load(ROOT / "peer_groups"), MAJORS, seed=1)


@pytest.fixture(scope="module")
def baskets() -> list[Basket]:
    groups = peer_groups.load(ROOT / "peer_groups")
    listed = [g for g in groups if g.venue != "binance" and len(g.members) >= LEAST_MEMBERS]
    return [
        Basket(id=group.id, symbols=group.symbols, benchmark=group.benchmark)
        for group in listed[:GROUPS]
    ]


@pytest.fixture(scope="module")
def histories(universe: providers.Universe, baskets: list[Basket]) -> dict[str, History]:
    """Give the closes of all members as a cold scan over the free plans brings them."""
    sandbox = Providers(universe)
    scan = Scan(Path(":memory:"), sandbox)
    wanted = sorted({symbol for basket in baskets for symbol in basket.symbols})
    scan.want(wanted)
    scan.run(hours=23, until=len(wanted))
    scan.db.close()
    assert sandbox.rejections == 0
    assert len(scan.histories) == len(wanted)
    return {symbol: history_of(closes) for symbol, closes in scan.histories.items()}


def scanned(basket: Basket, histories: dict[str, History], date: dt.date) -> dict[str, str]:
    """Scan by the closes up to a date; give the members' verdicts."""
    until = midnight_ms(date)
    known = {}
    for symbol in basket.symbols:
        whole = histories[symbol]
        end = int(np.searchsorted(whole.open_ms, until, side="right"))
        known[symbol] = History(whole.open_ms[:end], whole.close[:end])
    scanning = Scanning(rules=Rules(), interval="1d", now_ms=NOON_MS)
    (found,) = scan_groups([basket], known, scanning)
    assert isinstance(found, Divergence)
    return {member.symbol: member.verdict for member in found.members}


def test_planted_divergers_are_found(universe, baskets, histories) -> None:
    """At the end of their move all cross, and nearly all are confirmed.

    A fifth are not: who broke ranks twice within the lookback no longer moves with the others.
    """
    ends: dict[tuple[str, str], dt.date] = {}
    for date, moves in sorted(universe.moved(LAST, BLOCK).items()):
        for basket in baskets:
            ends |= {(basket.id, symbol): date for symbol in moves.keys() & set(basket.symbols)}
    by_id = {basket.id: basket for basket in baskets}
    verdicts = [
        scanned(by_id[group], histories, date)[symbol] for (group, symbol), date in ends.items()
    ]
    assert len(verdicts) >= GROUPS
    assert set(verdicts) <= {"diverger", "loner"}
    assert verdicts.count("diverger") >= 0.75 * len(verdicts)


def test_members_that_never_move_with_their_group_are_not_confirmed(
    universe, baskets, histories
) -> None:
    """They cross on most days, and nobody is told to look at them."""
    days = histories[baskets[0].symbols[0]].open_ms[-BLOCK:]
    verdicts = [
        scanned(basket, histories, dt.datetime.fromtimestamp(day / 1_000, dt.UTC).date())[loner]
        for basket in baskets
        for loner in universe.loners & set(basket.symbols)
        for day in days.tolist()
    ]
    assert verdicts.count("loner") > len(verdicts) / 2
    assert "diverger" not in verdicts
