"""The divergence page in a browser: the last result first, in words, and honest about the rest."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from tests.ui import fake_divergence
from tests.ui.conftest import ARTEFACTS, PHONE, Watched
from tests.ui.fake_api import FakeApi
from tests.ui.test_pair_page import TOO_WIDE

pytestmark = pytest.mark.browser

Visit = Callable[..., Watched]


def opened(visit: Visit, path: str, **how: tuple[int, int]) -> Watched:
    """Open the page and wait until a scan is drawn."""
    seen = visit(**how).open(path, live=False)
    seen.until("oddlot.divergence.shown.scans.length && oddlot.charts.strip.place")
    return seen


def row_of(seen: Watched, symbol: str) -> Locator:
    """Find a member's row of the ranked table."""
    table = seen.page.get_by_role("region", name="Members, who breaks ranks first")
    button = seen.page.get_by_role("button", name=f"Bars of {symbol}", exact=True)
    return table.get_by_role("row").filter(has=button)


def test_a_link_shows_who_breaks_ranks_and_scans_by_itself(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors")
    first = row_of(seen, fake_divergence.DIVERGER)
    assert "breaks ranks" in first.inner_text()
    assert "Outran group rally" in first.inner_text()
    assert "often alone" in row_of(seen, fake_divergence.LONER).inner_text()
    assert "split" in row_of(seen, fake_divergence.SPLIT).inner_text()
    assert seen.figure("members") == "14"
    assert seen.figure("divergers") == "1"
    seen.sees("SIMULATED")
    seen.until("oddlot.divergence.shown.progress?.state === 'done'")
    assert api.divergence.posted[-1] == {"groups": ["semiconductors"]}
    assert seen.errors == []
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "divergence.png", full_page=True)


