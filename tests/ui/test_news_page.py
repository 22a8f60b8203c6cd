"""The news page in a browser: live, searchable, and safe whatever is said."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from tests.ui.conftest import ARTEFACTS, PHONE, Watched
from tests.ui.fake_api import FakeApi
from tests.ui.fake_news import HOSTILE
from tests.ui.test_pair_page import TOO_WIDE

pytestmark = pytest.mark.browser

Visit = Callable[..., Watched]


def opened(visit: Visit, path: str = "/news", **how: tuple[int, int]) -> Watched:
    """Open the page and wait until headlines are drawn."""
    seen = visit(**how).open(path, live=False)
    seen.until("oddlot.news.shown.loaded")
    return seen


def items(seen: Watched) -> Locator:
    """Find the headlines."""
    region = seen.page.get_by_role("region", name="Headlines, newest first")
    return region.locator(".o-news-item")


def shows(seen: Watched, count: int) -> None:
    """Wait until so many headlines are shown."""
    seen.until(f"oddlot.news.shown.headlines.length === {count}")


@pytest.mark.usefixtures("api")
def test_headlines_come_newest_first_with_their_sources_beside_them(visit: Visit) -> None:
    seen = opened(visit)
    shows(seen, 100)
    first = items(seen).nth(1)
    assert "NVIDIA opens a design centre, part 0" in first.inner_text()
    link = first.get_by_role("link")
    assert link.get_attribute("href") == "https://news.example/story"
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert link.get_attribute("target") == "_blank"
    sources = seen.page.get_by_role("list", name="Sources of headlines")
    assert "refuses us (HTTP 403); correct or remove it" in sources.inner_text()
    names = sources.get_by_role("listitem").evaluate_all("rows => rows.map(r => r.dataset.source)")
    assert names == ["times", "sec", "blog", "wire", "finnhub"]
    seen.sees("2 of 4 read")
    seen.sees("SIMULATED")
    assert seen.errors == []
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "news.png")


@pytest.mark.usefixtures("api")
def test_what_is_said_is_text_and_never_markup(visit: Visit) -> None:
    seen = opened(visit)
    hostile = items(seen).first
    assert HOSTILE in hostile.inner_text()
    assert "<b>bold</b> &amp;" in hostile.inner_text()
    assert hostile.get_by_role("link").count() == 0, "an address that is no page is no link"
    assert seen.page.evaluate("window.hacked ?? null") is None
    assert seen.page.locator(".o-news img, .o-news script").count() == 0


def test_a_headline_that_comes_is_on_top_at_once(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    shows(seen, 100)
    api.news.say("Something has just happened")
    shows(seen, 101)
    assert "Something has just happened" in items(seen).first.inner_text()
    assert items(seen).first.get_attribute("data-fresh") is not None


def test_what_does_not_match_does_not_come(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/news?symbol=AMD&q=outlook")
    before = seen.page.evaluate("oddlot.news.shown.headlines.length")
    api.news.say("AMD raises its outlook again", symbols=["AMD"])
    shows(seen, before + 1)
    api.news.say("NVIDIA raises its outlook again", symbols=["NVDA"])
    api.news.say("AMD opens a plant", symbols=["AMD"], excerpt="")
    api.news.say("AMD cuts its OUTLOOK", symbols=["AMD"])
    shows(seen, before + 2)
    assert "AMD cuts its OUTLOOK" in items(seen).first.inner_text()


@pytest.mark.usefixtures("api")
def test_words_a_symbol_and_a_source_choose_and_the_address_can_be_shared(visit: Visit) -> None:
    seen = opened(visit)
    seen.page.get_by_label("Search", exact=True).fill("bitcoin outlook")
    seen.until("location.search === '?q=bitcoin+outlook'")
    seen.until("oddlot.news.shown.loaded && oddlot.news.shown.filter.q === 'bitcoin outlook'")
    assert all("Bitcoin" in text for text in items(seen).all_inner_texts())
    seen.page.get_by_role("button", name="Show all", exact=True).click()
    shows(seen, 100)
    seen.page.get_by_label("Source", exact=True).select_option("sec")
    seen.until("location.search === '?source=sec'")
    seen.until("oddlot.news.shown.headlines.length === 53")
    items(seen).get_by_role("button", name="JPM", exact=True).first.click()
    seen.until("location.search === '?symbol=JPM&source=sec'")
    seen.until("oddlot.news.shown.headlines.every((each) => each.symbols.includes('JPM'))")
    seen.page.go_back()
    seen.until("location.search === '?source=sec'")
    shows(seen, 53)
    assert seen.errors == []


@pytest.mark.usefixtures("api")
def test_a_link_opens_what_it_names(visit: Visit) -> None:
    seen = opened(visit, "/news?q=outlook&symbol=nvda&source=blog")
    assert seen.page.get_by_label("Search", exact=True).input_value() == "outlook"
    assert seen.page.get_by_label("Source", exact=True).input_value() == "blog"
    texts = items(seen).all_inner_texts()
    assert texts
    assert all("NVIDIA" in text and "outlook" in text for text in texts)


@pytest.mark.usefixtures("api")
def test_older_ones_are_a_page_away(visit: Visit) -> None:
    seen = opened(visit)
    shows(seen, 100)
    seen.page.get_by_role("button", name="Older ones").click()
    shows(seen, 161)
    seen.page.get_by_role("button", name="Older ones").wait_for(state="hidden")


@pytest.mark.usefixtures("api")
def test_the_symbols_named_most_are_counted_and_choose(visit: Visit) -> None:
    seen = opened(visit)
    seen.page.get_by_role("button", name=re.compile(r"^NVDA\s*21$")).click()
    seen.until("oddlot.news.shown.filter.symbol === 'NVDA' && oddlot.news.shown.loaded")
    seen.until("oddlot.news.shown.headlines.every((each) => each.symbols.includes('NVDA'))")


@pytest.mark.usefixtures("api")
def test_words_that_nobody_said_are_told_so(visit: Visit) -> None:
    seen = opened(visit, "/news?q=unheard&source=blog")
    seen.sees("No headlines of blog with “unheard” among those kept.")


def test_a_source_that_comes_back_is_told_live(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    seen.sees("2 of 4 read")
    api.news.tell("times", state="read", detail="", read_ms=api.news.now_ms, headlines=7)
    seen.sees("3 of 4 read")
    api.news.tell("blog", state="gone", detail="", next_ms=None)
    seen.sees("2 of 3 read")


def test_an_api_that_goes_away_leaves_what_was_there(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    shows(seen, 100)
    api.stop()
    seen.sees(f"The API at {api.url} does not answer")
    assert items(seen).count() == 100
    api.news.headlines.append(api.news.hostile() | {"headline_id": "meanwhile", "title": "Missed"})
    api.start()
    shows(seen, 101)
    seen.page.get_by_text(re.compile("does not answer")).wait_for(state="hidden")


@pytest.mark.usefixtures("api")
def test_nothing_reaches_beyond_a_phone(visit: Visit) -> None:
    seen = opened(visit, size=PHONE)
    shows(seen, 100)
    assert seen.page.evaluate(TOO_WIDE) == []
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "news-phone.png")


def test_a_choice_shows_at_once_what_is_there_and_leaves_no_holes(
    visit: Visit, api: FakeApi
) -> None:
    seen = opened(visit, "/news?q=bitcoin")
    shows(seen, 40)
    seen.page.get_by_role("button", name="Show all", exact=True).click()
    shows(seen, 100)
    newest = sorted((each["published_ms"] for each in api.news.headlines), reverse=True)[:100]
    shown = seen.page.evaluate("oddlot.news.shown.headlines.map((each) => each.published_ms)")
    assert shown == newest
    api.news.say("NVIDIA says more")
    shows(seen, 101)


def test_what_is_focused_stays_so_when_more_comes(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit)
    shows(seen, 100)
    chip = items(seen).nth(2).get_by_role("button", name="AMD", exact=True)
    chip.focus()
    api.news.say("Something has just happened")
    shows(seen, 101)
    seen.until("document.activeElement")
    assert chip.count() == 0, "it has moved down by one"
    moved = items(seen).nth(3).get_by_role("button", name="AMD", exact=True)
    assert moved.evaluate("(chip) => chip.getRootNode().activeElement === chip")
