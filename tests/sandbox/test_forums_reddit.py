"""The sandbox's Reddit: tokens, pages, anchors, feeds, quotas and refusals as the real one's."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Iterator
from pathlib import Path

import feedparser
import msgspec
import pytest

from sandbox import atom, posts, reddit
from sandbox.quotas import MINUTE_MS
from sandbox.reddit import Reddit
from sandbox.rest import Answer
from tests.sandbox.crowds import AGENT, NOON_MS, crowd, falls, subreddit, titles

FORM = {"grant_type": "client_credentials"}


def credentials(secret: str = "secret", **more: str) -> dict[str, str]:
    basic = base64.b64encode(f"id:{secret}".encode()).decode()
    return AGENT | {"authorization": f"Basic {basic}"} | more


def signed_in(site: Reddit, now_ms: int = NOON_MS) -> dict[str, str]:
    answer = site.token(credentials(), FORM, now_ms)
    return AGENT | {"authorization": f"bearer {answer.value['access_token']}"}


def ask(site: Reddit, name: str = "stocks", now_ms: int = NOON_MS, **query: object) -> Answer:
    texts = {key: str(value) for key, value in query.items()}
    return site.listing(name, texts, signed_in(site, now_ms), now_ms)


def names(answer: Answer) -> list[str]:
    return [child["data"]["name"] for child in answer.value["data"]["children"]]


def pages(site: Reddit) -> Iterator[Answer]:
    """Give every page of a subreddit, newest first."""
    page = ask(site, limit=100)
    yield page
    while after := page.value["data"]["after"]:
        page = ask(site, limit=100, after=after)
        yield page


def test_a_token_is_given_for_client_credentials_and_runs_out() -> None:
    site = Reddit(crowd(), token_s=60)
    headers = signed_in(site)
    assert site.listing("stocks", {}, headers, NOON_MS + 59_999).status == 200
    late = site.listing("stocks", {}, headers, NOON_MS + 60_000)
    assert (late.status, late.value["error"]) == (401, 401)


@pytest.mark.parametrize("given", [{}, {"authorization": "Basic ???"}, credentials("refused")])
def test_a_token_is_refused_without_credentials(given: dict[str, str]) -> None:
    assert Reddit(crowd()).token(AGENT | given, FORM, NOON_MS).status == 401


def test_another_grant_is_answered_with_an_error_and_status_200() -> None:
    answer = Reddit(crowd()).token(credentials(), {"grant_type": "password"}, NOON_MS)
    assert (answer.status, answer.value) == (200, {"error": "unsupported_grant_type"})


def test_pages_after_each_other_give_every_post_once() -> None:
    seen = [name for page in pages(Reddit(crowd())) for name in names(page)]
    assert seen == [reddit.fullname(post) for post in subreddit(crowd(), "stocks")]


def test_a_listing_is_a_thousand_posts_deep() -> None:
    people = crowd()
    people.plant(posts.place_of_subreddit("stocks"), "GME", range(NOON_MS - 2_000, NOON_MS))
    assert sum(len(names(page)) for page in pages(Reddit(people))) == reddit.DEPTH


def test_what_is_newer_than_an_anchor_is_given_from_the_anchor_on() -> None:
    site = Reddit(crowd())
    newest = names(ask(site, limit=100))
    page = ask(site, before=newest[40], limit=30)
    assert names(page) == newest[10:40]
    assert page.value["data"]["before"] == newest[10]
    assert names(ask(site, before=newest[10], limit=30)) == newest[:10]
    assert names(ask(site, before=newest[0])) == []


def test_a_deleted_anchor_gives_an_empty_listing() -> None:
    people = crowd()
    place = posts.place_of_subreddit("stocks")
    days = range(NOON_MS // posts.DAY_MS, 0, -1)
    found = (post for day in days for post in people._day(place, day, ()))
    gone = next(post for post in found if post.gone_ms > post.event_ms)
    site = Reddit(people)
    assert reddit.fullname(gone) in names(ask(site, now_ms=gone.event_ms, limit=100))
    for query in ({"before": reddit.fullname(gone)}, {"after": reddit.fullname(gone)}):
        page = ask(site, now_ms=gone.gone_ms + 9 * posts.HOUR_MS, **query)
        assert (page.value["data"]["children"], page.value["data"]["after"]) == ([], None)


def test_a_page_has_25_posts_and_never_more_than_100() -> None:
    site = Reddit(crowd())
    assert len(names(ask(site))) == 25
    assert len(names(ask(site, limit=1_000))) == 100


def test_signs_are_escaped_unless_raw_json_is_asked_for() -> None:
    site = Reddit(crowd())
    plain, raw = ask(site, limit=100), ask(site, limit=100, raw_json=1)
    assert any("<script>" in title for title in titles(raw.value))
    assert titles(plain.value) == [html.escape(title) for title in titles(raw.value)]


@pytest.mark.real_data
def test_rows_have_what_recorded_ones_have(real_data: Path) -> None:
    with gzip.open(real_data / "social/reddit_listing_new.json.gz") as recording:
        body = json.loads(json.load(recording)["body"])
    recorded = body["data"]["children"][0]
    mine = ask(Reddit(crowd())).value["data"]["children"][0]
    wanted = {"id", "name", "subreddit", "title", "selftext", "author", "permalink", "url"}
    wanted |= {"created_utc", "is_self", "link_flair_text", "num_comments", "score", "stickied"}
    assert mine["kind"] == recorded["kind"]
    for field in wanted - {"link_flair_text"}:
        assert type(mine["data"][field]) is type(recorded["data"][field]), field
    assert mine["data"]["name"] == f"t3_{mine['data']['id']}"


def test_requests_are_counted_over_ten_minutes_and_a_rejection_is_our_defect() -> None:
    site = Reddit(crowd(), a_minute=1)
    headers = signed_in(site)
    answers = [site.listing("stocks", {}, headers, NOON_MS) for _ in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[3].headers == {
        "X-Ratelimit-Used": "4",
        "X-Ratelimit-Remaining": "6.0",
        "X-Ratelimit-Reset": "600",
    }
    assert site.rejections == {"key": 1}
    assert site.listing("stocks", {}, headers, NOON_MS + 10 * MINUTE_MS).status == 200


def test_feeds_give_one_page_a_minute() -> None:
    site = Reddit(crowd())

    def feed(ms: int, client: str = "10.0.0.1", **query: str) -> Answer:
        return site.feed("stocks", query, AGENT, client=client, now_ms=NOON_MS + ms)

    assert [feed(0).status, feed(1_000).status] == [200, 429]
    assert feed(1_000, client="10.0.0.2").status == 200
    assert feed(2_000).headers["X-Ratelimit-Reset"] == "58"
    assert feed(MINUTE_MS).status == 200
    assert site.rejections == {"feed": 2}


def test_a_feed_says_what_the_listing_says() -> None:
    site = Reddit(crowd())
    answer = site.feed("stocks", {"limit": "100"}, AGENT, client="", now_ms=NOON_MS)
    parsed = feedparser.parse(
        answer.value.encode(), response_headers={"content-type": atom.CONTENT_TYPE}
    )
    listed = ask(site, limit=100, raw_json=1)
    assert not parsed.bozo
    assert [entry.id for entry in parsed.entries] == names(listed)
    assert "&lt;script&gt;alert(" in answer.value
    assert "<script>alert(" not in answer.value


@pytest.mark.parametrize(("name", "status"), [("privateclub", 403), ("nosuchplace", 404)])
def test_places_that_are_closed_or_unknown_say_so(name: str, status: int) -> None:
    site = Reddit(crowd())
    assert ask(site, name).status == status
    assert ask(site, name).value["error"] == status
    assert site.feed(name, {}, AGENT, client="", now_ms=NOON_MS).status == status


@pytest.mark.parametrize("agent", ["", "python-httpx/0.28.1", "curl/8.5.0"])
def test_readers_without_a_name_of_their_own_are_turned_away(agent: str) -> None:
    site = Reddit(crowd())
    assert site.token(credentials(**{"user-agent": agent}), FORM, NOON_MS).status == 429
    assert site.rejections == {"user agent": 1}


def test_json_without_a_key_is_refused() -> None:
    assert Reddit(crowd()).refuse_anonymous().status == 403


def test_answers_are_plain_values() -> None:
    assert msgspec.json.encode(ask(Reddit(crowd())).value)
    assert falls([int(name.removeprefix("t3_"), 36) for name in names(ask(Reddit(crowd())))])
