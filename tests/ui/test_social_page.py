"""The social page in a browser: who is talked about, the posts behind it, honest about the rest."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from tests.ui import fake_social
from tests.ui.conftest import ARTEFACTS, PHONE, Watched
from tests.ui.fake_api import FakeApi
from tests.ui.test_pair_page import TOO_WIDE

pytestmark = pytest.mark.browser

Visit = Callable[..., Watched]
FOLDED = "oddlot.social.shown.view && oddlot.social.shown.view.rows.length"


def opened(visit: Visit, path: str = "/social", **how: tuple[int, int]) -> Watched:
    """Open the page and wait until a ranking is there."""
    seen = visit(**how).open(path, live=False)
    seen.until("oddlot.social.shown.view")
    return seen


def ranking(seen: Watched) -> Locator:
    return seen.page.get_by_role("region", name="Symbols mentioned in the hour")


def row_of(seen: Watched, symbol: str) -> Locator:
    """Find a symbol's row."""
    button = seen.page.get_by_role("button", name=f"Posts about {symbol}", exact=True)
    return ranking(seen).get_by_role("row").filter(has=button)


def posts_of(seen: Watched) -> Locator:
    return seen.page.get_by_role("region", name="Posts, newest first").get_by_role("listitem")


def test_the_burst_comes_first_and_the_always_loud_does_not(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    first = ranking(seen).get_by_role("row").nth(1)
    assert fake_social.BURST in first.inner_text()
    assert re.search(r"2\d×", first.inner_text())
    assert fake_social.LOUD not in first.inner_text()
    assert seen.figure("loudest") == fake_social.BURST
    assert seen.figure("baseline") == "30 of 30 days"
    assert "new" in row_of(seen, fake_social.FRESH).inner_text()
    posts_of(seen).first.wait_for()
    seen.sees("SIMULATED")
    assert seen.errors == []
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "social.png", full_page=True)
    assert api.crowd.asked[-1]["symbol"] == ""


@pytest.mark.usefixtures("api")
def test_nothing_reaches_beyond_a_phone(visit: Visit) -> None:
    seen = opened(visit, f"/social?symbol={fake_social.BURST}", size=PHONE)
    posts_of(seen).first.wait_for()
    assert seen.page.evaluate(TOO_WIDE) == []
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "social-phone.png", full_page=True)