@pytest.mark.usefixtures("api")
def test_every_member_with_a_score_is_a_dot_and_a_line_of_the_heat_map(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors")
    lines = seen.page.evaluate("oddlot.charts.strip.lines.map((line) => line.dots.length)")
    assert lines == [14, 14, 13]  # one has too short a history for the longest window
    heat = seen.page.get_by_role("region", name="Robust z of every member over every window")
    assert heat.get_by_role("row").count() == 15


@pytest.mark.usefixtures("api")
def test_several_groups_are_ranked_together(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors,memory,payments")
    seen.until("oddlot.charts.strip.lines.length === 3")
    assert seen.figure("members") == "3 · 33"
    assert seen.figure("divergers") == "2"


@pytest.mark.usefixtures("api")
def test_without_a_group_the_one_with_most_divergers_is_shown(visit: Visit) -> None:
    seen = opened(visit, "/divergence")
    assert seen.page.evaluate("oddlot.divergence.shown.groups") == ["crypto-majors"]
    seen.page.get_by_role("button", name="Show Payments").click()
    seen.until("oddlot.divergence.shown.scans[0]?.group === 'payments'")
    seen.until("location.search === '?groups=payments'")
    seen.page.go_back()
    seen.until("oddlot.divergence.shown.scans[0]?.group === 'crypto-majors'")


@pytest.mark.usefixtures("api")
def test_the_server_judges_by_the_threshold_of_the_address(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors&z=9")
    assert seen.figure("divergers") == "0"
    seen.page.get_by_label("The usual threshold").click()
    seen.until("oddlot.divergence.shown.scans[0].enter_z === 3.5")
    seen.until("location.search === '?groups=semiconductors'")


def test_the_last_result_stays_while_a_scan_goes_on(visit: Visit, api: FakeApi) -> None:
    api.divergence.is_held = True
    seen = opened(visit, "/divergence?groups=semiconductors")
    seen.sees("fetching 12 of 14, 2 wait for tomorrow's quota")
    seen.sees("Twelve Data has spent the 800 credits of today")
    assert seen.figure("divergers") == "1"
    api.divergence.finish()
    seen.sees("scanned 14 of 14")


def test_a_new_scan_replaces_the_old_one_in_place(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=memory")
    assert seen.figure("divergers") == "0"
    api.divergence.advance("memory", "1d")
    seen.until("oddlot.divergence.shown.scans[0].divergers.length === 1")
    assert seen.figure("divergers") == "1"


def test_pasted_symbols_are_scanned_and_the_address_can_be_shared(
    visit: Visit, api: FakeApi
) -> None:
    seen = opened(visit, "/divergence?groups=memory")
    seen.page.get_by_role("button", name="Paste symbols").click()
    dialog = seen.page.get_by_role("dialog")
    box = dialog.get_by_label("Symbols", exact=True)
    box.fill("nvda, amd")
    dialog.get_by_role("button", name="Scan", exact=True).click()
    seen.sees("Expected 3 to 80 different symbols, was 2.")
    box.fill("nvda, amd; avgo\nTXN ADI nvda")
    dialog.get_by_label("Benchmark").fill("smh")
    dialog.get_by_role("button", name="Scan", exact=True).click()
    seen.until("oddlot.divergence.shown.scans[0]?.members.length === 5")
    seen.sees("5 pasted symbols · SMH")
    asked = {"symbols": ["NVDA", "AMD", "AVGO", "TXN", "ADI"], "benchmark": "SMH"}
    assert api.divergence.posted[-1] == asked
    seen.until("location.search === '?symbols=NVDA,AMD,AVGO,TXN,ADI&benchmark=SMH'")
    assert seen.errors == []


@pytest.mark.usefixtures("api")
def test_a_click_on_a_member_opens_its_daily_bars(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors")
    row_of(seen, "NVDA").click()
    seen.until("oddlot.divergence.bars?.newest")
    seen.sees("NVDA · NVIDIA")
    assert seen.page.evaluate("oddlot.divergence.bars.rows.size") == fake_divergence.SESSIONS
    seen.page.get_by_label("Close", exact=True).click()
    seen.until("!oddlot.divergence.bars")
    assert seen.errors == []


@pytest.mark.usefixtures("api")
def test_groups_that_stream_have_live_scans_and_live_bars(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=crypto-majors")
    seen.page.get_by_role("button", name="Live 1m").click()
    seen.until("oddlot.divergence.shown.scans[0]?.interval === '1m'")
    seen.until("location.search === '?groups=crypto-majors&interval=1m'")
    row_of(seen, "BTCUSDT").click()
    seen.until("oddlot.divergence.bars?.newest && oddlot.divergence.bars.axis.intervalMs === 60000")
    assert seen.errors == []


def test_a_group_without_a_result_says_so_in_words(visit: Visit, api: FakeApi) -> None:
    api.divergence.unscanned = {"memory"}
    seen = visit().open("/divergence?groups=memory", live=False)
    seen.sees("memory: no scan on 1d yet")


def test_an_api_that_goes_away_leaves_what_was_there(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors")
    api.stop()
    seen.sees(f"The API at {api.url} does not answer")
    assert seen.figure("divergers") == "1"
    with seen.page.expect_request("**/divergence/scans"):  # what it missed is asked for
        api.start()
    seen.page.get_by_text(re.compile("does not answer")).wait_for(state="hidden")


@pytest.mark.usefixtures("api")
def test_groups_are_found_by_a_member(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors")
    seen.page.get_by_role("button", name=re.compile("^Groups")).first.click()
    seen.page.get_by_label("Find a group").fill("mastercard")
    seen.sees("1 of 4; tick several")
    seen.page.get_by_label("Show Payments too").check()
    seen.until("oddlot.divergence.shown.scans.length === 2")
    seen.until("location.search === '?groups=semiconductors,payments'")


@pytest.mark.usefixtures("api")
def test_budgets_say_what_is_left(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=memory")
    budgets = seen.page.get_by_role("region", name="Budgets", exact=True)
    assert "20 of 800 left" in budgets.inner_text()
    assert "no key: set ODDLOT_MARKETSTACK_KEY" in budgets.inner_text()


def test_files_are_the_api_s_own_views(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors,payments&z=4")
    for card, name, path in (
        ("Who breaks ranks", "Members of Payments", "/divergence/payments?interval=1d&z=4&format="),
        ("Past divergences", "Payments", "/divergence/payments/history?interval=1d&format="),
        ("Budgets of the providers", "Budgets", "/budgets?format="),
        ("Every peer group", "How every group stands", "/divergence?interval=1d&z=4&format="),
    ):
        frame = seen.page.get_by_role("region", name=card, exact=True)
        frame.get_by_role("button", name="Files").click()
        for format_, text in (("csv", "CSV"), ("parquet", "Parquet"), ("arrow", "Arrow")):
            link = frame.get_by_role("link", name=f"{name} as {text}", exact=True)
            assert link.get_attribute("href") == f"{api.url}{path}{format_}"
        seen.page.keyboard.press("Escape")
    row_of(seen, "NVDA").click()
    closes = seen.page.get_by_role("link", name="Closes of NVDA as CSV")
    assert closes.get_attribute("href") == f"{api.url}/closes/NVDA?format=csv"


@pytest.mark.usefixtures("api")
def test_nothing_reaches_beyond_a_phone(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors,payments", size=PHONE)
    wide = seen.page.evaluate(TOO_WIDE)
    assert wide == []
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "divergence-phone.png", full_page=True)
