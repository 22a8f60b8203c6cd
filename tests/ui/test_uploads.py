"""Files dropped on the page: shown as understood, corrected, computed, shared, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import ARTEFACTS, LIVE_DEADLINE_MS, Watched
from tests.ui.fake_api import FakeApi
from tests.ui.fake_uploads import ROWS, rows_on_days

pytestmark = pytest.mark.browser

Visit = Callable[..., Watched]
GOOD = b"Date;Symbol;Close\n2024-01-02;AAA;1.5\n2024-01-03;AAA;n/a\n"
DAY_MS = 86_400_000


def drop(seen: Watched, name: str, content: bytes) -> None:
    """Give the page a file."""
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    seen.page.locator("input[type=file]").set_input_files([file])


def test_an_upload_shows_what_was_understood_before_it_computes(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    seen.page.get_by_role("button", name="Upload", exact=True).click()
    drop(seen, "prices.csv", GOOD)
    seen.sees("utf-8 · semicolon · decimal point")
    seen.page.get_by_text("1 row was left out").click()
    seen.sees("close: expected a number")
    assert not any("/spreads" in path for path in api.requests if "/uploads" in path)

    seen.page.get_by_role("button", name="Compute").click()
    seen.until_shown(interval_ms=DAY_MS)
    seen.until("location.search.includes('mode=upload&upload=up1')")
    seen.sees("ETHUSDT · 1d")
    assert seen.errors == []


@pytest.mark.usefixtures("api")
def test_weekends_of_an_upload_take_no_room(visit: Visit, api: FakeApi) -> None:
    seen = uploaded(visit, api)
    slots = seen.page.evaluate("oddlot.charts.y.plot.series[0].series.data().length")
    assert slots == seen.page.evaluate("oddlot.charts.y.plot.rows.size")
    last_day = datetime.fromtimestamp(rows_on_days([{}] * ROWS)[-1]["open_ms"] / 1_000, UTC)
    note = seen.page.locator("[data-tile=y] .o-sub")
    expect(note).to_have_text(f"{last_day:%Y-%m-%d}", timeout=LIVE_DEADLINE_MS)


def test_columns_can_be_said(visit: Visit, api: FakeApi) -> None:
    seen = visit().open()
    seen.page.get_by_role("button", name="Upload", exact=True).click()
    drop(seen, "prices.csv", GOOD)
    seen.page.get_by_text("Say which column is which").click()
    seen.page.get_by_label("close", exact=True).select_option("Symbol")
    seen.page.get_by_role("button", name="Read again").click()
    seen.page.get_by_role("button", name="Compute").wait_for()
    assert api.uploads.forms[-1] == {"columns": '{"close":"Symbol"}'}


@pytest.mark.usefixtures("api")
def test_a_refused_file_says_why(visit: Visit) -> None:
    seen = visit().open()
    seen.page.get_by_role("button", name="Upload", exact=True).click()
    drop(seen, "shopping.csv", b"milk,bread\n1,2\n")
    seen.sees("no column of closes was found")


def test_legs_and_window_of_an_upload_are_chosen_freely(visit: Visit, api: FakeApi) -> None:
    seen = uploaded(visit, api)
    seen.page.get_by_role("combobox", name="Leg x").select_option("SOLUSDT")
    seen.until("location.search.startsWith('?y=ETHUSDT&x=SOLUSDT')")
    seen.page.get_by_label("Window, bars").first.fill("50")
    seen.page.keyboard.press("Enter")
    seen.until("location.search.includes('window=50')")
    seen.until("oddlot.charts.spread.plot.rows.size > 0")
    asked = [path for path in api.requests if "/spreads/ETHUSDT~SOLUSDT" in path]
    assert any("window=50" in path for path in asked)


def test_an_upload_has_an_address_and_ends(visit: Visit, api: FakeApi) -> None:
    address = uploaded(visit, api).page.url
    seen = visit()
    seen.page.goto(address)
    seen.until_shown(interval_ms=DAY_MS)
    seen.sees("prices.csv · 420 rows · 3 symbols")
    seen.page.get_by_role("button", name="Remove this upload").click()
    seen.sees("Drop CSV files here")
    assert api.uploads.kept == {}

    late = visit()
    late.page.goto(address)
    late.sees("This upload is gone")


def test_a_long_upload_is_drawn_whole_and_bar_by_bar_where_one_looks(
    visit: Visit, api: FakeApi
) -> None:
    api.uploads.said_rows = 60_000
    seen = uploaded(visit, api)
    charts = "[oddlot.charts.y, oddlot.charts.x, oddlot.charts.spread].map((each) => each.plot)"
    seen.until(f"{charts}.every((plot) => plot.axis.isUneven && plot.newest)")
    asked = [path for path in api.requests if "/uploads/up1/" in path]
    assert any("/bars/" in path and "resolution=600" in path for path in asked)
    assert any("/spreads/" in path and "resolution=1500" in path for path in asked)
    whole = "((range) => range.from <= 1 && range.to >= plot.rows.size - 1)"
    seen.until(
        f"{charts}.slice(0, 2).every((plot) => {whole}"
        "(plot.chart.timeScale().getVisibleLogicalRange()))"
    )
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "desk-upload-whole.png")

    seen.page.evaluate("oddlot.charts.y.plot.group.leader = oddlot.charts.y.plot")
    seen.page.evaluate(
        "oddlot.charts.y.plot.chart.timeScale().setVisibleLogicalRange({from: 85, to: 100})"
    )
    seen.until("oddlot.charts.y.plot.group.following === false")
    to_ms = seen.page.evaluate("Math.ceil(oddlot.charts.y.plot.group.range.toMs)")
    seen.page.get_by_role("button", name="Every bar").click()
    seen.until(f"location.search.includes('until={to_ms}')")
    seen.until(f"{charts}.every((plot) => !plot.axis.isUneven && plot.newest)")
    newest = seen.page.evaluate("oddlot.charts.y.plot.newest.open_ms")
    assert to_ms - 4 * DAY_MS <= newest < to_ms
    assert seen.page.evaluate("Math.ceil(oddlot.charts.y.plot.group.range.toMs)") == to_ms
    seen.sees("4,000 bars up to")

    seen.page.get_by_role("button", name="Whole range").click()
    seen.until(f"{charts}.every((plot) => plot.axis.isUneven && plot.newest)")
    seen.until("!location.search.includes('until')")
    assert seen.errors == []


def test_a_short_upload_has_no_choice_of_detail(visit: Visit, api: FakeApi) -> None:
    seen = uploaded(visit, api)
    assert seen.page.get_by_role("button", name="Every bar").is_hidden()
    assert not any("resolution" in path for path in api.requests)


def uploaded(visit: Visit, api: FakeApi) -> Watched:
    """Open the page on an upload."""
    api.uploads.kept.clear()
    seen = visit().open()
    seen.page.get_by_role("button", name="Upload", exact=True).click()
    drop(seen, "prices.csv", GOOD)
    seen.page.get_by_role("button", name="Compute").click()
    seen.until_shown(interval_ms=DAY_MS)
    seen.until("location.search.includes('upload=up1')")  # what a link is made of
    return seen