def test_a_click_on_a_number_opens_the_posts_behind_it(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    row_of(seen, "NVDA").get_by_text(re.compile(r"^\d+$")).first.click()
    seen.page.get_by_role("heading", name="Posts about NVDA").wait_for()
    seen.until("location.search === '?symbol=NVDA'")
    posts_of(seen).filter(has_text="$NVDA").first.wait_for()
    posts_of(seen).filter(has_not_text="$NVDA").first.wait_for(state="hidden")
    asked = api.crowd.asked[-1]
    assert (asked["symbol"], asked["from"]) == ("NVDA", api.crowd.hour_ms)
    assert asked["to"] - asked["from"] == fake_social.HOUR_MS
    seen.page.go_back()
    seen.until("location.search === ''")
    seen.page.get_by_role("heading", name="Posts about NVDA").wait_for(state="hidden")
    assert seen.errors == []


@pytest.mark.usefixtures("api")
def test_what_strangers_wrote_is_text_and_their_links_are_harmless(visit: Visit) -> None:
    seen = opened(visit, f"/social?symbol={fake_social.BURST}")
    hostile = posts_of(seen).filter(has_text="window.hacked")
    hostile.wait_for()
    assert "<script>" in hostile.inner_text()
    assert hostile.locator("script, img, a").count() == 0
    links = seen.page.locator(".o-post a")
    assert links.count() > 10
    for link in links.all()[:5]:
        assert str(link.get_attribute("href")).startswith("https://")
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert seen.page.evaluate("window.hacked ?? null") is None
    assert seen.errors == []


@pytest.mark.usefixtures("api")
def test_forums_and_hours_are_in_the_address(visit: Visit) -> None:
    seen = opened(visit)
    seen.page.get_by_role("button", name="Stocktwits", exact=True).click()
    seen.until("oddlot.social.shown.view?.forum === 'stocktwits'")
    seen.until("location.search === '?forum=stocktwits'")
    newest_ms = seen.page.evaluate("oddlot.social.shown.view.hour_ms")
    seen.page.get_by_label("The hour before", exact=True).click()
    seen.until(f"oddlot.social.shown.view?.hour_ms === {newest_ms - fake_social.HOUR_MS}")
    seen.until("location.search.startsWith('?forum=stocktwits&hour=20')")
    seen.page.get_by_label("The hour after", exact=True).click()
    seen.until("location.search === '?forum=stocktwits'")
    assert seen.page.get_by_role("button", name="Now", exact=True).is_disabled()
    assert seen.errors == []


def test_a_search_looks_through_all_posts(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    seen.page.get_by_label("Search the posts").fill("short interest")
    seen.until("location.search === '?q=short+interest'")
    posts_of(seen).filter(has_text="Short interest of").first.wait_for()
    posts_of(seen).filter(has_text="Earnings were fine").first.wait_for(state="hidden")
    asked = api.crowd.asked[-1]
    assert (asked["q"], asked["from"]) == ("short interest", 0)
    seen.page.get_by_label("Search the posts").fill("zebra")
    seen.sees("No posts with “zebra” in what is kept.")


def test_a_mood_is_chosen_and_older_posts_are_fetched(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/social?symbol=AMD")
    posts_of(seen).nth(49).wait_for()
    seen.page.get_by_role("button", name="Older ones").click()
    posts_of(seen).nth(89).wait_for()
    seen.page.get_by_label("Mood", exact=True).select_option("bearish")
    posts_of(seen).filter(has_text="bullish").first.wait_for(state="hidden")
    assert api.crowd.asked[-1]["mood"] == "bearish"


def test_a_burst_moves_up_in_place(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    seen.until("oddlot.stream.channels.get('buzz')?.seq != null")
    api.crowd.burst("INTC", 300)
    seen.until("oddlot.social.shown.view.rows[0].symbol === 'INTC'")
    assert "INTC" in ranking(seen).get_by_role("row").nth(1).inner_text()
    assert seen.figure("loudest") == "INTC"


def test_a_cold_start_says_how_many_days_it_has(visit: Visit, api: FakeApi) -> None:
    api.crowd.days = 3
    seen = opened(visit)
    seen.sees("baseline 3 of 30 days")
    assert seen.figure("baseline") == "3 of 30 days"
    api.crowd.days = 0
    seen = opened(visit)
    seen.sees("baseline 0 of 30 days")
    assert fake_social.BURST in ranking(seen).get_by_role("row").nth(1).inner_text()
    assert "–" in row_of(seen, fake_social.BURST).inner_text()


def test_a_forum_that_refuses_says_why_and_what_to_do(visit: Visit, api: FakeApi) -> None:
    api.crowd.refused = {"reddit"}
    seen = opened(visit)
    seen.sees("Reddit is not read. reddit answered 403: it wants a key; see docs/forums.md")
    places = seen.page.locator("[data-forum=stocktwits]")
    assert "3 read" in places.inner_text()
    assert "next in" in places.inner_text()


@pytest.mark.usefixtures("api")
def test_a_reader_of_the_places_is_left_where_he_is(visit: Visit) -> None:
    seen = opened(visit)
    line = seen.page.locator("[data-forum=reddit] li").last
    line.evaluate("(element) => { element.marked = true }")
    words = line.inner_text()
    seen.page.wait_for_function(
        "([element, words]) => element.innerText !== words", arg=[line.element_handle(), words]
    )
    assert line.evaluate("(element) => element.isConnected && element.marked")


def test_a_store_that_is_away_leaves_the_last_result(visit: Visit, api: FakeApi) -> None:
    api.crowd.detail = "expected the store to answer, was silent"
    seen = opened(visit)
    seen.sees("was silent. Below is the last result.")
    assert seen.figure("loudest") == fake_social.BURST


def test_an_api_that_goes_away_leaves_what_was_there(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    seen.until(FOLDED)
    api.stop()
    seen.sees(f"The API at {api.url} does not answer")
    assert seen.figure("loudest") == fake_social.BURST
    with seen.page.expect_request("**/buzz?*"):  # what it missed is asked for
        api.start()
    seen.page.get_by_text(re.compile("does not answer")).wait_for(state="hidden")


def test_before_anything_was_read_it_says_what_to_do(visit: Visit, api: FakeApi) -> None:
    api.crowd.is_empty = True
    seen = opened(visit)
    seen.sees("No forum has been read yet.")
    assert seen.figure("baseline") == "30 of 30 days"
    assert seen.errors == []


@pytest.mark.usefixtures("api")
def test_what_is_shown_comes_as_files(visit: Visit) -> None:
    seen = opened(visit, "/social?symbol=NVDA&forum=reddit")
    seen.page.get_by_role("button", name="Files").click()
    link = seen.page.get_by_label("Every hour of NVDA as Parquet")
    assert str(link.get_attribute("href")).endswith("/buzz/NVDA?forum=reddit&format=parquet")
    ranked = seen.page.get_by_label("The ranking of this hour as CSV")
    assert "/buzz?forum=reddit&hour_ms=" in str(ranked.get_attribute("href"))
