"""The desk's own scripts, asked directly: what they make of pairs, alerts, tests and uploads."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.ui.test_scripts import bar, run, scripts

pytestmark = pytest.mark.browser

__all__ = ["scripts"]  # the fixture

DAY_MS = 86_400_000


def spread(open_ms: int, **fields: Any) -> dict[str, Any]:
    made = {"warm": True, "stale": False, "n": 300, "window": 300, "z": 1.0, "hedge_ratio": 2.0}
    return {"open_ms": open_ms, "y_close": 10.0, "x_close": 4.0, **made, **fields}


def test_nights_and_weekends_of_a_file_get_no_slot(scripts: Page) -> None:
    rows = [bar(day * DAY_MS, day) for day in (0, 1, 2, 3, 4, 7, 8)]
    axis = f"new m.Axis({DAY_MS}, {{hasSessions: true}})"
    facts = f"axis.span(v[0]).length, axis.logicalOf(7 * {DAY_MS}), axis.timeOf(5)"
    slots, there, back = run(
        scripts,
        "axis",
        f"((axis) => [{facts}])({axis})",
        rows,
    )
    assert (slots, there, back) == (7, 5, 7 * DAY_MS)


def test_time_and_position_agree_anywhere_around_a_weekend(scripts: Page) -> None:
    rows = [bar(day * DAY_MS, day) for day in (0, 1, 4, 5)]
    worst = run(
        scripts,
        "axis",
        f"""((axis) => (axis.span(v[0]), Math.max(...[-2.5, 0, 0.3, 1.5, 2, 3, 7.25].map(
            (at) => Math.abs(axis.logicalOf(axis.timeOf(at)) - at)))))
            (new m.Axis({DAY_MS}, {{hasSessions: true}}))""",
        rows,
    )
    assert worst < 1e-9


LINKED = """(async (group, plot) => {
    const found = []
    const look = () => found.push(group.range && {...group.range})
    let leave = group.join(plot)
    group.grown(plot)
    group.leader = plot
    group.moved(plot, {fromMs: 20, toMs: 30})
    leave()
    leave = group.join(plot) // the chart of something else, made anew in the same turn
    await new Promise((done) => setTimeout(done, 10))
    look()
    leave()
    await new Promise((done) => setTimeout(done, 10))
    look()
    return found
})(new m.Linked(), {axis: {intervalMs: 1, lastMs: 100}, homeSlots: 50, show: () => {}})"""


def test_charts_that_are_made_anew_show_what_was_shown(scripts: Page) -> None:
    assert run(scripts, "linked", f"await {LINKED}") == [{"fromMs": 20, "toMs": 30}, None]


def test_cold_stale_and_missing_stretches_are_told_apart(scripts: Page) -> None:
    rows = [
        *(spread(ms * 1_000, warm=False) for ms in (0, 1)),
        spread(2_000),
        spread(30_000, stale=True),
        spread(31_000),
        spread(33_000),  # one second without a trade is no gap
    ]
    found = run(
        scripts,
        "stretches",
        "m.stretchesOf({logicalOf: (ms) => ms / 1000, intervalMs: 1000}, v[0])",
        rows,
    )
    assert found == [
        {"from": 0, "to": 1, "kind": "warming up"},
        {"from": 3, "to": 29, "kind": "gap"},
        {"from": 30, "to": 30, "kind": "stale"},
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["BTCUSDT~ETHUSDT", "ETHUSDT~SOLUSDT"]),
        ("sol", ["ETHUSDT~SOLUSDT"]),
        ("ETHUSDT on BTC", ["BTCUSDT~ETHUSDT"]),
        ("gold", []),
    ],
)
def test_typing_narrows_the_list_of_pairs(scripts: Page, typed: str, found: list[str]) -> None:
    pairs = [{"pair": "ETHUSDT~SOLUSDT"}, {"pair": "BTCUSDT~ETHUSDT"}]
    matched = run(
        scripts, "picker", "m.matching(v[0], v[1]).map((each) => each.pair)", pairs, typed
    )
    assert matched == found


@pytest.mark.parametrize(
    ("alert", "scope", "is_news"),
    [
        ({"subject": "A~B"}, "all", True),
        ({"subject": "A~B"}, "pair", True),
        ({"subject": "C~D"}, "pair", False),
        ({"subject": "A~B"}, "off", False),
        ({"subject": "A~B", "published_ms": 0}, "all", False),
    ],
)
def test_only_news_that_is_wanted_raises_a_toast(
    scripts: Page, alert: dict[str, Any], scope: str, is_news: bool
) -> None:
    asked = {"scope": scope, "pair": "A~B", "nowMs": 1_000_000}
    assert run(scripts, "toasts", "m.raisesToast(v[0], v[1])", alert, asked) is is_news


WATCHED = (
    "((pairs) => ({loaded: true, pairs, of: (pair) => pairs.get(pair) ?? null}))"
    "(new Map([['A~B', {window: 300}]]))"
)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"pair": "A~B", "window": 300}, None),
        ({"pair": "A~B", "window": 0}, None),
        ({"pair": "A~B", "window": 120}, "is watched over 300 bars"),
        ({"pair": "C~D", "window": 0}, "not among the 1 pairs"),
        ({"pair": "C~D", "window": 0, "mode": "upload"}, None),
    ],
)
def test_what_is_asked_for_and_not_done_is_said(
    scripts: Page, asked: dict[str, Any], said: str | None
) -> None:
    answer = run(scripts, "notice", f"m.askedFor(v[0], {WATCHED})?.message ?? null", asked)
    assert answer == said or (said is not None and said in answer)


@pytest.mark.parametrize(
    ("test", "spread_", "text"),
    [
        (None, None, "Not tested yet"),
        ({"is_cointegrated": True, "verdict": ""}, None, "Cointegrated"),
        ({"is_cointegrated": False, "verdict": ""}, None, "Not cointegrated"),
        ({"is_cointegrated": None, "verdict": "flat"}, None, "No verdict"),
        ({"is_cointegrated": True, "verdict": ""}, {"stale": True}, "Stale: a leg is silent"),
    ],
)
def test_a_verdict_is_never_more_than_the_test_says(
    scripts: Page, test: Any, spread_: Any, text: str
) -> None:
    assert run(scripts, "tests_table", "m.verdictOf(v[0], v[1]).text", test, spread_) == text


def test_a_stale_pair_has_no_line_in_the_scatter(scripts: Page) -> None:
    rows = [spread(1_000), spread(2_000, stale=True)]
    line = run(scripts, "scatter", "m.pointsOf(v[0], 300).line", rows)
    assert line is None


def test_a_price_of_zero_is_no_point(scripts: Page) -> None:
    rows = [spread(1_000, x_close=0), spread(2_000), spread(3_000)]
    assert run(scripts, "scatter", "m.pointsOf(v[0], 300).shown.length", rows) == 2


def test_what_is_missing_comes_last_in_either_order(scripts: Page) -> None:
    rows = [{"z": 1}, {"z": None}, {"z": 3}]
    both = run(
        scripts,
        "table",
        "[false, true].map((down) => m.ordered(v[0], (row) => row.z, down).map((row) => row.z))",
        rows,
    )
    assert both == [[1, 3, None], [3, 1, None]]


@pytest.mark.parametrize(
    ("stretch", "bounds"),
    [("all", {}), ("hour", {"from": 6_400_000}), ("shown", {"from": 1_000, "to": 2_001})],
)
def test_an_export_has_the_bounds_that_were_chosen(
    scripts: Page, stretch: str, bounds: dict[str, int]
) -> None:
    known = {"range": {"fromMs": 1_000.7, "toMs": 2_000.2}, "nowMs": 10_000_000}
    assert run(scripts, "exports", "m.boundsOf(v[0], v[1])", stretch, known) == bounds


@pytest.mark.parametrize(
    ("before", "after", "is_step"),
    [
        ("?tf=1m", "?tf=1s", True),
        ("?tf=1m", "?tf=1m&window=300", False),
        ("", "?mode=upload", True),
    ],
)
def test_back_undoes_choices_and_not_corrections(
    scripts: Page, before: str, after: str, is_step: bool
) -> None:
    assert run(scripts, "location", "m.isStep(v[0], v[1])", before, after) is is_step


@pytest.mark.parametrize(("low", "high"), [(97_200, 99_500), (0.12341, 0.12349), (-3, 7)])
def test_the_scatter_s_axes_have_a_few_round_prices(scripts: Page, low: float, high: float) -> None:
    made = run(scripts, "scatter_canvas", "m.ticksOf(v[0], v[1], 6)", low, high)
    assert 2 <= len(made["ticks"]) <= 7
    assert all(low <= tick <= high for tick in made["ticks"])


def test_files_that_are_too_large_are_refused_before_they_are_sent(scripts: Page) -> None:
    assert "at most 200 MB" in run(scripts, "upload", "m.refusalOf([{size: 3e8}])")
    assert run(scripts, "upload", "m.refusalOf([{size: 3e6}])") == ""


@pytest.mark.parametrize(
    ("path", "asked", "made"),
    [
        ("/bars/A", {"limit": 5, "to": None, "format": ""}, "/bars/A?limit=5"),
        ("/bars/A?to=9&limit=5", {"to": 3}, "/bars/A?to=3&limit=5"),
        ("/bars/A", {}, "/bars/A"),
    ],
)
def test_a_parameter_replaces_what_the_path_had_of_it(
    scripts: Page, path: str, asked: dict[str, Any], made: str
) -> None:
    assert run(scripts, "api", "m.withQuery(v[0], v[1])", path, asked) == made


@pytest.mark.parametrize(
    ("rows", "until", "is_whole", "query"),
    [
        (12_000, 0, False, {}),
        (12_003, 0, True, {"resolution": "600"}),
        (12_003, 77, False, {"to": "77"}),
        (12_000, 77, False, {}),
    ],
)
def test_a_long_file_is_asked_for_whole_or_up_to_a_time(
    scripts: Page, rows: int, until: int, is_whole: bool, query: dict[str, str]
) -> None:
    file = {"symbols": ["A", "B", "C"], "rows": rows, "interval_ms": 1_000}
    about = {
        "upload": "u",
        "understood": {"files": [{**file, "first_ms": 0, "last_ms": 6_000_000}]},
    }
    state = {"api": "http://x", "upload": "u", "pair": "A~B", "window": 0, "until": until}
    found = run(
        scripts,
        "source",
        "(m.rememberUpload('http://x', v[0]), await m.sourceOf(v[1])"
        ".then((s) => [s.isWhole, s.drawn.bars('A'), s.bars('A'), s.drawn.slotMs]))",
        about,
        {**state, "prices": "level", "hedge": "ols"},
    )
    sent = "&".join(f"{name}={value}" for name, value in query.items())
    drawn = f"/uploads/u/bars/A?{sent}" if sent else "/uploads/u/bars/A"
    assert found == [is_whole, drawn, "/uploads/u/bars/A", 10_000 if is_whole else 1_000]
