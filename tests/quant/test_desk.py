"""A desk says of every row exactly what its history says, whatever happens on the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.contracts.pairs import Pair
from oddlot.quant import desk, legs, pairs
from oddlot.quant.legs import Leg

SECOND_MS = 1_000
END_MS = 200 * SECOND_MS
TRADED = {"A": 0.9, "B": 0.5, "C": 0.97, "D": 0.05, "E": 0.9}  # share of seconds with a bar
WATCHED = (
    Pair(y="A", x="B", window=20),
    Pair(y="A", x="C", window=20),
    Pair(y="C", x="A", window=15, prices="log", silence_bars=5),
    Pair(y="B", x="D", window=20, prices="log", hedge="kalman"),
    Pair(y="A", x="E", window=20, prices="log"),
    Pair(y="E", x="A", window=10, hedge="kalman", silence_bars=3),
    Pair(y="B", x="A", window=20, hedge="origin"),
)


def whole_legs(rng) -> dict[str, Leg]:
    """Give legs of all kinds: sparse, silent for a while, with prices that are none."""
    made = {}
    for symbol, share in TRADED.items():
        open_ms = np.flatnonzero(rng.random(END_MS // SECOND_MS) < share) * SECOND_MS
        if symbol == "C":
            open_ms = open_ms[(open_ms < 70_000) | (open_ms > 140_000)]
        close = 100 + 0.1 * rng.normal(size=len(open_ms)).cumsum()
        if symbol == "E":
            close[rng.integers(0, len(close), 6)] = (-1, 0, np.nan, np.inf, 0, np.nan)
        made[symbol] = Leg(open_ms=open_ms, close=close, known_until_ms=END_MS)
    return made


def until(leg: Leg, known_until_ms: int) -> Leg:
    end = int(np.searchsorted(leg.open_ms, known_until_ms))
    return Leg(open_ms=leg.open_ms[:end], close=leg.close[:end], known_until_ms=known_until_ms)


def kept(grown: dict[str, Leg]) -> dict[str, Leg]:
    """Give what a worker keeps for its next run."""
    needed = dict.fromkeys(grown, END_MS)
    for pair in WATCHED:
        both = pair.y, pair.x
        settled_ms = min(grown[symbol].known_until_ms for symbol in both)
        for symbol in both:
            needed[symbol] = min(needed[symbol], settled_ms - pairs.reach_ms(pair, "1s"))
    return {s: legs.drop_before(leg, needed[s], limit=10_000) for s, leg in grown.items()}


def shown(spreads) -> list[str]:
    return sorted(f"{s.open_ms:>9} {s!r}" for s in spreads)  # repr tells one bit from another


@given(st.integers(0, 2**32))
@settings(max_examples=3, deadline=None)  # each goes through thousands of turns
def test_live_cut_and_restarted_anywhere_is_the_history(seed):
    rng = np.random.default_rng(seed)
    whole = whole_legs(rng)
    watching, found = desk.Desk(WATCHED, SECOND_MS), []
    clock = dict.fromkeys(whole, 0)
    while min(clock.values()) < END_MS:
        for symbol in rng.permutation(list(whole))[: rng.integers(1, 6)]:
            step_ms = int(rng.choice([0, 1_000, 2_000, 20_000]))
            clock[symbol] = min(END_MS, clock[symbol] + step_ms)
        grown = {symbol: until(leg, clock[symbol]) for symbol, leg in whole.items()}
        found += desk.spreads(watching, watching.advance(grown), "1s")
        if rng.random() < 0.05:
            watching = desk.Desk(WATCHED, SECOND_MS)
            watching.restore(kept(grown))
    expected = [
        spread
        for pair in WATCHED
        for spread in pairs.spreads_since(pair, "1s", whole[pair.y], whole[pair.x], since_ms=0)
    ]
    assert shown(found) == shown(expected)


@pytest.fixture
def told():
    """Give the spreads of one pair whose legs are given in full."""

    def tell(y, x, **pair):
        made = (
            Leg(open_ms=np.array(t), close=np.array(c, float), known_until_ms=END_MS)
            for t, c in (y, x)
        )
        watching = desk.Desk([Pair(y="Y", x="X", **pair)], SECOND_MS)
        return desk.spreads(watching, watching.advance(dict(zip("YX", made, strict=True))), "1s")

    return tell


SECONDS = np.arange(200) * SECOND_MS
MOVING = 100 + np.sin(np.arange(200)) + np.arange(200) / 50
OTHER = 50 + np.cos(np.arange(200) * 1.7)


@pytest.mark.parametrize("hedge", ["ols", "origin", "kalman"])
def test_a_leg_that_falls_silent_is_stale_and_has_no_z(told, hedge):
    found = told((SECONDS, MOVING), (SECONDS[:90], OTHER[:90]), window=20, hedge=hedge)
    stale = [row for row in found if row.stale]
    assert [row.open_ms for row in stale] == list(range(120_000, 200_000, SECOND_MS))
    assert all(row.z is None and row.hedge_ratio is None for row in stale)
    assert all(row.z is not None for row in found[10:100])


@pytest.mark.parametrize("price", [0.0, -3.0])
@pytest.mark.parametrize("hedge", ["ols", "origin", "kalman"])
def test_a_row_whose_price_has_no_logarithm_is_left_out(told, price, hedge):
    bad = MOVING.copy()
    bad[100] = price
    with np.errstate(all="raise"):
        found = told((SECONDS, bad), (SECONDS, OTHER), window=20, prices="log", hedge=hedge)
    assert [row.open_ms for row in found if row.stale] == [100_000]
    assert found[100].z is None
    assert found[101].z is not None
    without = np.arange(200) != 100
    expected = told(
        (SECONDS[without], bad[without]),
        (SECONDS[without], OTHER[without]),
        window=20,
        prices="log",
        hedge=hedge,
    )
    assert shown(row for row in found if not row.stale) == shown(expected)


def test_a_zero_price_is_a_price_where_no_logarithm_is_taken(told):
    bad = MOVING.copy()
    bad[100] = 0.0
    found = told((SECONDS, bad), (SECONDS, OTHER), window=20)
    assert not any(row.stale for row in found)
    assert found[105].z is not None


def test_a_pair_waits_for_the_leg_that_is_behind_and_others_do_not():
    watching = desk.Desk([Pair(y="A", x="B"), Pair(y="A", x="C")], SECOND_MS)
    ahead = Leg(open_ms=SECONDS, close=MOVING, known_until_ms=200_000)
    behind = Leg(open_ms=SECONDS[:50], close=OTHER[:50], known_until_ms=50_000)
    found = watching.advance({"A": ahead, "B": behind, "C": ahead})
    assert np.bincount(found.which).tolist() == [50, 200]
    caught_up = Leg(open_ms=SECONDS, close=OTHER, known_until_ms=200_000)
    found = watching.advance({"A": ahead, "B": caught_up, "C": ahead})
    assert np.bincount(found.which).tolist() == [150]


def test_nothing_is_said_of_a_symbol_that_nobody_has_heard_of():
    watching = desk.Desk([Pair(y="A", x="B")], SECOND_MS)
    ahead = Leg(open_ms=SECONDS, close=MOVING, known_until_ms=200_000)
    assert len(watching.advance({"A": ahead}).which) == 0


def test_the_window_behind_the_newest_figures_can_be_had_for_tests():
    watching = desk.Desk([Pair(y="B", x="A"), Pair(y="A", x="B", window=30)], SECOND_MS)
    made = (Leg(open_ms=SECONDS, close=leg, known_until_ms=200_000) for leg in (MOVING, OTHER))
    watching.advance(dict(zip("AB", made, strict=True)))
    window = watching.window(1)
    assert window.open_ms.tolist() == SECONDS[-30:].tolist()
    assert window.y.tolist() == MOVING[-30:].tolist()
    assert window.x.tolist() == OTHER[-30:].tolist()


def test_a_close_that_is_carried_outlives_the_bars_that_are_dropped():
    leg = Leg(open_ms=SECONDS, close=MOVING, known_until_ms=200_000)
    held = legs.drop_before(leg, 120_500, limit=10_000)
    assert (held.open_ms[0], len(held.open_ms)) == (120_000, 80)
    assert legs.drop_before(leg, 10**9, limit=10_000).open_ms.tolist() == [199_000]
