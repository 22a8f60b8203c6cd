"""Pairs: rows depend on the bars alone, and what is old or silent does not count."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from oddlot.contracts.pairs import Pair
from oddlot.quant import legs, pairs

SECOND_MS = 1_000


def leg(open_ms, close) -> legs.Leg:
    leg = legs.Leg()
    for at, price in zip(open_ms, close, strict=True):
        leg = legs.add_bar(leg, int(at), float(price), SECOND_MS)
    return leg


def rows(y: legs.Leg, x: legs.Leg, *, window: int = 300, since_ms: int = 0):
    pair = Pair(y="BTCUSDT", x="ETHUSDT", window=window)
    return pairs.spreads_since(pair, "1s", y, x, since_ms=since_ms)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4)), min_size=4, max_size=80),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_rows_depend_on_the_bars_alone_not_on_how_the_legs_interleave(steps, random):
    rng = np.random.default_rng(len(steps))
    opens: dict[int, list[int]] = {0: [], 1: []}
    for which, step in steps:
        opens[which].append((opens[which][-1] if opens[which] else 0) + step * SECOND_MS)
    end_ms = max(max(times, default=0) for times in opens.values()) + SECOND_MS
    feeds = {w: [(t, 100 + rng.normal()) for t in times] for w, times in opens.items()}
    if not all(feeds.values()):
        return
    whole = [
        legs.add_lull(leg(*zip(*feeds[w], strict=True)), feeds[w][-1][0], end_ms) for w in (0, 1)
    ]
    expected = rows(*whole, window=20)

    growing, taken, found, since_ms = [legs.Leg(), legs.Leg()], [0, 0], [], 0
    while sum(taken) < sum(map(len, feeds.values())):
        w = random.choice([w for w in (0, 1) if taken[w] < len(feeds[w])])
        growing[w] = legs.add_bar(growing[w], *feeds[w][taken[w]], SECOND_MS)
        taken[w] += 1
        found += rows(*growing, window=20, since_ms=since_ms)
        since_ms = max(since_ms, min(g.known_until_ms for g in growing))
    final = [legs.add_lull(g, feeds[w][-1][0], end_ms) for w, g in enumerate(growing)]
    found += rows(*final, window=20, since_ms=since_ms)
    assert found == expected


def test_a_leg_that_falls_silent_makes_the_rows_stale_and_gives_no_z():
    y = leg(np.arange(100) * SECOND_MS, 100 + np.sin(np.arange(100)))
    x = legs.add_lull(leg(np.arange(40) * SECOND_MS, 50 + np.cos(np.arange(40))), 39_000, 100_000)
    found = rows(y, x)
    assert [row.open_ms for row in found if row.stale] == list(range(70_000, 100_000, SECOND_MS))
    assert all(row.z is None and row.hedge_ratio is None for row in found if row.stale)
    assert all(row.z is not None for row in found if not row.stale and row.n >= 3)


def test_a_lull_that_is_read_before_its_bar_waits_for_it():
    early = legs.add_bar(legs.add_lull(legs.Leg(), 1_000, 9_000), 1_000, 5.0, SECOND_MS)
    assert early.known_until_ms == 9_000


def test_closes_from_before_a_long_silence_do_not_count():
    times = [*range(0, 50_000, SECOND_MS), *range(500_000, 520_000, SECOND_MS)]
    found = rows(leg(times, np.sin(times)), leg(times, np.cos(times)), window=100)
    assert found[-1].n == 20
