"""Alerts: raised and ended once each, whatever trembles, comes again or stays away."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddlot.contracts.messages import Alert, Pair, Spread
from oddlot.quant.alerts import SIGN, Watch, add_spread, after

PAIR = Pair(y="BTCUSDT", x="ETHUSDT", cooldown_bars=0)
Said = tuple[int, str, str]


def row(second: int, z: float | None, *, warm: bool = True, stale: bool = False) -> Spread:
    return Spread(
        pair=PAIR.id,
        y=PAIR.y,
        x=PAIR.x,
        interval="1s",
        open_ms=second * 1_000,
        y_close=61_000.5,
        x_close=2_600.25,
        hedge_ratio=23.5,
        intercept=-105.0,
        r_squared=0.9,
        spread=42.0,
        z=z,
        correlation=0.8,
        n=300,
        window=300,
        warm=warm,
        stale=stale,
        prices="level",
    )


def fold(rows: list[Spread], pair: Pair = PAIR, watch: Watch | None = None) -> list[Alert]:
    watch, said = watch or Watch(), []
    for spread in rows:
        watch, alerts = add_spread(watch, spread, pair)
        said += alerts
    return said


def short(alerts: list[Alert]) -> list[Said]:
    return [(alert.event_ms // 1_000, alert.crossing, alert.side) for alert in alerts]


def zs(*values: float | None) -> list[Spread]:
    return [row(second, z) for second, z in enumerate(values, 1)]


def test_an_alert_is_raised_at_the_threshold_and_ends_nearly_home():
    said = fold(zs(1.9, 2.0, 3.0, 1.0, 0.6, 0.5))
    assert short(said) == [(2, "entered", "high"), (6, "left", "high")]
    assert [(alert.value, alert.threshold) for alert in said] == [(2.0, 2.0), (0.5, 0.5)]


def test_the_low_side_mirrors_the_high_one():
    said = fold(zs(-2.5, -1.0, -0.2))
    assert short(said) == [(1, "entered", "low"), (3, "left", "low")]
    assert [alert.threshold for alert in said] == [-2.0, -0.5]


def test_a_z_that_trembles_at_the_threshold_is_one_alert():
    assert short(fold(zs(*[1.99, 2.01] * 20))) == [(2, "entered", "high")]


def test_a_flip_ends_the_one_side_and_begins_the_other_at_the_same_bar():
    pair = Pair(y=PAIR.y, x=PAIR.x, cooldown_bars=100)
    said = fold(zs(2.5, -2.5), pair)
    assert short(said) == [(1, "entered", "high"), (2, "left", "high"), (2, "entered", "low")]


def test_a_z_past_home_on_the_other_side_ends_the_alert():
    assert short(fold(zs(2.5, -1.5))) == [(1, "entered", "high"), (2, "left", "high")]


@pytest.mark.parametrize(("bars", "again"), [(0, 3), (1, 4), (3, 6)])
def test_after_an_end_the_next_alert_waits_for_its_cooldown(bars, again):
    pair = Pair(y=PAIR.y, x=PAIR.x, cooldown_bars=bars)
    said = fold(zs(2.5, 0.0, *[2.5] * 6), pair)
    assert short(said)[2] == (again, "entered", "high")


def test_the_cooldown_goes_by_the_clock_of_the_venue_and_not_by_rows():
    pair = Pair(y=PAIR.y, x=PAIR.x, cooldown_bars=10)
    said = fold([row(1, 2.5), row(2, 0.0), row(13, 2.5)], pair)
    assert short(said)[-1] == (13, "entered", "high")


@pytest.mark.parametrize(
    "silent",
    [row(2, None, stale=True), row(2, None), row(2, 0.0, warm=False), row(2, 9.0, warm=False)],
)
def test_a_stale_or_cold_row_neither_raises_nor_ends(silent):
    assert short(fold([row(1, 2.5), silent])) == [(1, "entered", "high")]
    assert fold([silent]) == []
    assert short(fold([row(1, 2.5), silent, row(3, 0.1)]))[-1] == (3, "left", "high")


def test_thresholds_are_the_pairs_own():
    pair = Pair(y=PAIR.y, x=PAIR.x, enter_z=3.0, leave_z=1.0)
    said = fold(zs(2.9, 3.1, 1.1, 0.9), pair)
    assert short(said) == [(2, "entered", "high"), (4, "left", "high")]


def test_an_alert_says_it_in_words():
    said = [alert.text for alert in fold(zs(2.314, 0.4, -2.5, -0.25))]
    assert said == [
        "BTCUSDT~ETHUSDT 1s: z rose to 2.31, above 2; the spread is stretched",
        "BTCUSDT~ETHUSDT 1s: z fell to 0.40, below 0.5; the spread has come back",
        "BTCUSDT~ETHUSDT 1s: z fell to -2.50, below -2; the spread is stretched",
        "BTCUSDT~ETHUSDT 1s: z rose to -0.25, above -0.5; the spread has come back",
    ]


ROWS = st.lists(
    st.one_of(st.none(), st.floats(-4, 4), st.sampled_from([-2.0, -0.5, 0.0, 0.5, 2.0])),
    max_size=60,
)
PAIRS = st.builds(
    lambda enter, leave, bars: Pair(
        y="BTCUSDT", x="ETHUSDT", enter_z=enter, leave_z=leave, cooldown_bars=bars
    ),
    st.floats(1, 3),
    st.floats(0, 0.9),
    st.integers(0, 5),
)


@given(ROWS, PAIRS)
def test_ends_and_beginnings_alternate_and_agree_with_their_thresholds(values, pair):
    said = fold(zs(*values), pair)
    assert [alert.crossing for alert in said] == [
        crossing for crossing, _ in zip(itertools.cycle(["entered", "left"]), said, strict=False)
    ]
    for alert in said:
        beyond = SIGN[alert.side] * (alert.value - alert.threshold)
        assert beyond >= 0 if alert.crossing == "entered" else beyond <= 0
    for entered, left in itertools.pairwise(said):
        if entered.crossing == "entered":
            assert (left.side, left.event_ms > entered.event_ms) == (entered.side, True)


@given(ROWS, PAIRS)
def test_an_id_is_said_once(values, pair):
    said = short(fold(zs(*values), pair))
    assert len({(second, crossing) for second, crossing, _ in said}) == len(said)


@given(ROWS, PAIRS, st.data())
def test_rows_that_come_again_from_anywhere_change_nothing(values, pair, data):
    rows = zs(*values)
    first = data.draw(st.integers(0, len(rows)))
    end = data.draw(st.integers(first, len(rows)))
    assert fold([*rows[:end], *rows[first:]], pair) == fold(rows, pair)


@given(ROWS, PAIRS, st.data())
def test_what_was_said_brings_back_a_state_that_was_not_saved(values, pair, data):
    """Killed after any row, with a state saved after any earlier one: nothing is repeated."""
    rows = zs(*values)
    killed = data.draw(st.integers(0, len(rows)))
    saved = data.draw(st.integers(0, killed))
    said = fold(rows[:killed], pair)
    before = fold(rows[:saved], pair)
    heard = data.draw(st.integers(0, len(before)))  # it may hear again what it has saved
    watch = after(after(Watch(), *before), *said[heard:])
    assert said + fold(rows[saved:], pair, watch) == fold(rows, pair)
