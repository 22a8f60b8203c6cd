"""The page's own scripts, asked directly: what the browser computes before it draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scripts(browser: Browser, dashboard: str) -> Iterator[Page]:
    """Give an empty page from which the modules can be imported."""
    page = browser.new_page()
    page.goto(f"{dashboard}/assets/loader.js")
    yield page
    page.close()


def run(page: Page, module: str, expression: str, *values: Any) -> Any:
    """Evaluate an expression over a module `m` and values `v`."""
    return page.evaluate(
        f"async (v) => {{ const m = await import('/assets/{module}.js'); return {expression} }}",
        list(values),
    )


def bar(open_ms: int, close: float, **fields: Any) -> dict[str, Any]:
    made = {"open": close, "high": close, "low": close, "volume": 1, "trades": 1, "revision": 0}
    return {"open_ms": open_ms, "close": close, **made, **fields}


def test_seconds_fold_into_the_intervals_they_touch(scripts: Page) -> None:
    seconds = [bar(58_000, 3), bar(60_000, 5), bar(61_000, 9), bar(62_000, 4), bar(120_000, 7)]
    folded = run(scripts, "bars", "m.fold(v[0], 60000)", seconds)
    assert [each["open_ms"] for each in folded] == [0, 60_000, 120_000]
    minute = folded[1]
    assert (minute["open"], minute["high"], minute["low"], minute["close"]) == (5, 9, 4, 4)
    assert (minute["volume"], minute["trades"], minute["is_open"]) == (3, 3, True)


def test_a_row_goes_where_its_time_belongs(scripts: Page) -> None:
    rows = [bar(1_000, 1), bar(3_000, 3)]
    merged = run(scripts, "rows", "(m.upsert(v[0], v[1]), v[0])", rows, bar(2_000, 2))
    assert [row["open_ms"] for row in merged] == [1_000, 2_000, 3_000]


@pytest.mark.parametrize(("revision", "close"), [(2, 9.0), (1, 9.0), (0, 1.0)])
def test_a_lower_revision_replaces_nothing(scripts: Page, revision: int, close: float) -> None:
    rows = [bar(1_000, 1.0, revision=1)]
    late = bar(1_000, 9.0, revision=revision)
    assert run(scripts, "rows", "(m.upsert(v[0], v[1]), v[0])", rows, late)[0]["close"] == close


def test_an_interval_without_a_row_keeps_its_slot(scripts: Page) -> None:
    slots = run(scripts, "axis", "new m.Axis(1000).span(v[0])", [bar(1_000, 1), bar(4_000, 4)])
    assert [slot and slot["close"] for slot in slots] == [1, None, None, 4]


def test_an_axis_drops_the_oldest_rather_than_grow_for_ever(scripts: Page) -> None:
    rows = [bar(0, 1), bar(100_000_000, 2)]
    assert run(scripts, "axis", "new m.Axis(1000).span(v[0]).length", rows) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (1234.5, "1,234.50"), (-0.001, "0.00"), (-3.456, "−3.46")],
)
def test_numbers_are_written_for_people(scripts: Page, value: float | None, text: str) -> None:
    assert run(scripts, "format", "m.number(v[0])", value) == text


@pytest.mark.parametrize(
    ("prices", "decimals"), [([97000.1, 97000], 1), ([0.12345], 5), ([3], 0), ([209.919998], 3)]
)
def test_prices_keep_the_decimals_they_come_with(
    scripts: Page, prices: list[float], decimals: int
) -> None:
    assert run(scripts, "format", "m.decimalsOf(v[0])", prices) == decimals


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1464.123, "−1,464.1"), (0.00123456, "0.0012346"), (-9.7312e-5, "−9.731e−5"), (0, "0.0000")],
)
def test_figures_keep_five_digits_whatever_their_size(
    scripts: Page, value: float, text: str
) -> None:
    assert run(scripts, "format", "m.significant(v[0])", value) == text


def test_text_from_outside_stays_text(scripts: Page) -> None:
    made = run(scripts, "dom", "m.h('p', {}, v[0]).innerHTML", "<img src=x onerror=alert(1)>")
    assert made == "&lt;img src=x onerror=alert(1)&gt;"


def test_a_quiet_leg_is_named(scripts: Page) -> None:
    legs = [{"symbol": "BTCUSDT", "heardMs": 100_000}, {"symbol": "ETHUSDT", "heardMs": 60_000}]
    words = run(scripts, "tiles", "m.oldWords({name: 'live'}, v[0], 100000)", legs)
    assert words == "ETHUSDT silent since 00:01:00"


NOTICE = "m.noticeOf(v[0], {base: 'http://api', retryAtMs: null, nowMs: 0, ...v[1]})"


@pytest.mark.parametrize(
    ("state", "known", "expected"),
    [
        ("live", {}, ""),
        ("connecting", {}, ""),
        ("down", {}, "http://api does not answer"),
        ("stale", {}, "Stale since 00:00:00"),
        (
            "live",
            {"health": {"feed": "binance", "connected": False, "detail": "no route to host"}},
            "binance is not connected: no route to host",
        ),
        (
            "connecting",
            {"ready": {"checks": {"clickhouse": {"ok": False, "detail": "refused"}}}},
            "clickhouse: refused",
        ),
    ],
)
def test_what_is_wrong_is_said(
    scripts: Page, state: str, known: dict[str, Any], expected: str
) -> None:
    said = run(scripts, "notice", NOTICE, {"name": state, "sinceMs": 0}, known)
    assert expected in said
    assert bool(said) == bool(expected)


def test_a_forum_that_is_away_does_not_stand_over_the_prices(scripts: Page) -> None:
    venue, forum = {"feed": "binance"}, {"feed": "reddit", "optional": True, "connected": False}
    assert run(scripts, "notice", "m.neededOf(v[0])", [venue, forum]) == venue
    assert run(scripts, "notice", "m.neededOf(v[0])", [forum]) is None


def test_an_answer_that_is_cut_off_by_our_patience_is_said_to_be_late(scripts: Page) -> None:
    late = "async () => { throw new DOMException('late', 'TimeoutError') }"
    answer = (
        f"(window.fetch = async () => ({{status: 200, ok: true, json: {late}}}), m.get(v[0], '/'))"
    )
    said = run(scripts, "api", f"{answer}.catch((error) => error.message)", "http://api")
    scripts.reload()  # with a fetch of its own
    assert said == "http://api/ did not answer within 10 s"
