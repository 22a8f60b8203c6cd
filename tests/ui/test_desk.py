"""The desk around the charts: tests, alerts, scans, editing of pairs, in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui.conftest import Watched
from tests.ui.fake_api import FakeApi

pytestmark = pytest.mark.browser

Visit = Callable[..., Watched]
NARROW = (560, 800)


def test_the_window_has_a_scatter_and_a_verdict_in_words(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    seen.until("oddlot.charts.scatter.plot.newest")
    shown = seen.page.evaluate(
        "(({shown, line}) => [shown.length, line.hedge_ratio])(oddlot.charts.scatter.plot.points)"
    )
    ratio = seen.page.evaluate("oddlot.charts.spread.plot.newest.hedge_ratio")
    assert shown == [300, pytest.approx(ratio, rel=0.1)]
    seen.sees("Not cointegrated")
    seen.sees("no cointegration is not rejected at 5 % over 300 bars")
    newest = seen.page.evaluate("oddlot.charts.tests.latest.open_ms")
    api.raise_test("BTCUSDT~ETHUSDT", "1m", p=0.004)
    seen.page.get_by_text("Cointegrated", exact=True).wait_for()
    assert seen.page.evaluate("oddlot.charts.tests.latest.open_ms") > newest
    assert seen.figure("test") == "0.004"


def test_an_alert_is_a_toast_a_mark_and_a_line_of_the_log(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    seen.until("oddlot.charts.spread.marks.length > 0")
    marks = seen.page.evaluate("oddlot.charts.spread.marks.length")
    api.raise_alert("BTCUSDT~ETHUSDT", "1m")
    seen.page.locator(".o-toast[data-pair='BTCUSDT~ETHUSDT']").wait_for()
    seen.until(f"oddlot.charts.spread.marks.length === {marks + 1}")
    log = seen.page.get_by_role("region", name="Alerts, newest first")
    assert "+2.31" in log.locator("tbody tr").first.inner_text()
    api.raise_alert("ETHUSDT~SOLUSDT", "1s")
    other = seen.page.locator(".o-toast[data-pair='ETHUSDT~SOLUSDT']")
    other.get_by_title("Open this pair").click()
    seen.until("location.search.startsWith('?y=ETHUSDT&x=SOLUSDT&tf=1s')")
    other.wait_for(state="detached")
    assert seen.errors == []


def test_toasts_can_be_had_of_this_pair_only(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    seen.page.get_by_label("Toasts").select_option("pair")
    api.raise_alert("ETHUSDT~SOLUSDT", "1m")
    api.raise_alert("BTCUSDT~ETHUSDT", "1m")
    seen.page.locator(".o-toast[data-pair='BTCUSDT~ETHUSDT']").wait_for()
    assert seen.page.locator(".o-toast").count() == 1


def test_the_log_is_filtered_by_the_api(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    log = seen.page.get_by_role("region", name="Alerts, newest first")
    log.locator("tbody tr").first.wait_for()
    everything = log.locator("tbody tr").count()
    seen.page.get_by_label("What", exact=True).select_option("entered")
    log.get_by_text("● left").first.wait_for(state="detached")
    log.locator("tbody tr").first.wait_for()
    assert log.locator("tbody tr").count() < everything
    assert any("crossing=entered" in path for path in api.requests)
    seen.page.get_by_label("Pair", exact=True).select_option("ETHUSDT~SOLUSDT")
    seen.sees("No alerts yet")


def test_a_scan_ranks_a_group_and_a_row_opens_its_pair(visit: Visit, api: FakeApi) -> None:
    api.pairs.scans_go_on.clear()
    seen = visit().open()
    seen.page.get_by_text("Scan of a peer group").scroll_into_view_if_needed()
    seen.sees("of 6 pairs…")
    api.pairs.scans_go_on.set()
    seen.sees("2 of 6 cointegrated after correction")
    seen.sees("Benjamini-Hochberg")
    table = seen.page.get_by_role("region", name="Pairs of the group, ranked")
    table.get_by_role("button", name="Half-life").click()
    table.get_by_role("button", name="Half-life").click()
    assert "–" in table.locator("tbody tr").last.inner_text()  # what is missing comes last
    table.get_by_role("button", name="Open SOLUSDT on BTCUSDT").click()
    seen.until("location.search.startsWith('?y=SOLUSDT&x=BTCUSDT')")
    seen.sees("SOLUSDT on BTCUSDT is not among the 2 pairs that are watched")


def test_a_pair_is_added_changed_and_removed(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    seen.page.get_by_role("button", name="Add pair").click()
    page = seen.page.get_by_role("dialog")
    page.get_by_label("Leg y").fill("GOLD")
    page.get_by_label("Leg x").fill("BTCUSDT")
    page.get_by_role("button", name="Add", exact=True).click()
    seen.sees("expected two of the streaming symbols")
    page.get_by_label("Leg y").fill("solusdt")
    page.get_by_label("Window, bars").fill("120")
    page.get_by_role("button", name="Add", exact=True).click()
    seen.until("location.search === '?y=SOLUSDT&x=BTCUSDT&tf=1m&window=120'")
    assert api.pairs.watched["SOLUSDT~BTCUSDT"]["window"] == 120
    seen.sees("120 bars · level · OLS · ±2")

    seen.page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Alert at |z| ≥").fill("2.5")
    page.get_by_label("Hedge ratio", exact=True).select_option("kalman")
    page.get_by_role("button", name="Save").click()
    seen.sees("120 bars · level · Kalman filter · ±2.5")
    seen.sees("z-score · alerts at ±2.5, over at ±0.5")

    seen.page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Really stop watching it?").click()
    seen.sees("SOLUSDT on BTCUSDT is not among the 2 pairs that are watched")
    seen.page.locator("[data-tile=z] .o-sub", has_text="not watched").wait_for()
    assert seen.figure("z") == "–"


def test_a_change_by_somebody_else_arrives(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    api.change("BTCUSDT~ETHUSDT", enter_z=3.0)
    seen.sees("300 bars · level · OLS · ±3")
    seen.sees("z-score · alerts at ±3, over at ±0.5")


def test_a_window_that_is_not_watched_is_offered_and_not_pretended(
    visit: Visit, api: FakeApi
) -> None:
    seen = visit().open("/pairs?tf=1m&window=120")
    seen.sees("is watched over 300 bars, which is what you see; the address asks for 120")
    seen.sees("A pair has one window for everybody")
    seen.page.get_by_role("button", name="Change it for everybody…").click()
    dialog = seen.page.get_by_role("dialog")
    assert dialog.get_by_label("Window, bars").input_value() == "120"
    dialog.get_by_role("button", name="Cancel").click()
    assert api.pairs.watched["BTCUSDT~ETHUSDT"]["window"] == 300
    seen.page.get_by_role("button", name="Keep 300").click()
    seen.until("location.search.endsWith('&window=300')")


def test_a_silent_leg_is_stale_and_never_a_number(visit: Visit, api: FakeApi) -> None:
    seen = visit().open("/pairs?tf=1s")
    api.stale = True
    seen.page.locator("[data-tile=z] .o-figure", has_text="stale").wait_for()
    assert seen.figure("spread") == "–"
    seen.sees("Stale: a leg is silent")
    seen.sees("stale: no line while a leg is silent")


def test_all_data_can_be_had_as_files(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    seen.page.get_by_role("button", name="Export", exact=True).first.click()
    seen.page.get_by_role("link", name="Alerts of every pair as Arrow").wait_for()
    links = seen.page.locator(".o-exports a").evaluate_all("all => all.map((a) => a.href)")
    path = f"{api.url}/spreads/BTCUSDT~ETHUSDT?interval=1m&format=parquet"
    assert path in [link.replace("%7E", "~") for link in links]
    assert len(links) == 6 * 3
    seen.page.get_by_label("Of", exact=True).select_option("shown")
    seen.page.locator(".o-exports a[href*='from=']").first.wait_for()


@pytest.mark.usefixtures("api")
def test_the_drawer_stays_out_of_a_narrow_window_s_way(visit: Visit) -> None:
    seen = visit(NARROW).open()
    seen.until("!Bokeh.documents[0].roots()[0].data.sidebar_open")
    seen.page.get_by_role("button", name="5m", exact=True).click()  # fails if anything covers it
    seen.until_shown(interval_ms=300_000)
