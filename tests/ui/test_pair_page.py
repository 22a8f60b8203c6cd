"""The pair page in a browser: live, in place, offline, and honest about what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui.conftest import ARTEFACTS, DESKTOP, PHONE, Watched
from tests.ui.fake_api import FakeApi

pytestmark = pytest.mark.browser

Visit = Callable[..., Watched]

# Elements in any shadow root that reach beyond the right edge; charts clip and tables scroll.
TOO_WIDE = """() => {
    const wide = []
    const walk = (root) => root.querySelectorAll('*').forEach((each) => {
        const {right, width} = each.getBoundingClientRect()
        const beyond = width && right > innerWidth + 1
        const apart = each.parentElement?.closest('.o-plot, .o-scroll')
        if (beyond && !apart) wide.push(each.outerHTML.slice(0, 80))
        if (each.shadowRoot) walk(each.shadowRoot)
    })
    walk(document)
    return wide
}"""
TIME_SCALE = "oddlot.charts.y.plot.chart.timeScale()"
# All charts of the page show what their group says, to the second.
SAME_STRETCH = """['y', 'x', 'spread'].every((name) => {
    const {axis, chart, group} = oddlot.charts[name].plot
    const {from, to} = chart.timeScale().getVisibleLogicalRange()
    return Math.abs(axis.timeOf(from) - group.range.fromMs) < 1000
        && Math.abs(axis.timeOf(to) - group.range.toMs) < 1000
})"""

# What has been asked of a chart is done at its next frame, and told at the one after.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.usefixtures("api")
def test_bars_and_z_score_change_without_a_reload(visit: Visit) -> None:
    seen = visit().open("/pairs?y=BTCUSDT&x=ETHUSDT&tf=1s")
    bars, spreads = (
        seen.page.evaluate(f"oddlot.charts.{chart}.plot.series[0].series.data().length")
        for chart in ("y", "spread")
    )
    z = seen.figure("z")
    seen.sees("SIMULATED")
    seen.until(f"oddlot.charts.y.plot.series[0].series.data().length >= {bars + 5}")
    seen.until(f"oddlot.charts.spread.plot.series[0].series.data().length >= {spreads + 5}")
    seen.until(
        "oddlot.charts.y.plot.series[0].series.data().at(-1).close"
        " === oddlot.charts.y.plot.newest.close"
    )
    assert seen.figure("z") != z
    assert seen.figure("latency").endswith(" ms")
    assert seen.errors == []
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "pairs.png")


@pytest.mark.usefixtures("api")
def test_an_open_minute_is_folded_from_seconds(visit: Visit) -> None:
    seen = visit().open("/pairs?tf=1m")
    seen.until("oddlot.charts.y.plot.newest.is_open")
    trades = seen.page.evaluate("oddlot.charts.y.plot.newest.trades")
    bars = seen.page.evaluate("oddlot.charts.y.plot.rows.size")
    seen.until(
        f"oddlot.charts.y.plot.rows.size > {bars} || oddlot.charts.y.plot.newest.trades > {trades}"
    )


@pytest.mark.usefixtures("api")
def test_all_charts_show_the_same_stretch_of_time(visit: Visit) -> None:
    seen = visit().open("/pairs?tf=1m")
    _pan_and_return_by_keys(seen)
    seen.page.get_by_label("BTCUSDT, ").first.hover()
    seen.page.mouse.wheel(0, -600)
    seen.until("oddlot.charts.y.plot.group.touched")
    seen.until(SAME_STRETCH)

    for _ in range(5):
        seen.page.locator(".o-plot").first.press("ArrowLeft")
    seen.until("oddlot.charts.y.plot.group.following === false")
    seen.page.evaluate(DRAWN)  # or the last key's step is still to come
    seen.until(SAME_STRETCH)
    shown = seen.page.evaluate("({...oddlot.charts.y.plot.group.range})")
    for width_px in (1_250, DESKTOP[0]):
        before_px = seen.page.evaluate(f"{TIME_SCALE}.width()")
        seen.page.set_viewport_size({"width": width_px, "height": DESKTOP[1]})
        seen.until(f"{TIME_SCALE}.width() !== {before_px}")
        seen.until("oddlot.charts.y.plot.settling === null")
        seen.until(SAME_STRETCH)
        assert seen.page.evaluate("({...oddlot.charts.y.plot.group.range})") == shown


def _pan_and_return_by_keys(seen: Watched) -> None:
    chart = seen.page.locator(".o-plot").first
    chart.focus()
    for _ in range(5):
        chart.press("ArrowLeft")
    seen.until("oddlot.charts.y.plot.group.following === false")
    seen.sees("To the newest bar")
    chart.press("End")
    seen.until("oddlot.charts.y.plot.group.following === true")


@pytest.mark.usefixtures("api")
def test_every_interval_has_an_address_and_back_goes_back(visit: Visit) -> None:
    seen = visit().open("/pairs?y=ETHUSDT&x=SOLUSDT&tf=5m")
    seen.until_shown(interval_ms=300_000)
    seen.sees("Spread · 5m")
    seen.sees("z-score · 5m")
    seen.page.get_by_role("button", name="1s", exact=True).click()
    seen.sees("ETHUSDT · 1s")
    seen.page.get_by_role("button", name="1m", exact=True).click()
    seen.until("location.search === '?y=ETHUSDT&x=SOLUSDT&tf=1m&window=300'")
    seen.sees("ETHUSDT · 1m")
    seen.page.go_back()
    seen.sees("ETHUSDT · 1s")
    pressed = seen.page.get_by_role("button", name="1s", exact=True)
    assert pressed.get_attribute("aria-pressed") == "true"
    seen.page.go_forward()
    seen.sees("ETHUSDT · 1m")
    assert seen.errors == []


@pytest.mark.usefixtures("api")
def test_another_pair_is_chosen_from_those_the_api_watches(visit: Visit) -> None:
    seen = visit().open()
    seen.page.get_by_label("Pair: y on x").click()
    seen.page.get_by_role("option", name="ETHUSDT on SOLUSDT 300 bars").click()
    seen.until("location.search.startsWith('?y=ETHUSDT&x=SOLUSDT')")
    seen.sees("SOLUSDT · 1m")


@pytest.mark.usefixtures("api")
def test_a_pair_that_is_not_watched_is_named(visit: Visit) -> None:
    seen = visit().open("/pairs?y=DOGEUSDT&x=ADAUSDT", live=False)
    seen.sees("DOGEUSDT on ADAUSDT is not among the 2 pairs that are watched")
    seen.sees("no bars for 'DOGEUSDT'")


@pytest.mark.usefixtures("api")
def test_a_phone_shows_everything_without_scrolling_sideways(visit: Visit) -> None:
    seen = visit(PHONE).open()
    overflowing = seen.page.evaluate(TOO_WIDE)
    assert overflowing == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert seen.page.locator("[data-tile=z]").bounding_box()["x"] >= 0
    assert seen.errors == []
    seen.page.screenshot(path=ARTEFACTS / "pairs-phone.png")


@pytest.mark.usefixtures("api")
def test_a_missing_chart_library_is_explained(visit: Visit) -> None:
    seen = visit()
    seen.page.route("**/charts/**", lambda route: route.fulfill(status=404))
    seen.open(live=False)
    seen.sees("uv sync --reinstall-package oddlot")
    seen.until("oddlot.stream.state.name === 'live'")
    assert seen.figure("z") != ""


def test_an_api_that_is_not_there_is_named_and_found_again(visit: Visit, api: FakeApi) -> None:
    api.stop()
    seen = visit().open(live=False)
    seen.sees(f"The API at {api.url} does not answer")
    seen.sees("DOWN since")
    failures = seen.page.evaluate("oddlot.stream.failures")
    seen.page.get_by_role("button", name="Retry now").click()
    seen.until(f"oddlot.stream.failures > {failures}")
    api.start()
    seen.until_live()


def test_an_api_that_comes_back_fills_the_hole_it_left(visit: Visit, api: FakeApi) -> None:
    seen = visit().open("/pairs?tf=1s")
    api.stop()
    seen.sees("DOWN since")
    seen.sees("stale since")
    for _ in range(100):
        api.market.step()
    api.start()
    seen.until_live()
    _wait_for_every_second(seen)


def test_a_lost_message_is_fetched_by_rest(visit: Visit, api: FakeApi) -> None:
    seen = visit().open("/pairs?tf=1s")
    asked = len([path for path in api.requests if path.startswith("/bars/BTCUSDT?interval=1s")])
    api.hub.withheld.add("bars:BTCUSDT:1s")
    seen.until("oddlot.stream.gaps > 0")
    _wait_for_every_second(seen)
    again = len([path for path in api.requests if path.startswith("/bars/BTCUSDT?interval=1s")])
    assert again > asked
    assert seen.errors == []


def _wait_for_every_minute(seen: Watched) -> None:
    _wait_for_every(seen, 60_000)


def _wait_for_every_second(seen: Watched) -> None:
    _wait_for_every(seen, 1_000)


def _wait_for_every(seen: Watched, step_ms: int) -> None:
    seen.until(
        f"""(() => {{
            const times = oddlot.charts.y.bars.closed.rows.map((bar) => bar.open_ms)
            return times.every((ms, i) => i === 0 || ms - times[i - 1] === {step_ms})
        }})()"""
    )


def test_a_silent_stream_is_stale_and_says_why(visit: Visit, api: FakeApi) -> None:
    seen = visit().open("/pairs?tf=1s")
    api.silent = True
    seen.page.evaluate("oddlot.stream.silenceLimitMs = 500")
    seen.sees("STALE since")
    seen.sees("the API is there, but no bars arrive")
    seen.sees("the venue sends nothing; reconnecting")
    api.silent = False
    seen.until("oddlot.stream.state.name === 'live'")


def test_a_store_that_is_away_leaves_the_live_part(visit: Visit, api: FakeApi) -> None:
    api.store_down = True
    seen = visit().open("/pairs?tf=1s")
    bars = seen.page.evaluate("oddlot.charts.y.plot.rows.size")
    seen.until(f"oddlot.charts.y.plot.rows.size > {bars}")
    api.store_down = False
    seen.until("oddlot.charts.y.plot.rows.size > 600")


def test_a_cold_pair_counts_up_instead_of_showing_a_z(visit: Visit, api: FakeApi) -> None:
    seen = visit().open("/pairs?tf=1s")
    api.warm = False
    seen.sees("123 of 300")
    seen.sees("warming up: no z yet")


def test_panning_back_fetches_what_is_older(visit: Visit, api: FakeApi) -> None:
    seen = visit().open("/pairs?tf=1m")
    bars = seen.page.evaluate("oddlot.charts.y.bars.closed.rows.length")
    first = seen.page.evaluate("oddlot.charts.y.bars.closed.rows[0].open_ms")
    chart = seen.page.locator(".o-plot").first
    chart.focus()
    for _ in range(70):
        chart.press("ArrowLeft")
    seen.until(f"oddlot.charts.y.bars.closed.rows.length >= {bars + 700}")
    _wait_for_every_minute(seen)
    assert any(f"to={first}" in path for path in api.requests)
